-- The rows: one where a group has something at its cut, then one for each change of it.
CREATE OR REPLACE TEMP TABLE states AS
SELECT sums.group_no, sums.due_us, sums.events,
    CASE WHEN sums.events = 0 THEN 0::HUGEINT
        WHEN aggregation IN ('count', 'sum') THEN sums.billionths
        -- Half up, away from zero.
        WHEN aggregation = 'average' THEN sign(sums.billionths) * (
            abs(sums.billionths) // sums.events
            + CASE WHEN abs(sums.billionths) % sums.events * 2 >= sums.events THEN 1 ELSE 0 END)
        WHEN aggregation IN ('max', 'min') THEN extremes.billionths
        WHEN aggregation = 'unique_count' THEN parts * 1000000000::HUGEINT
        WHEN aggregation = 'latest' THEN event.e
        WHEN aggregation = 'percentile' THEN ranked.billionths
        WHEN aggregation = 'histogram' THEN sums.events * 1000000000::HUGEINT
    END AS billionths,
    CASE WHEN sums.events = 0 THEN NULL
        WHEN aggregation = 'average' THEN format('{{"sum":"{}","count":{}}}',
            audit_plain(sums.billionths), sums.events)
        WHEN aggregation = 'latest' THEN format(
            '{{"event_time_us":{},"kafka_partition":{},"kafka_offset":{}{}}}',
            event.a, event.b, event.c,
            CASE WHEN event.d < 0 THEN '' ELSE ',"batch_index":' || event.d END)
        WHEN aggregation = 'histogram' THEN histograms.breakdown
    END AS breakdown
FROM sums JOIN groups USING (group_no)
LEFT JOIN extremes USING (group_no, due_us)
LEFT JOIN latest USING (group_no, due_us)
LEFT JOIN uniques USING (group_no, due_us)
LEFT JOIN ranked USING (group_no, due_us)
LEFT JOIN histograms USING (group_no, due_us);

CREATE OR REPLACE TEMP TABLE emitted AS
WITH changes AS (
    SELECT *, lag(events, 1, 0) OVER in_order AS events_before,
        lag(billionths, 1, 0::HUGEINT) OVER in_order AS billionths_before,
        lag(breakdown) OVER in_order AS breakdown_before
    FROM states
    WINDOW in_order AS (PARTITION BY group_no ORDER BY due_us)
)
SELECT changes.*, cut_us,
    CASE WHEN due_us = cut_us THEN 0
        ELSE row_number() OVER (PARTITION BY group_no, due_us = cut_us ORDER BY due_us)
    END AS revision
FROM changes JOIN groups USING (group_no)
WHERE events <> events_before OR billionths <> billionths_before
    OR breakdown IS DISTINCT FROM breakdown_before;

INSERT INTO audit_rows
SELECT account_id, meter_id, dimensions, audit_instant(start_us), audit_instant(end_us), timezone,
    groups.aggregation, unit, revision, audit_decimal(billionths),
    audit_decimal(billionths - billionths_before), events, events - events_before, breakdown,
    audit_instant(emitted.cut_us),
    CASE WHEN revision > 0 THEN audit_instant(due_us) END,
    audit_instant(first_event_us), audit_instant(last_event_us), audit_instant(first_log_us),
    audit_instant(last_log_us), terms_version
FROM emitted JOIN groups USING (group_no) JOIN steps USING (group_no, due_us)
JOIN audit_meters USING (meter_id);

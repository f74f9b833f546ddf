-- What each group of usage comes to whenever a row is due: all units up to then, less those gone.
CREATE OR REPLACE TEMP TABLE groups AS
SELECT row_number() OVER () AS group_no, * FROM (
    SELECT account_id, meter_id, dimensions, start_us, end_us, cut_us, timezone, terms_version,
        aggregation
    FROM metered WHERE place = 'period' AND aggregation <> 'time_weighted_sum'
    GROUP BY ALL
);

CREATE OR REPLACE TEMP TABLE grouped AS
SELECT group_no, aggregation, is_retraction, event_no, kafka_partition, kafka_offset, batch_index,
    event_us, log_us, due_us, billionths, part
FROM metered JOIN groups USING (account_id, meter_id, dimensions, start_us, aggregation)
WHERE place = 'period' AND metered.due_us <= watermark_us;

CREATE OR REPLACE TEMP TABLE live AS
WITH gone AS (
    SELECT group_no, event_no, due_us AS gone_us
    FROM grouped WHERE is_retraction
)
SELECT event.* EXCLUDE (is_retraction, log_us), gone_us
FROM grouped AS event LEFT JOIN gone USING (group_no, event_no)
WHERE NOT is_retraction AND (gone_us IS NULL OR gone_us > due_us);

CREATE OR REPLACE TEMP TABLE steps AS
SELECT group_no, due_us, min(event_us) AS first_event_us, max(event_us) AS last_event_us,
    min(log_us) AS first_log_us, max(log_us) AS last_log_us
FROM grouped GROUP BY ALL;

-- What adds up: running sums of what came and what went.
CREATE OR REPLACE TEMP TABLE sums AS
WITH effects AS (
    SELECT group_no, due_us, 1 AS sign, billionths FROM live
    UNION ALL
    SELECT group_no, gone_us, -1, -billionths FROM live WHERE gone_us IS NOT NULL
), changes AS (
    SELECT group_no, due_us, sum(sign) AS events, sum(billionths) AS billionths
    FROM effects GROUP BY ALL
)
SELECT group_no, due_us,
    CAST(sum(ifnull(events, 0)) OVER so_far AS BIGINT) AS events,
    sum(ifnull(billionths, 0::HUGEINT)) OVER so_far AS billionths
FROM steps LEFT JOIN changes USING (group_no, due_us)
WINDOW so_far AS (PARTITION BY group_no ORDER BY due_us);

-- The greatest and the least: of what goes together, the one that decides is enough.
CREATE OR REPLACE TEMP TABLE extremes AS
WITH atoms AS (
    SELECT group_no, aggregation, due_us, gone_us,
        CASE aggregation WHEN 'max' THEN max(billionths) ELSE min(billionths) END AS billionths
    FROM live WHERE aggregation IN ('max', 'min')
    GROUP BY group_no, aggregation, due_us, gone_us
)
SELECT group_no, steps.due_us,
    CASE aggregation WHEN 'max' THEN max(billionths) ELSE min(billionths) END AS billionths
FROM steps JOIN atoms USING (group_no)
WHERE atoms.due_us <= steps.due_us AND (gone_us IS NULL OR gone_us > steps.due_us)
GROUP BY group_no, aggregation, steps.due_us;

CREATE OR REPLACE TEMP TABLE latest AS
WITH atoms AS (
    SELECT group_no, due_us, gone_us,
        max({'a': event_us, 'b': kafka_partition, 'c': kafka_offset, 'd': ifnull(batch_index, -1),
            'e': billionths}) AS event
    FROM live WHERE aggregation = 'latest' GROUP BY ALL
)
SELECT group_no, steps.due_us, max(event) AS event
FROM steps JOIN atoms USING (group_no)
WHERE atoms.due_us <= steps.due_us AND (gone_us IS NULL OR gone_us > steps.due_us)
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE uniques AS
WITH atoms AS (
    SELECT group_no, part, min(due_us) AS due_us, gone_us
    FROM live WHERE aggregation = 'unique_count' GROUP BY ALL
)
SELECT group_no, steps.due_us, count(DISTINCT part) AS parts
FROM steps JOIN atoms USING (group_no)
WHERE atoms.due_us <= steps.due_us AND (gone_us IS NULL OR gone_us > steps.due_us)
GROUP BY ALL;

-- By nearest rank: the least value that so many percent of all do not exceed.
CREATE OR REPLACE TEMP TABLE ranked AS
WITH atoms AS (
    SELECT group_no, billionths, due_us, gone_us, count(*) AS events
    FROM live WHERE aggregation = 'percentile' GROUP BY ALL
), so_far AS (
    SELECT group_no, steps.due_us, billionths, sum(events) AS events
    FROM steps JOIN atoms USING (group_no)
    WHERE atoms.due_us <= steps.due_us AND (gone_us IS NULL OR gone_us > steps.due_us)
    GROUP BY ALL
), counted AS (
    SELECT *, sum(events) OVER (PARTITION BY group_no, due_us ORDER BY billionths) AS up_to,
        sum(events) OVER (PARTITION BY group_no, due_us) AS all_of_them
    FROM so_far
)
SELECT group_no, due_us, min(billionths) AS billionths
FROM counted JOIN groups USING (group_no) JOIN audit_meters USING (meter_id)
WHERE up_to * 100000000000::HUGEINT >= percent_billionths * all_of_them
GROUP BY ALL;

-- Of each bucket how many; the last bucket is that beyond all bounds.
CREATE OR REPLACE TEMP TABLE histograms AS
WITH effects AS (
    SELECT group_no, due_us, part, 1 AS sign FROM live WHERE aggregation = 'histogram'
    UNION ALL
    SELECT group_no, gone_us, part, -1 FROM live
    WHERE aggregation = 'histogram' AND gone_us IS NOT NULL
), buckets AS (
    SELECT group_no, due_us, bounds, unnest(generate_series(1, len(bounds) + 1)) AS bucket
    FROM steps JOIN groups USING (group_no) JOIN audit_meters AS meters USING (meter_id)
    WHERE meters.aggregation = 'histogram'
), changes AS (
    SELECT buckets.group_no, buckets.due_us, bounds, bucket, sum(ifnull(sign, 0)) AS events
    FROM buckets LEFT JOIN effects
        ON buckets.group_no = effects.group_no AND buckets.due_us = effects.due_us
        AND bounds[bucket] IS NOT DISTINCT FROM effects.part
    GROUP BY ALL
), so_far AS (
    SELECT group_no, due_us, bounds, bucket,
        sum(events) OVER (PARTITION BY group_no, bucket ORDER BY due_us) AS events
    FROM changes
)
SELECT group_no, due_us,
    '{"bounds":[' || array_to_string(['"' || bound || '"' FOR bound IN bounds], ',')
    || '],"counts":[' || string_agg(events::VARCHAR, ',' ORDER BY bucket) || ']}' AS breakdown
FROM so_far GROUP BY group_no, due_us, bounds;

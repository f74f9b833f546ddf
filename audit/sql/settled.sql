-- What people have put right stands beside the rows: a period whose adjustments make it exactly
-- what it should be differs no more, though its rows do. What a person has taken out as wrong is in
-- the archive still, and is left out on both sides.
CREATE OR REPLACE TEMP TABLE settled_periods AS
WITH adjusted AS (
    SELECT back.account_id, back.meter_id, back.dimensions, back.period_start,
        sum(back.event_count) AS events, sum(back.quantity) AS added,
        max(back.quantity) AS greatest, min(back.quantity) AS least
    FROM brought_back_usage AS back
    JOIN usage_adjustments AS adjustments ON back.source_row_id = adjustments.row_id
    WHERE source_table = 'usage_adjustments' AND kind <> 'wrongly_counted'
    GROUP BY ALL
), found AS (
    SELECT account_id, meter_id, dimensions, period_start,
        arg_max(event_count, revision) AS events, arg_max(quantity, revision) AS quantity,
        arg_max_null(breakdown, revision) AS breakdown
    FROM (
        SELECT account_id, meter_id, dimensions, period_start, revision, event_count, quantity,
            breakdown FROM closed_usage
        UNION ALL
        SELECT account_id, meter_id, dimensions, period_start, revision, event_count, quantity,
            breakdown FROM usage_corrections
    ) GROUP BY ALL
), wanted AS (
    SELECT account_id, meter_id, dimensions, period_start,
        arg_max(aggregation, revision) AS aggregation, arg_max(event_count, revision) AS events,
        arg_max(quantity, revision) AS quantity, arg_max_null(breakdown, revision) AS breakdown
    FROM audit_rows GROUP BY ALL
), sides AS (
    SELECT adjusted.account_id, adjusted.meter_id, adjusted.dimensions, adjusted.period_start,
        ifnull(wanted.events, 0) AS wanted_events,
        ifnull(found.events, 0) + adjusted.events AS told_events,
        CASE WHEN ifnull(wanted.events, 0) = 0 THEN 0 WHEN wanted.aggregation = 'average'
            THEN json_extract_string(wanted.breakdown, '$.sum')::DECIMAL(38, 9)
            ELSE wanted.quantity END AS wanted_quantity,
        CASE WHEN wanted.aggregation = 'max' THEN greatest(
                CASE WHEN found.events <> 0 THEN found.quantity END, adjusted.greatest)
            WHEN wanted.aggregation = 'min' THEN least(
                CASE WHEN found.events <> 0 THEN found.quantity END, adjusted.least)
            WHEN ifnull(found.events, 0) = 0 THEN adjusted.added
            WHEN wanted.aggregation = 'average'
                THEN json_extract_string(found.breakdown, '$.sum')::DECIMAL(38, 9) + adjusted.added
            ELSE found.quantity + adjusted.added END AS told_quantity
    FROM adjusted LEFT JOIN wanted USING (account_id, meter_id, dimensions, period_start)
    LEFT JOIN found USING (account_id, meter_id, dimensions, period_start)
)
SELECT account_id, meter_id, dimensions, period_start FROM sides
WHERE wanted_events = told_events AND wanted_quantity = told_quantity;

DELETE FROM row_differences USING settled_periods AS settled
WHERE row_differences.account_id = settled.account_id
    AND row_differences.meter_id = settled.meter_id
    AND row_differences.dimensions = settled.dimensions
    AND row_differences.period_start = settled.period_start;

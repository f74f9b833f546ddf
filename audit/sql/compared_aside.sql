-- What is written beside usage, held against the recompute: columns as texts, which are exact. The
-- end of a period is left out: when a limit or a threshold is passed nobody knows of later terms.
CREATE OR REPLACE TEMP TABLE wanted_aside AS
SELECT 'retractions' AS table_name, account_id, NULL AS meter_id, log_time AS since,
    [kafka_partition::VARCHAR, kafka_offset::VARCHAR, batch_index::VARCHAR] AS key, MAP {
    'event_source': event_source, 'event_id': event_id, 'account_id': account_id,
    'retracted_source': retracted_source, 'retracted_id': retracted_id,
    'log_time': log_time::VARCHAR } AS columns, log_us AS due_us
FROM audit_records WHERE fate = 'retraction'
UNION ALL
SELECT 'retracted_usage', account_id, meter_id, event_time,
    [event_source, event_id, meter_id], MAP {
    'account_id': account_id, 'dimensions': own_dimensions,
    'kafka_partition': kafka_partition::VARCHAR, 'kafka_offset': kafka_offset::VARCHAR,
    'batch_index': batch_index::VARCHAR, 'event_time': event_time::VARCHAR,
    'quantity': quantity::VARCHAR, 'log_time': log_time::VARCHAR }, epoch_us(log_time)
FROM audit_usage WHERE is_retraction
UNION ALL
SELECT 'dimension_overflows', account_id, meter_id, period_start,
    [account_id, meter_id, period_start::VARCHAR], MAP {
    'overflow_dimensions': overflow_dimensions, 'timezone': timezone,
    'max_dimensions': max_dimensions::VARCHAR, 'full_since': full_since::VARCHAR },
    greatest(due_us, ifnull(told_us, due_us))
FROM audit_overflows LEFT JOIN (
    SELECT account_id, epoch_us(min(log_time)) AS told_us FROM accounts GROUP BY ALL
) AS told USING (account_id)
UNION ALL
SELECT 'budget_alerts', account_id, meter_id, period_start,
    [account_id, meter_id, period_start::VARCHAR, budget_quantity::VARCHAR,
        threshold_percent::VARCHAR], MAP {
    'timezone': timezone, 'quantity': quantity::VARCHAR, 'unit': unit,
    'reached': reached::VARCHAR },
    greatest(epoch_us(reached), ifnull(told_us, epoch_us(reached)))
FROM audit_alerts ANTI JOIN audit_unjudged USING (account_id, meter_id)
LEFT JOIN (
    SELECT account_id, epoch_us(min(log_time)) AS told_us FROM accounts GROUP BY ALL
) AS told USING (account_id);

CREATE OR REPLACE TEMP TABLE found_aside AS
SELECT 'retractions' AS table_name, account_id, NULL AS meter_id, log_time AS since,
    [kafka_partition::VARCHAR, kafka_offset::VARCHAR, batch_index::VARCHAR] AS key, MAP {
    'event_source': event_source, 'event_id': event_id, 'account_id': account_id,
    'retracted_source': retracted_source, 'retracted_id': retracted_id,
    'log_time': log_time::VARCHAR } AS columns
FROM retractions
UNION ALL
SELECT 'retracted_usage', account_id, meter_id, event_time,
    [event_source, event_id, meter_id], MAP {
    'account_id': account_id, 'dimensions': dimensions,
    'kafka_partition': kafka_partition::VARCHAR, 'kafka_offset': kafka_offset::VARCHAR,
    'batch_index': batch_index::VARCHAR, 'event_time': event_time::VARCHAR,
    'quantity': quantity::VARCHAR, 'log_time': log_time::VARCHAR }
FROM retracted_usage
UNION ALL
SELECT 'dimension_overflows', account_id, meter_id, period_start,
    [account_id, meter_id, period_start::VARCHAR], MAP {
    'overflow_dimensions': overflow_dimensions, 'timezone': timezone,
    'max_dimensions': max_dimensions::VARCHAR, 'full_since': full_since::VARCHAR }
FROM dimension_overflows
UNION ALL
SELECT 'budget_alerts', account_id, meter_id, period_start,
    [account_id, meter_id, period_start::VARCHAR, budget_quantity::VARCHAR,
        threshold_percent::VARCHAR], MAP {
    'timezone': timezone, 'quantity': quantity::VARCHAR, 'unit': unit,
    'reached': reached::VARCHAR }
FROM budget_alerts ANTI JOIN audit_unjudged USING (account_id, meter_id);

CREATE OR REPLACE TABLE aside_differences AS
WITH told_apart AS (
    SELECT *, row_number() OVER (PARTITION BY table_name, key::VARCHAR ORDER BY columns::VARCHAR)
        AS copy
    FROM found_aside
)
SELECT coalesce(wanted.table_name, found.table_name) AS table_name,
    coalesce(wanted.account_id, found.account_id) AS account_id,
    coalesce(wanted.meter_id, found.meter_id) AS meter_id,
    coalesce(wanted.since, found.since) AS since,
    coalesce(wanted.key, found.key) AS key, wanted.columns AS wanted, found.columns AS found,
    false AS by_repeats
FROM (SELECT *, 1 AS copy FROM wanted_aside) AS wanted FULL JOIN told_apart AS found
    ON wanted.table_name = found.table_name AND wanted.key::VARCHAR = found.key::VARCHAR
    AND wanted.copy = found.copy
WHERE wanted.columns IS DISTINCT FROM found.columns
    AND (found.columns IS NOT NULL OR due_us <= getvariable('settled_us'));

DROP TABLE wanted_aside;
DROP TABLE found_aside;

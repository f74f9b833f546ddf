-- The tables' rows beside those that must be there; `settled_us`: by when a row must have come.
CREATE OR REPLACE TABLE found_rows AS
SELECT *, row_number() OVER (
        PARTITION BY table_name, account_id, meter_id, dimensions, period_start, revision
        ORDER BY found
    ) AS copy
FROM (
    SELECT 'closed_usage' AS table_name, account_id, meter_id, dimensions, period_start, revision, {
        'quantity': quantity, 'quantity_delta': quantity, 'event_count': event_count,
        'event_count_delta': event_count, 'period_end': period_end, 'timezone': timezone,
        'aggregation': aggregation, 'unit': unit, 'breakdown': breakdown, 'cut': cut,
        'correction_end': NULL::TIMESTAMPTZ, 'first_event_time': first_event_time,
        'last_event_time': last_event_time, 'first_log_time': first_log_time,
        'last_log_time': last_log_time, 'terms_version': terms_version } AS found
    FROM closed_usage
    UNION ALL
    SELECT 'usage_corrections', account_id, meter_id, dimensions, period_start, revision, {
        'quantity': quantity, 'quantity_delta': quantity_delta, 'event_count': event_count,
        'event_count_delta': event_count_delta, 'period_end': period_end, 'timezone': timezone,
        'aggregation': aggregation, 'unit': unit, 'breakdown': breakdown, 'cut': cut,
        'correction_end': correction_end, 'first_event_time': first_event_time,
        'last_event_time': last_event_time, 'first_log_time': first_log_time,
        'last_log_time': last_log_time, 'terms_version': terms_version }
    FROM usage_corrections
);

CREATE OR REPLACE TABLE wanted_rows AS
SELECT CASE revision WHEN 0 THEN 'closed_usage' ELSE 'usage_corrections' END AS table_name,
    account_id, meter_id, dimensions, period_start, revision, {
        'quantity': quantity, 'quantity_delta': quantity_delta, 'event_count': event_count,
        'event_count_delta': event_count_delta, 'period_end': period_end, 'timezone': timezone,
        'aggregation': aggregation, 'unit': unit, 'breakdown': breakdown, 'cut': cut,
        'correction_end': correction_end, 'first_event_time': first_event_time,
        'last_event_time': last_event_time, 'first_log_time': first_log_time,
        'last_log_time': last_log_time, 'terms_version': terms_version } AS wanted,
    1 AS copy, epoch_us(ifnull(correction_end, cut)) AS due_us
FROM audit_rows;

CREATE OR REPLACE TABLE row_differences AS
SELECT table_name, account_id, meter_id, dimensions, period_start, revision, wanted, found,
    false AS by_repeats
FROM wanted_rows FULL JOIN found_rows
    USING (table_name, account_id, meter_id, dimensions, period_start, revision, copy)
WHERE wanted IS DISTINCT FROM found
    AND (found IS NOT NULL OR due_us <= getvariable('settled_us'));

-- Usage beside all periods, by log window; a column that does not tell windows apart is compared.
CREATE OR REPLACE TABLE waited_differences AS
WITH found_waited AS (
    SELECT 'expired_usage' AS table_name, account_id, meter_id, dimensions, event_window_start,
        part, log_window_end, ifnull(is_retraction, false) AS is_retraction, {
        'quantity': quantity, 'event_count': event_count, 'period_start': period_start,
        'period_end': period_end, 'timezone': timezone, 'reason': NULL, 'unit': unit,
        'first_event_time': first_event_time, 'last_event_time': last_event_time,
        'first_log_time': first_log_time, 'last_log_time': last_log_time } AS found
    FROM expired_usage
    UNION ALL
    SELECT 'unassigned_usage', account_id, meter_id, dimensions, event_window_start,
        part, log_window_end, ifnull(is_retraction, false), {
        'quantity': quantity, 'event_count': event_count, 'period_start': NULL::TIMESTAMPTZ,
        'period_end': NULL::TIMESTAMPTZ, 'timezone': NULL, 'reason': reason, 'unit': unit,
        'first_event_time': first_event_time, 'last_event_time': last_event_time,
        'first_log_time': first_log_time, 'last_log_time': last_log_time }
    FROM unassigned_usage
), told_apart AS (
    SELECT *, row_number() OVER (
            PARTITION BY table_name, account_id, meter_id, dimensions, event_window_start,
                part, log_window_end, is_retraction
            ORDER BY found
        ) AS copy
    FROM found_waited
), wanted_waited AS (
    SELECT ended || '_usage' AS table_name, account_id, meter_id, dimensions, event_window_start,
        part, log_window_end, is_retraction, {
        'quantity': quantity, 'event_count': event_count,
        'period_start': CASE ended WHEN 'expired' THEN period_start END,
        'period_end': CASE ended WHEN 'expired' THEN period_end END,
        'timezone': CASE ended WHEN 'expired' THEN timezone END, 'reason': reason, 'unit': unit,
        'first_event_time': first_event_time, 'last_event_time': last_event_time,
        'first_log_time': first_log_time, 'last_log_time': last_log_time } AS wanted,
        1 AS copy, epoch_us(log_window_end)
            + CASE reason WHEN 'unknown_account' THEN clocks.wait_us ELSE 0 END AS due_us
    FROM audit_windows, audit_clocks AS clocks WHERE ended <> 'period'
)
SELECT wanted_waited.* EXCLUDE (wanted, copy, due_us)
        REPLACE (coalesce(wanted_waited.table_name, told_apart.table_name) AS table_name,
            coalesce(wanted_waited.account_id, told_apart.account_id) AS account_id,
            coalesce(wanted_waited.meter_id, told_apart.meter_id) AS meter_id,
            coalesce(wanted_waited.dimensions, told_apart.dimensions) AS dimensions,
            coalesce(wanted_waited.event_window_start, told_apart.event_window_start)
                AS event_window_start,
            coalesce(wanted_waited.part, told_apart.part) AS part,
            coalesce(wanted_waited.log_window_end, told_apart.log_window_end) AS log_window_end,
            coalesce(wanted_waited.is_retraction, told_apart.is_retraction) AS is_retraction),
    wanted, found, false AS by_repeats
FROM wanted_waited FULL JOIN told_apart
    ON wanted_waited.table_name = told_apart.table_name
    AND wanted_waited.account_id = told_apart.account_id
    AND wanted_waited.meter_id = told_apart.meter_id
    AND wanted_waited.dimensions = told_apart.dimensions
    AND wanted_waited.event_window_start = told_apart.event_window_start
    AND ifnull(wanted_waited.part, '') = ifnull(told_apart.part, '')
    AND wanted_waited.log_window_end = told_apart.log_window_end
    AND wanted_waited.is_retraction = told_apart.is_retraction
    AND wanted_waited.copy = told_apart.copy
WHERE wanted IS DISTINCT FROM found
    AND (found IS NOT NULL OR due_us <= getvariable('settled_us'));

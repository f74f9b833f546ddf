-- Usage by log window, as the job writes it before any period closes, and beside all periods.
CREATE OR REPLACE TABLE audit_windows AS
SELECT account_id, meter_id, own_dimensions AS dimensions, event_window_start, part, aggregation,
    CASE WHEN aggregation = 'max' THEN max(quantity) WHEN aggregation = 'min' THEN min(quantity)
        ELSE sum(quantity) END * CASE WHEN is_retraction THEN -1 ELSE 1 END AS quantity,
    unit, count(*) * CASE WHEN is_retraction THEN -1 ELSE 1 END AS event_count,
    min(event_time) AS first_event_time, max(event_time) AS last_event_time,
    min(log_time) AS first_log_time, max(log_time) AS last_log_time, log_window_end, is_retraction,
    CASE WHEN fate IN ('expired', 'unassigned') THEN fate ELSE 'period' END AS ended,
    period_start, period_end, timezone, reason
FROM audit_usage JOIN audit_meters USING (meter_id), audit_clocks AS clocks
WHERE epoch_us(log_window_end) <= clocks.watermark_us
GROUP BY account_id, meter_id, own_dimensions, event_window_start, part, aggregation, unit,
    log_window_end, is_retraction, ended, period_start, period_end, timezone, reason;

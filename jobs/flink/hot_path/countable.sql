SELECT
  account_id, meter_id, dimensions,
  event_us - MOD(event_us, {{event_window_us}}) AS event_window_start_us,
  CAST(units AS DECIMAL(38, 9)) AS units, event_us, log_ms, row_time
FROM metered
WHERE units <> ''

SELECT
  account_id, meter_id, dimensions, event_us - MOD(event_us, 60000000) AS event_minute_us,
  CAST(units AS DECIMAL(38, 9)) AS units, event_us, log_ms, row_time
FROM metered
WHERE units <> ''

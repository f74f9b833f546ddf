SELECT
  account_id, meter_id, dimensions, event_us - MOD(event_us, 60000000) AS event_minute_us,
  units, event_us, log_ms, row_time
FROM metered
WHERE units IS NOT NULL

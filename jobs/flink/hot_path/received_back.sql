-- Usage that is taken back, with its part, and the end of the log window of receipt beside it.
SELECT
  account_id, meter_id, dimensions, event_window_start_us,
  REGEXP_REPLACE(part, '^[0-9]+@', '') AS part,
  NULLIF(REGEXP_EXTRACT(part, '^([0-9]+)@', 1), '') AS received_ms,
  units_sum, units_max, units_min, event_count, first_event_us, last_event_us, first_log_ms,
  last_log_ms, row_time
FROM usage_taken_back

-- Usage, and usage taken back with all its numbers below zero.
SELECT
  account_id, meter_id, dimensions, event_window_start_us, part, units_sum, units_max, units_min,
  event_count, first_event_us, last_event_us, first_log_ms, last_log_ms, window_end,
  FALSE AS is_retraction, CAST('' AS STRING) AS taken_back
FROM usage
UNION ALL
SELECT
  account_id, meter_id, dimensions, event_window_start_us, part, -units_sum, -units_max, -units_min,
  -event_count, first_event_us, last_event_us, first_log_ms, last_log_ms, window_end, TRUE,
  taken_back
FROM given_back

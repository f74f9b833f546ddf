-- Usage of one account, meter, dimensions, event window and part in one log window. Log time does
-- not go back within a partition, so no record is ever late for its window.
SELECT
  account_id, meter_id, dimensions, event_window_start_us, part,
  SUM(units) AS units_sum, MAX(units) AS units_max, MIN(units) AS units_min,
  COUNT(*) AS event_count,
  MIN(event_us) AS first_event_us, MAX(event_us) AS last_event_us,
  MIN(log_ms) AS first_log_ms, MAX(log_ms) AS last_log_ms,
  window_end, window_time AS log_time
FROM TABLE(TUMBLE(
  TABLE {{countable}}, DESCRIPTOR(row_time), INTERVAL '{{log_window}}' DAY TO SECOND(3)))
GROUP BY
  account_id, meter_id, dimensions, event_window_start_us, part,
  window_start, window_end, window_time

-- Usage that is taken back, one row as `usage` has it, and in `taken_back` what each log window has
-- of it in which the events had been received: an account may have become known in between.
SELECT
  account_id, meter_id, dimensions, event_window_start_us, part,
  SUM(units_sum) AS units_sum, MAX(units_max) AS units_max, MIN(units_min) AS units_min,
  SUM(event_count) AS event_count,
  MIN(first_event_us) AS first_event_us, MAX(last_event_us) AS last_event_us,
  MIN(first_log_ms) AS first_log_ms, MAX(last_log_ms) AS last_log_ms,
  LISTAGG(
    COALESCE(received_ms, '') || ':' || CAST(-units_sum AS STRING) || ':'
      || CAST(-units_max AS STRING) || ':' || CAST(-units_min AS STRING) || ':'
      || CAST(-event_count AS STRING) || ':'
      || CAST(first_event_us AS STRING) || ':' || CAST(last_event_us AS STRING) || ':'
      || CAST(first_log_ms AS STRING) || ':' || CAST(last_log_ms AS STRING),
    ';') AS taken_back,
  window_end, window_time AS log_time
FROM TABLE(TUMBLE(
  TABLE received_back, DESCRIPTOR(row_time), INTERVAL '{{log_window}}' DAY TO SECOND(3)))
GROUP BY
  account_id, meter_id, dimensions, event_window_start_us, part,
  window_start, window_end, window_time

-- The rows of `all_usage` as the keyed stage takes them.
SELECT
  {{account_bucket}} AS account_bucket,
  ROW(
    account_id, meter_id, dimensions, event_window_start_us,
    CAST(units_sum AS STRING), CAST(units_max AS STRING), CAST(units_min AS STRING), event_count,
    first_event_us, last_event_us, first_log_ms, last_log_ms,
    CAST(TIMESTAMPDIFF(MINUTE, TIMESTAMP '1970-01-01 00:00:00', window_end) AS BIGINT) * 60
      + EXTRACT(SECOND FROM window_end),
    part, taken_back
  ) AS usage_row
FROM all_usage

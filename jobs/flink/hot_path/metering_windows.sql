-- The rows of `all_usage` as users read them. Flink makes instants of milliseconds only: the last
-- three digits of microseconds go through text.
SELECT
  account_id, meter_id, dimensions,
  CAST(TO_TIMESTAMP_LTZ(event_window_start_us / 1000, 3) AS TIMESTAMP_LTZ(6)),
  {{event_window_s}},
  NULLIF(part, ''),
  {{aggregation}},
  CASE {{aggregation}} WHEN 'max' THEN units_max WHEN 'min' THEN units_min ELSE units_sum END,
  {{unit}},
  event_count,
  CAST(DATE_FORMAT(TO_TIMESTAMP_LTZ(first_event_us / 1000, 3), 'yyyy-MM-dd HH:mm:ss.SSS')
    || LPAD(CAST(MOD(first_event_us, 1000) AS STRING), 3, '0') AS TIMESTAMP_LTZ(6)),
  CAST(DATE_FORMAT(TO_TIMESTAMP_LTZ(last_event_us / 1000, 3), 'yyyy-MM-dd HH:mm:ss.SSS')
    || LPAD(CAST(MOD(last_event_us, 1000) AS STRING), 3, '0') AS TIMESTAMP_LTZ(6)),
  CAST(TO_TIMESTAMP_LTZ(first_log_ms, 3) AS TIMESTAMP_LTZ(6)),
  CAST(TO_TIMESTAMP_LTZ(last_log_ms, 3) AS TIMESTAMP_LTZ(6)),
  CAST(window_end AS TIMESTAMP_LTZ(6)),
  is_retraction,
  '{{job_version}}'
FROM all_usage

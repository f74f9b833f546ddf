SELECT
  account_id, meter_id, dimensions,
  event_us - MOD(event_us, {{event_window_us}}) AS event_window_start_us,
  -- A single star: the meter needs each event by itself.
  CASE part WHEN '*' THEN CAST(kafka_partition AS STRING) || ':' || CAST(kafka_offset AS STRING)
      || COALESCE(':' || CAST(batch_index AS STRING), '')
    ELSE part END AS part,
  CAST(units AS DECIMAL(38, 9)) AS units, event_us, log_ms, row_time
FROM metered
WHERE units <> ''

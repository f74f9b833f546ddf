-- What is taken back, as `countable` has usage; before the part stands the end of the log window in
-- which the event had been received. What a savepoint of before holds has neither.
SELECT
  account_id, meter_id, dimensions,
  event_us - MOD(event_us, {{event_window_us}}) AS event_window_start_us,
  COALESCE(CAST((CAST(received_ms AS BIGINT) / {{log_window_ms}} + 1) * {{log_window_ms}} AS STRING)
    || '@', '')
    || CASE own_part WHEN '*' THEN
        CAST(kafka_partition AS STRING) || ':' || CAST(kafka_offset AS STRING)
        || COALESCE(':' || CAST(batch_index AS STRING), '')
      ELSE own_part END AS part,
  CAST(units AS DECIMAL(38, 9)) AS units, event_us, log_ms, row_time
FROM (
  SELECT
    *, NULLIF(REGEXP_EXTRACT(part, '^([0-9]+)@', 1), '') AS received_ms,
    REGEXP_REPLACE(part, '^[0-9]+@', '') AS own_part
  FROM taken_back
)

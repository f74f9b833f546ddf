-- Usage, heartbeats and refused records, told apart, and batches taken to pieces: an event of a
-- batch is a row of its own, with its index. Its texts stand as `jobs/flink/record_function.py`
-- lays them out; a record that is no batch has none. All come in the order of the log, on one way.
SELECT
  CASE WHEN event.reason IS NOT NULL THEN payload ELSE CAST(texts[2] AS BYTES) END AS payload,
  kafka_partition, kafka_offset, CAST(texts[1] AS INT) AS batch_index, log_ms,
  COALESCE(event.reason, texts[3]) AS reason,
  COALESCE(event.event_id, texts[4]) AS event_id,
  COALESCE(event.event_source, texts[5]) AS event_source,
  COALESCE(event.event_type, texts[6]) AS event_type,
  COALESCE(event.account_id, texts[7]) AS account_id,
  COALESCE(event.event_us, CAST(texts[8] AS BIGINT)) AS event_us,
  CASE WHEN CARDINALITY(texts) > 10 THEN ARRAY_SLICE(texts, 11) ELSE event.shares END AS shares,
  COALESCE(event.retracted_source, texts[9]) AS retracted_source,
  COALESCE(event.retracted_id, texts[10]) AS retracted_id,
  row_time AS log_time
FROM (SELECT *, event.batch AS batch FROM parsed)
LEFT JOIN UNNEST(batch) AS piece (texts) ON TRUE

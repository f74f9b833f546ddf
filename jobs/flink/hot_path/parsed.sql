-- Each record with what it says, as `udfs.parsing` reads it: once, in batches.
SELECT
  payload, kafka_partition, kafka_offset, log_ms,
  parse_record(payload, log_ms) AS event,
  row_time AS log_time
FROM records

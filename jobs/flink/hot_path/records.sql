-- Every record as it stands in Kafka, with its log time in milliseconds.
SELECT
  record_key, payload, kafka_partition, kafka_offset,
  -- In minutes first: TIMESTAMPDIFF gives an INT, whose seconds end in 2038.
  CAST(TIMESTAMPDIFF(MINUTE, TO_TIMESTAMP_LTZ(0, 3), row_time) AS BIGINT) * 60000
    + EXTRACT(SECOND FROM row_time) * 1000 + EXTRACT(MILLISECOND FROM row_time) AS log_ms,
  row_time AS log_time
FROM usage_log

SELECT
  kafka_partition, kafka_offset, CAST(log_time AS TIMESTAMP_LTZ(6)) AS log_time, record_key, payload
FROM records

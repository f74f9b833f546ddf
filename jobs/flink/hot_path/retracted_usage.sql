-- What retractions took back of each meter.
SELECT
  account_id, meter_id, dimensions, event_source, event_id, kafka_partition, kafka_offset,
  batch_index,
  CAST(DATE_FORMAT(TO_TIMESTAMP_LTZ(event_us / 1000, 3), 'yyyy-MM-dd HH:mm:ss.SSS')
    || LPAD(CAST(MOD(event_us, 1000) AS STRING), 3, '0') AS TIMESTAMP_LTZ(6)),
  CAST(units AS DECIMAL(38, 9)), CAST(TO_TIMESTAMP_LTZ(log_ms, 3) AS TIMESTAMP_LTZ(6)),
  '{{job_version}}'
FROM taken_back

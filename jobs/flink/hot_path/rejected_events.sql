-- Records, and elements of batches, refused as a whole, with their bytes, and events that one meter
-- cannot count: their bytes are in raw_events at the same place.
SELECT
  reason, CAST(NULL AS STRING) AS meter_id, kafka_partition, kafka_offset,
  CAST(log_time AS TIMESTAMP_LTZ(6)) AS log_time, batch_index, event_source, event_id,
  account_id, payload, '{{job_version}}' AS job_version
FROM events
WHERE reason IS NOT NULL
UNION ALL
SELECT
  CASE WHEN units IS NULL THEN 'missing_units' ELSE 'bad_units' END, meter_id, kafka_partition,
  kafka_offset, CAST(log_time AS TIMESTAMP_LTZ(6)), batch_index, event_source, event_id, account_id,
  CAST(NULL AS BYTES), '{{job_version}}'
FROM metered
WHERE units IS NULL OR units = ''

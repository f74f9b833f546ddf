-- Each retraction, whether or not it found an event to take back.
SELECT
  event_source, event_id, account_id, retracted_source, retracted_id, kafka_partition, kafka_offset,
  CAST(log_time AS TIMESTAMP_LTZ(6)), batch_index, '{{job_version}}'
FROM first_seen
WHERE retracted_id IS NOT NULL

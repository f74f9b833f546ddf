-- Usage, heartbeats and refused records, told apart.
SELECT
  CASE WHEN event.reason IS NOT NULL THEN payload END AS payload,
  kafka_partition, kafka_offset, log_ms, event.reason AS reason, event.event_id AS event_id,
  event.event_source AS event_source, event.event_type AS event_type,
  event.account_id AS account_id, event.event_us AS event_us, event.shares AS shares,
  event.retracted_source AS retracted_source, event.retracted_id AS retracted_id,
  row_time AS log_time
FROM parsed

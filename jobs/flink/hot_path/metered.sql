-- Each event once for every meter that listens to its type, with its units: none where they are
-- missing, an empty text where they are no number.
SELECT
  kafka_partition, kafka_offset, batch_index, log_ms, event_id, event_source, account_id, event_us,
  meter_id, dimensions, units, part, row_time AS log_time
FROM first_seen
CROSS JOIN UNNEST({{shares}}) AS share (meter_id, dimensions, units, part)

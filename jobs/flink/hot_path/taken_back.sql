-- Usage that is taken back: by the first retraction of its event, by log time, and once.
SELECT
  kafka_partition, kafka_offset, batch_index, log_ms, event_id, event_source, account_id, event_us,
  meter_id, dimensions, units, part, row_time AS log_time
FROM (
  SELECT *,
    ROW_NUMBER() OVER (PARTITION BY event_source, event_id, meter_id ORDER BY row_time) AS place
  FROM asked_back
)
WHERE place = 1

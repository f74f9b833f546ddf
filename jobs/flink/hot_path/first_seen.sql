-- The first of all records with the same identity (source, id), by arrival. State is kept for the
-- dedupe horizon (`table.exec.state.ttl`). A heartbeat has no shares and takes nothing back.
SELECT
  kafka_partition, kafka_offset, batch_index, log_ms, event_id, event_source, event_type,
  account_id, event_us, shares, retracted_source, retracted_id, row_time AS log_time
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY event_source, event_id ORDER BY PROCTIME()) AS arrival
  FROM events
  WHERE shares IS NOT NULL OR retracted_id IS NOT NULL
)
WHERE arrival = 1

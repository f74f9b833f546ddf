-- Events with each retraction that stands behind them in the log, and with its log time. Neither
-- order of arrival is promised, so both sides wait for each other. They wait by wall clock, like
-- the dedupe, and so without row times: those would delay time itself by the horizon. Before the
-- part stands when the event was received: a column more would not fit the state of the dedupe.
SELECT
  event.kafka_partition, event.kafka_offset, event.batch_index, event.event_id, event.event_source,
  event.account_id, event.event_us, event.meter_id, event.dimensions, event.units,
  CAST(event.log_ms AS STRING) || '@' || event.part AS part,
  retraction.log_ms
FROM (
  SELECT
    kafka_partition, kafka_offset, batch_index, log_ms, event_id, event_source, account_id,
    event_us, meter_id, dimensions, units, part, PROCTIME() AS seen
  FROM metered
  WHERE units <> '' AND {{is_retractable}}
) AS event
JOIN (
  SELECT
    kafka_partition, kafka_offset, batch_index, log_ms, account_id,
    retracted_source, retracted_id, PROCTIME() AS seen
  FROM first_seen
  WHERE retracted_id IS NOT NULL
) AS retraction
ON event.event_source = retraction.retracted_source
  AND event.event_id = retraction.retracted_id
  AND event.account_id = retraction.account_id
  AND event.seen BETWEEN retraction.seen - INTERVAL '{{horizon}}' DAY(3) TO SECOND(3)
    AND retraction.seen + INTERVAL '{{horizon}}' DAY(3) TO SECOND(3)
  AND (event.log_ms < retraction.log_ms
    OR event.log_ms = retraction.log_ms AND (
      event.kafka_partition < retraction.kafka_partition
      OR event.kafka_partition = retraction.kafka_partition
        AND (event.kafka_offset < retraction.kafka_offset
          OR event.kafka_offset = retraction.kafka_offset
            AND event.batch_index < retraction.batch_index)))

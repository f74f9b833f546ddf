-- Each event that goes back, with the log time of the first retraction that stands behind it.
CREATE OR REPLACE TABLE audit_retracted AS
SELECT DISTINCT ON (event.event_source, event.event_id)
    event.event_no, retraction.log_us AS asked_us
FROM audit_records AS event JOIN audit_records AS retraction
    ON event.event_source = retraction.retracted_source
    AND event.event_id = retraction.retracted_id
    AND event.account_id = retraction.account_id
WHERE event.fate = 'counted' AND retraction.fate = 'retraction'
    AND (event.log_us, event.kafka_partition, event.kafka_offset, ifnull(event.batch_index, 0))
    < (retraction.log_us, retraction.kafka_partition, retraction.kafka_offset,
        ifnull(retraction.batch_index, 0))
ORDER BY event.event_source, event.event_id, retraction.log_us, retraction.kafka_partition,
    retraction.kafka_offset, retraction.batch_index;

-- Refusals, of a record or event as a whole and of one meter, beside those that must be there.
CREATE OR REPLACE TEMP TABLE reject_differences AS
WITH wanted AS (
    SELECT kafka_partition, kafka_offset, batch_index, NULL AS meter_id, reason
    FROM audit_records WHERE fate = 'rejected'
    UNION ALL
    SELECT kafka_partition, kafka_offset, batch_index, meter_id, refusal
    FROM audit_shares JOIN audit_records USING (event_no)
    WHERE refusal IS NOT NULL AND fate = 'counted'
), found AS (
    SELECT DISTINCT kafka_partition, kafka_offset, batch_index, meter_id, reason
    FROM rejected_events
)
(SELECT *, true AS is_missing FROM (FROM wanted EXCEPT FROM found))
UNION ALL
(SELECT *, false FROM (FROM found EXCEPT FROM wanted));

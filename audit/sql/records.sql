-- Each place of the archive once, and the fate of each record and each event of a batch.
CREATE OR REPLACE TABLE audit_repeated_places AS
SELECT kafka_partition, kafka_offset, count(*) AS copies, count(DISTINCT fingerprint) AS contents
FROM audit_read WHERE batch_index IS NULL
GROUP BY ALL HAVING count(*) > 1;

CREATE OR REPLACE TEMP TABLE read_once AS
FROM audit_read ANTI JOIN audit_repeated_places USING (kafka_partition, kafka_offset)
UNION ALL
FROM (
    SELECT DISTINCT ON (kafka_partition, kafka_offset, batch_index) *
    FROM audit_read SEMI JOIN audit_repeated_places USING (kafka_partition, kafka_offset)
    ORDER BY event_no
);

-- In a partition the first offset is the first record, whatever its timestamp. Of records in two
-- partitions, which producers should never write, that counts whose partition had it earlier.
CREATE OR REPLACE TEMP TABLE repeats AS
WITH sent AS (
    SELECT event_no, event_source, event_id, kafka_partition, kafka_offset, batch_index, log_us,
        fingerprint,
        first_value(log_us) OVER (
            PARTITION BY event_source, event_id, kafka_partition ORDER BY kafka_offset, batch_index
        ) AS first_us
    FROM read_once
    SEMI JOIN (
        SELECT event_source, event_id FROM read_once WHERE verdict IN ('event', 'retraction')
        GROUP BY ALL HAVING count(*) > 1
    ) AS repeated USING (event_source, event_id)
    WHERE verdict IN ('event', 'retraction')
)
SELECT event_no,
    row_number() OVER in_order AS arrival,
    fingerprint <> first_value(fingerprint) OVER in_order AS differs
FROM sent
WINDOW in_order AS (
    PARTITION BY event_source, event_id
    ORDER BY first_us, kafka_partition, kafka_offset, batch_index
);

CREATE OR REPLACE TABLE audit_records AS
SELECT kafka_partition, kafka_offset, batch_index,
    make_timestamp(log_us) AT TIME ZONE 'UTC' AS log_time,
    CASE WHEN verdict NOT IN ('event', 'retraction') THEN verdict
        WHEN arrival > 1 AND differs THEN 'conflict'
        WHEN arrival > 1 THEN 'duplicate'
        WHEN verdict = 'retraction' THEN 'retraction'
        ELSE 'counted' END AS fate,
    reason, event_source, event_id, account_id, event_type,
    make_timestamp(event_us) AT TIME ZONE 'UTC' AS event_time,
    fingerprint, log_us, event_us, retracted_source, retracted_id, event_no
FROM read_once LEFT JOIN repeats USING (event_no);

DROP TABLE read_once;
DROP TABLE repeats;

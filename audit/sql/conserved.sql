-- Records and events by range of offsets, and what became of them.
CREATE OR REPLACE TABLE audit_places AS
SELECT DISTINCT kafka_partition, kafka_offset FROM audit_read WHERE batch_index IS NULL;

-- Offsets that the archive lacks; a transaction's end is one, too, and holds no record.
CREATE OR REPLACE TABLE audit_gaps AS
SELECT kafka_partition, begin_offset, end_offset FROM (
    SELECT kafka_partition, kafka_offset AS end_offset,
        1 + lag(kafka_offset, 1, -1) OVER (
            PARTITION BY kafka_partition ORDER BY kafka_offset
        ) AS begin_offset
    FROM audit_places
) WHERE begin_offset < end_offset;

CREATE OR REPLACE TABLE audit_ranges AS
WITH spans AS (
    SELECT kafka_partition, max(kafka_offset) + 1 AS end_offset,
        CASE WHEN getvariable('range_offsets') IS NOT NULL THEN getvariable('range_offsets')
            ELSE greatest(1, (max(kafka_offset) + getvariable('range_count'))
                // getvariable('range_count')) END AS size
    FROM audit_places GROUP BY ALL
)
SELECT kafka_partition, begin_offset, least(begin_offset + size, end_offset) AS end_offset
FROM (
    SELECT *, unnest(generate_series(0, end_offset - 1, size)) AS begin_offset FROM spans
);

CREATE OR REPLACE TABLE audit_range_records AS
SELECT ranges.kafka_partition, begin_offset, end_offset, count(places.kafka_offset) AS records
FROM audit_ranges AS ranges LEFT JOIN audit_places AS places
    ON ranges.kafka_partition = places.kafka_partition
    AND places.kafka_offset >= begin_offset AND places.kafka_offset < end_offset
GROUP BY ALL;

CREATE OR REPLACE TABLE audit_range_fates AS
SELECT records.kafka_partition, begin_offset, fate, reason, count(*) AS events,
    count(*) FILTER (batch_index IS NOT NULL) AS in_batches
FROM audit_records AS records JOIN audit_ranges AS ranges
    ON ranges.kafka_partition = records.kafka_partition
    AND records.kafka_offset >= begin_offset AND records.kafka_offset < end_offset
GROUP BY ALL;

-- Of each meter where its events ended. What was taken back is so wherever it had been.
CREATE OR REPLACE TABLE audit_range_meters AS
WITH brought_back AS (
    SELECT account_id, meter_id, dimensions, event_window_start, part, log_window_end
    FROM (
        SELECT row_id, account_id, meter_id, dimensions, event_window_start, part, log_window_end,
            is_retraction FROM expired_usage
        UNION ALL
        SELECT row_id, account_id, meter_id, dimensions, event_window_start, part, log_window_end,
            is_retraction FROM unassigned_usage
    ) AS waited SEMI JOIN brought_back_usage ON waited.row_id = brought_back_usage.source_row_id
    WHERE NOT ifnull(is_retraction, false)
), gone AS (
    SELECT kafka_partition, kafka_offset, batch_index, meter_id FROM audit_usage
    WHERE is_retraction AND fate <> 'open'
), ended AS (
    SELECT usage.kafka_partition, usage.kafka_offset, usage.meter_id,
        CASE WHEN gone.meter_id IS NOT NULL THEN 'taken_back'
            WHEN fate IN ('expired', 'unassigned') AND brought_back.meter_id IS NOT NULL
                THEN 'brought_back'
            ELSE fate END AS ended
    FROM audit_usage AS usage
    LEFT JOIN gone ON usage.kafka_partition = gone.kafka_partition
        AND usage.kafka_offset = gone.kafka_offset
        AND ifnull(usage.batch_index, -1) = ifnull(gone.batch_index, -1)
        AND usage.meter_id = gone.meter_id
    LEFT JOIN (SELECT DISTINCT * FROM brought_back) AS brought_back
        ON usage.account_id = brought_back.account_id
        AND usage.meter_id = brought_back.meter_id
        AND usage.own_dimensions = brought_back.dimensions
        AND usage.event_window_start = brought_back.event_window_start
        AND ifnull(usage.part, '') = ifnull(brought_back.part, '')
        AND usage.log_window_end = brought_back.log_window_end
    WHERE NOT usage.is_retraction
    UNION ALL
    SELECT kafka_partition, kafka_offset, shares.meter_id, 'rejected'
    FROM audit_shares AS shares JOIN audit_records USING (event_no)
    WHERE refusal IS NOT NULL AND fate = 'counted'
)
SELECT ended.kafka_partition, begin_offset, meter_id, ended, count(*) AS events
FROM ended JOIN audit_ranges AS ranges ON ranges.kafka_partition = ended.kafka_partition
    AND ended.kafka_offset >= begin_offset AND ended.kafka_offset < end_offset
GROUP BY ALL;

CREATE OR REPLACE TABLE audit_range_listened AS
SELECT records.kafka_partition, begin_offset, meter_id, count(*) AS events
FROM audit_records AS records JOIN audit_meters USING (event_type) JOIN audit_ranges AS ranges
    ON ranges.kafka_partition = records.kafka_partition
    AND records.kafka_offset >= begin_offset AND records.kafka_offset < end_offset
WHERE fate = 'counted'
GROUP BY ALL;

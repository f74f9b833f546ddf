-- Each counted event as one meter counts it, and once more, received later, where it goes back.
CREATE OR REPLACE TEMP TABLE units AS
WITH received AS (
    SELECT records.*, shares.* EXCLUDE (event_no), meters.* EXCLUDE (meter_id, event_type),
        false AS is_retraction, log_us AS received_us
    FROM audit_records AS records
    JOIN audit_shares AS shares USING (event_no)
    JOIN audit_meters AS meters USING (meter_id)
    WHERE fate = 'counted' AND refusal IS NULL AND hash(account_id) % $buckets = $bucket
), taken_back AS (
    SELECT received.* REPLACE (asked_us AS log_us, true AS is_retraction)
    FROM received JOIN audit_retracted USING (event_no)
    WHERE retractable
)
SELECT event_no, account_id, meter_id, dimensions, kafka_partition, kafka_offset, batch_index,
    event_source, event_id, fingerprint, event_us, log_us, billionths, part, is_retraction,
    (received_us // clocks.log_window_us + 1) * clocks.log_window_us AS received_end_us,
    aggregation, grace_us, horizon_us, max_dimensions, overflow_dimensions,
    event_us - ((event_us % clocks.event_window_us) + clocks.event_window_us)
        % clocks.event_window_us AS window_start_us,
    (log_us // clocks.log_window_us + 1) * clocks.log_window_us AS window_end_us
FROM (FROM received UNION ALL FROM taken_back), audit_clocks AS clocks

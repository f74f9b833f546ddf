-- What a recompute leaves behind.
CREATE OR REPLACE MACRO audit_instant(us) AS make_timestamp(us) AT TIME ZONE 'UTC';
CREATE OR REPLACE MACRO audit_decimal(billionths) AS
    CAST(billionths AS DECIMAL(38, 0)) * CAST('0.000000001' AS DECIMAL(9, 9));
-- No more decimals than the value has.
CREATE OR REPLACE MACRO audit_plain(billionths) AS
    rtrim(rtrim(audit_decimal(billionths)::VARCHAR, '0'), '.');

CREATE OR REPLACE TABLE audit_read (
    event_no BIGINT, kafka_partition INT, kafka_offset BIGINT, batch_index INT, log_us BIGINT,
    verdict VARCHAR, reason VARCHAR, event_source VARCHAR, event_id VARCHAR, account_id VARCHAR,
    event_type VARCHAR, event_us BIGINT, fingerprint VARCHAR, retracted_source VARCHAR,
    retracted_id VARCHAR
);
CREATE OR REPLACE TABLE audit_shares (
    event_no BIGINT, meter_id VARCHAR, dimensions VARCHAR, billionths HUGEINT, part VARCHAR,
    refusal VARCHAR
);
CREATE OR REPLACE TABLE audit_meters (
    meter_id VARCHAR, event_type VARCHAR, aggregation VARCHAR, unit VARCHAR, grace_us BIGINT,
    horizon_us BIGINT, max_dimensions BIGINT, retractable BOOLEAN, percent_billionths HUGEINT,
    bounds VARCHAR[], overflow_dimensions VARCHAR
);
CREATE OR REPLACE TABLE audit_clocks (
    watermark_us BIGINT, log_window_us BIGINT, event_window_us BIGINT,
    correction_bucket_us BIGINT, wait_us BIGINT
);
CREATE OR REPLACE TABLE audit_accounts (account_id VARCHAR, known_us BIGINT);
CREATE OR REPLACE TABLE audit_stretches (
    account_id VARCHAR, start_us BIGINT, end_us BIGINT, timezone VARCHAR, terms_version INT,
    why_not VARCHAR
);
CREATE OR REPLACE TABLE audit_rows (
    account_id VARCHAR, meter_id VARCHAR, dimensions VARCHAR, period_start TIMESTAMPTZ,
    period_end TIMESTAMPTZ, timezone VARCHAR, aggregation VARCHAR, unit VARCHAR, revision INT,
    quantity DECIMAL(38, 9), quantity_delta DECIMAL(38, 9), event_count BIGINT,
    event_count_delta BIGINT, breakdown VARCHAR, cut TIMESTAMPTZ, correction_end TIMESTAMPTZ,
    first_event_time TIMESTAMPTZ, last_event_time TIMESTAMPTZ, first_log_time TIMESTAMPTZ,
    last_log_time TIMESTAMPTZ, terms_version INT
);
CREATE OR REPLACE TABLE audit_usage (
    account_id VARCHAR, meter_id VARCHAR, dimensions VARCHAR, period_start TIMESTAMPTZ,
    period_end TIMESTAMPTZ, timezone VARCHAR, terms_version INT, event_source VARCHAR,
    event_id VARCHAR, kafka_partition INT, kafka_offset BIGINT, batch_index INT,
    event_time TIMESTAMPTZ, log_time TIMESTAMPTZ, log_window_end TIMESTAMPTZ,
    quantity DECIMAL(38, 9), is_retraction BOOLEAN, fate VARCHAR, revision INT,
    fingerprint VARCHAR, own_dimensions VARCHAR, reason VARCHAR,
    event_window_start TIMESTAMPTZ, part VARCHAR, due TIMESTAMPTZ
);
CREATE OR REPLACE TABLE audit_overflows (
    account_id VARCHAR, meter_id VARCHAR, overflow_dimensions VARCHAR, period_start TIMESTAMPTZ,
    timezone VARCHAR, max_dimensions BIGINT, full_since TIMESTAMPTZ, due_us BIGINT
);
CREATE OR REPLACE TABLE audit_alerts (
    account_id VARCHAR, meter_id VARCHAR, period_start TIMESTAMPTZ, timezone VARCHAR,
    budget_quantity DECIMAL(38, 9), threshold_percent BIGINT, quantity DECIMAL(38, 9),
    unit VARCHAR, reached TIMESTAMPTZ
);

-- Which period each unit belongs to, or why to none, as far as log time got.
CREATE OR REPLACE TEMP TABLE placed AS
WITH located AS (
    -- What is taken back waits for its account by itself, and goes where its event went.
    SELECT units.* EXCLUDE (received_end_us), known.account_id IS NOT NULL
            AND received_end_us + clocks.wait_us > known.known_us AS is_known,
        known.account_id IS NULL OR window_end_us + clocks.wait_us <= known.known_us AS is_waiting,
        stretches.* EXCLUDE (account_id), clocks.watermark_us, clocks.wait_us,
        clocks.correction_bucket_us
    FROM units
    LEFT JOIN audit_accounts AS known ON units.account_id = known.account_id
    ASOF LEFT JOIN audit_stretches AS stretches
        ON units.account_id = stretches.account_id AND units.window_start_us >= stretches.start_us
    CROSS JOIN audit_clocks AS clocks
), classed AS (
    SELECT *, end_us + grace_us AS cut_us,
        CASE WHEN window_end_us > watermark_us THEN 'open'
            WHEN is_waiting AND window_end_us + wait_us > watermark_us THEN 'open'
            WHEN NOT is_known OR start_us IS NULL OR why_not <> '' THEN 'unassigned'
            WHEN window_end_us <= end_us + grace_us + horizon_us THEN 'period'
            ELSE 'expired' END AS place,
        CASE WHEN NOT is_known THEN 'unknown_account'
            WHEN start_us IS NULL THEN 'no_terms'
            WHEN why_not <> '' THEN why_not END AS unassigned_reason
    FROM located
)
SELECT * EXCLUDE (start_us, end_us, cut_us, why_not, unassigned_reason, is_waiting),
    CASE WHEN unassigned_reason IS NULL THEN start_us END AS start_us,
    CASE WHEN unassigned_reason IS NULL THEN end_us END AS end_us,
    CASE WHEN unassigned_reason IS NULL THEN cut_us END AS cut_us,
    CASE WHEN place = 'unassigned' THEN unassigned_reason END AS unassigned_reason,
    -- A window that ends at the end of a correction bucket belongs to that bucket.
    CASE WHEN unassigned_reason IS NOT NULL THEN NULL
        WHEN window_end_us <= cut_us THEN cut_us
        ELSE (window_end_us + correction_bucket_us - 1)
            // correction_bucket_us * correction_bucket_us END AS due_us
FROM classed;

-- The limit of dimensions: the first ones stay, all others are one.
CREATE OR REPLACE TEMP TABLE named AS
SELECT *, row_number() OVER (
        PARTITION BY account_id, meter_id, start_us ORDER BY first_us, dimensions
    ) AS arrival
FROM (
    SELECT account_id, meter_id, start_us, dimensions, max_dimensions, overflow_dimensions,
        any_value(timezone) AS timezone, min(log_us) AS first_us,
        min(window_end_us) AS first_window_end_us
    FROM placed WHERE place = 'period' AND aggregation <> 'time_weighted_sum'
    GROUP BY ALL
);

CREATE OR REPLACE TEMP TABLE beyond AS
SELECT account_id, meter_id, start_us, dimensions FROM named WHERE arrival > max_dimensions;

-- A limit that was passed is told when the first of the others has been received.
INSERT INTO audit_overflows
SELECT account_id, meter_id, overflow_dimensions, audit_instant(start_us),
    any_value(timezone), max_dimensions,
    audit_instant(max(first_window_end_us) FILTER (arrival = max_dimensions)),
    max(first_window_end_us) FILTER (arrival = max_dimensions + 1)
FROM named GROUP BY account_id, meter_id, overflow_dimensions, start_us, max_dimensions
HAVING max(arrival) > max_dimensions;

CREATE OR REPLACE TEMP TABLE metered AS
SELECT placed.* RENAME (dimensions AS own_dimensions),
    CASE WHEN beyond.dimensions IS NOT NULL AND place = 'period' THEN overflow_dimensions
        ELSE placed.dimensions END AS dimensions
FROM placed LEFT JOIN beyond USING (account_id, meter_id, start_us, dimensions);

DROP TABLE placed;
DROP TABLE named;
DROP TABLE units;

-- Each event once for every meter that listens to its type, with its units or why it has none. A
-- number with an exponent has at most 18 decimals; it is refused where it needs more than 9. Texts
-- are compared: of two decimals Flink would first round one to the other's scale.
SELECT
  kafka_partition, kafka_offset, log_ms, event_id, event_source, account_id, event_us,
  meter_id, dimensions,
  CASE WHEN REGEXP(units, '{{decimal_form}}')
      OR (REGEXP(units, '{{scientific_form}}')
        AND CAST(TRY_CAST(units AS DECIMAL(38, 18)) AS STRING)
          = CAST(TRY_CAST(units AS DECIMAL(38, 9)) AS STRING) || '000000000')
    THEN CAST(units AS DECIMAL(38, 9)) END AS units,
  units IS NULL AS is_without_units,
  row_time AS log_time
FROM first_seen
CROSS JOIN UNNEST({{shares}}) AS share (meter_id, dimensions, units)

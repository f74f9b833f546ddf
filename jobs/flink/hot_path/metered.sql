-- Each event once for every meter that listens to its type, with its units or why it has none.
SELECT
  kafka_partition, kafka_offset, log_ms, event_id, event_source, account_id, event_us,
  meter_id, dimensions,
  CASE WHEN REGEXP(units, '{{decimal_form}}')
      OR (REGEXP(units, '{{scientific_form}}')
        AND TRY_CAST(units AS DECIMAL(38, 28)) = TRY_CAST(units AS DECIMAL(38, 9)))
    THEN CAST(units AS DECIMAL(38, 9)) END AS units,
  units IS NULL AS is_without_units,
  row_time AS log_time
FROM first_seen
CROSS JOIN UNNEST({{shares}}) AS share (meter_id, dimensions, units)

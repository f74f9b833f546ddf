-- Each record with the first reason that refuses it, in this order; NULL for usage and heartbeats.
-- Properties are the members of `data` that the meters of this event type read.
SELECT
  payload, kafka_partition, kafka_offset, log_ms, event_id, event_source, event_type, account_id,
  event_us,
  COALESCE(event_type = '{{heartbeat_type}}', FALSE) AS is_heartbeat,
  CASE
    WHEN payload IS NULL OR payload = '' THEN 'empty_record'
    WHEN is_too_large THEN 'too_large'
    WHEN is_other_value AND is_utf8 THEN 'not_an_object'
    WHEN is_one_object IS NOT TRUE OR NOT is_utf8 THEN 'malformed_json'
    -- Nested more than 16 deep: is there an object or array 15 levels inside of data? Texts are
    -- taken away first, as they may hold brackets. Only data with anything inside is asked.
    WHEN (POSITION('{' IN SUBSTRING(data FROM 2)) > 0 OR POSITION('[' IN data) > 0)
      AND REGEXP(SUBSTRING(REGEXP_REPLACE(
        JSON_QUERY(data, 'lax $.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*'), '"([^"\\]|\\.)*"', '') FROM 2),
        '[\[{]') THEN 'malformed_json'
    WHEN specversion IS NULL OR specversion = '' OR event_id IS NULL OR event_id = ''
      OR event_source IS NULL OR event_source = '' OR event_type IS NULL OR event_type = ''
      OR account_id IS NULL OR account_id = '' OR event_time IS NULL OR event_time = ''
      THEN 'missing_field'
    WHEN CHAR_LENGTH(event_id) > 256 OR CHAR_LENGTH(event_source) > 256
      OR CHAR_LENGTH(account_id) > 256 THEN 'too_long'
    WHEN specversion <> '1.0' THEN 'unsupported_specversion'
    WHEN event_type = '{{heartbeat_type}}' THEN CAST(NULL AS STRING)
    WHEN event_us IS NULL THEN 'bad_time'
    WHEN event_us > log_ms * 1000 + {{max_event_skew_us}} THEN 'too_far_future'
    WHEN event_us < log_ms * 1000 - {{max_event_age_us}} THEN 'too_old'
    WHEN event_type NOT IN ({{event_types}}) THEN 'unknown_type'
  END AS reason,
  {{properties}} AS properties,
  row_time AS log_time
FROM timed

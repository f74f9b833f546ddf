-- The only place where JSON text is parsed. The record is put in an array before a sentinel, so
-- that whatever follows the record's first value makes the array malformed: a prefix never passes
-- for the whole. The answer is one canonical text (keys in alphabetical order, no white space) and
-- the sentinel; NULL for malformed JSON.
SELECT
  record_key, payload, kafka_partition, kafka_offset,
  -- In minutes first: TIMESTAMPDIFF gives an INT, whose seconds end in 2038.
  CAST(TIMESTAMPDIFF(MINUTE, TO_TIMESTAMP_LTZ(0, 3), row_time) AS BIGINT) * 60000
    + EXTRACT(SECOND FROM row_time) * 1000 + EXTRACT(MILLISECOND FROM row_time) AS log_ms,
  -- A character has at most 4 bytes, so most records need no count of bytes.
  CHAR_LENGTH(payload) > {{max_record_bytes}} / 4
    AND CHAR_LENGTH(HEX(payload)) > 2 * {{max_record_bytes}} AS is_too_large,
  ENCODE(payload, 'UTF-8') = CAST(payload AS BYTES) AS is_utf8,
  CASE WHEN CHAR_LENGTH(payload) <= {{max_record_bytes}} THEN
    JSON_QUERY(
      '[' || payload || ',{"id":"."}]',
      'lax $[*][''specversion'', ''id'', ''source'', ''type'', ''subject'', ''time'', ''data'']'
      RETURNING ARRAY<STRING>)
  END AS documents,
  row_time AS log_time
FROM usage_log

-- The fields of the event: cut out of a plain document, or asked for one by one where it has
-- escapes, gaps or other types. A field that is no JSON string is NULL.
SELECT
  payload, kafka_partition, kafka_offset, log_ms,
  is_too_large, is_utf8, is_one_object, is_other_value,
  CASE WHEN is_plain THEN pieces[CARDINALITY(pieces) - 13]
    WHEN JSON_QUERY(document, '$.specversion' WITH UNCONDITIONAL ARRAY WRAPPER) LIKE '["%'
    THEN JSON_VALUE(document, '$.specversion') END AS specversion,
  CASE WHEN is_plain THEN pieces[CARDINALITY(pieces) - 21]
    WHEN JSON_QUERY(document, '$.id' WITH UNCONDITIONAL ARRAY WRAPPER) LIKE '["%'
    THEN JSON_VALUE(document, '$.id') END AS event_id,
  CASE WHEN is_plain THEN pieces[CARDINALITY(pieces) - 17]
    WHEN JSON_QUERY(document, '$.source' WITH UNCONDITIONAL ARRAY WRAPPER) LIKE '["%'
    THEN JSON_VALUE(document, '$.source') END AS event_source,
  CASE WHEN is_plain THEN pieces[CARDINALITY(pieces) - 1]
    WHEN JSON_QUERY(document, '$.type' WITH UNCONDITIONAL ARRAY WRAPPER) LIKE '["%'
    THEN JSON_VALUE(document, '$.type') END AS event_type,
  CASE WHEN is_plain THEN pieces[CARDINALITY(pieces) - 9]
    WHEN JSON_QUERY(document, '$.subject' WITH UNCONDITIONAL ARRAY WRAPPER) LIKE '["%'
    THEN JSON_VALUE(document, '$.subject') END AS account_id,
  CASE WHEN is_plain THEN pieces[CARDINALITY(pieces) - 5]
    WHEN JSON_QUERY(document, '$.time' WITH UNCONDITIONAL ARRAY WRAPPER) LIKE '["%'
    THEN JSON_VALUE(document, '$.time') END AS event_time,
  CASE WHEN NOT is_plain THEN JSON_QUERY(document, '$.data')
    -- 79 characters are the fields' names and what stands between them.
    WHEN document LIKE '{"data":%' THEN SUBSTRING(document FROM 9 FOR
      CHAR_LENGTH(document) - 79 - CHAR_LENGTH(pieces[CARDINALITY(pieces) - 1])
        - CHAR_LENGTH(pieces[CARDINALITY(pieces) - 5])
        - CHAR_LENGTH(pieces[CARDINALITY(pieces) - 9])
        - CHAR_LENGTH(pieces[CARDINALITY(pieces) - 13])
        - CHAR_LENGTH(pieces[CARDINALITY(pieces) - 17])
        - CHAR_LENGTH(pieces[CARDINALITY(pieces) - 21])) END AS data,
  row_time AS log_time
FROM shapes

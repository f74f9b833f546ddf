-- Canonical JSON without escapes, split at its quotation marks: every second piece is the content
-- of a string. The padding lets `shapes` count from the end of a document of any length.
SELECT
  payload, kafka_partition, kafka_offset, log_ms, is_too_large, is_utf8, documents[1] AS document,
  CARDINALITY(documents) = 2 AND documents[2] = '{"id":"."}' AS is_one_object,
  CARDINALITY(documents) = 1 AND documents[1] = '{"id":"."}' AS is_other_value,
  SPLIT('""""""""""""""""""""""""' || documents[1], '"') AS pieces,
  row_time AS log_time
FROM parsed

-- Is the document {"data":...,"id":"..","source":"..","specversion":"..","subject":"..",
-- "time":"..","type":".."}, with or without data, every field a string without escapes?
SELECT
  payload, kafka_partition, kafka_offset, log_ms, is_too_large, is_utf8, document,
  is_one_object, is_other_value, pieces,
  is_one_object AND POSITION('\' IN document) = 0
    AND pieces[CARDINALITY(pieces)] = '}'
    AND pieces[CARDINALITY(pieces) - 2] = ':' AND pieces[CARDINALITY(pieces) - 3] = 'type'
    AND pieces[CARDINALITY(pieces) - 4] = ','
    AND pieces[CARDINALITY(pieces) - 6] = ':' AND pieces[CARDINALITY(pieces) - 7] = 'time'
    AND pieces[CARDINALITY(pieces) - 8] = ','
    AND pieces[CARDINALITY(pieces) - 10] = ':' AND pieces[CARDINALITY(pieces) - 11] = 'subject'
    AND pieces[CARDINALITY(pieces) - 12] = ','
    AND pieces[CARDINALITY(pieces) - 14] = ':' AND pieces[CARDINALITY(pieces) - 15] = 'specversion'
    AND pieces[CARDINALITY(pieces) - 16] = ','
    AND pieces[CARDINALITY(pieces) - 18] = ':' AND pieces[CARDINALITY(pieces) - 19] = 'source'
    AND pieces[CARDINALITY(pieces) - 20] = ','
    AND pieces[CARDINALITY(pieces) - 22] = ':' AND pieces[CARDINALITY(pieces) - 23] = 'id'
    AS is_plain,
  row_time AS log_time
FROM pieces

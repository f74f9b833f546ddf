-- Event time as microseconds since 1970 in UTC, from RFC 3339 text; NULL where it is not that.
-- Digits after the sixth decimal are dropped. The form is checked first, so every cast succeeds
-- but that of a date which the calendar lacks.
SELECT
  payload, kafka_partition, kafka_offset, log_ms,
  is_too_large, is_utf8, is_one_object, is_other_value,
  specversion, event_id, event_source, event_type, account_id, event_time, data,
  CASE WHEN REGEXP(event_time, '^[0-9]{4}-[0-9]{2}-[0-9]{2}T'
    || '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?'
    || '(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])\z')
  THEN
    TIMESTAMPDIFF(DAY, DATE '1970-01-01', TRY_CAST(SUBSTRING(event_time FROM 1 FOR 10) AS DATE))
        * 86400000000
      + CAST(SUBSTRING(event_time FROM 12 FOR 2) AS BIGINT) * 3600000000
      + CAST(SUBSTRING(event_time FROM 15 FOR 2) AS BIGINT) * 60000000
      + CAST(SUBSTRING(event_time FROM 18 FOR 2) AS BIGINT) * 1000000
      + CASE WHEN SUBSTRING(event_time FROM 20 FOR 1) <> '.' THEN 0
          ELSE CAST(RPAD(REGEXP_EXTRACT(event_time, '\.([0-9]{1,6})', 1), 6, '0') AS BIGINT) END
      - CASE WHEN event_time LIKE '%Z' THEN 0
          ELSE CAST(SUBSTRING(event_time FROM CHAR_LENGTH(event_time) - 5 FOR 1) || '1' AS BIGINT)
            * (CAST(SUBSTRING(event_time FROM CHAR_LENGTH(event_time) - 4 FOR 2) AS BIGINT) * 60
              + CAST(SUBSTRING(event_time FROM CHAR_LENGTH(event_time) - 1) AS BIGINT))
            * 60000000 END
  END AS event_us,
  row_time AS log_time
FROM fields

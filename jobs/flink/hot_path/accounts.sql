SELECT
  {{account_bucket}} AS account_bucket,
  ROW(
    account_id, terms, kafka_partition, kafka_offset,
    CAST(TIMESTAMPDIFF(MINUTE, TO_TIMESTAMP_LTZ(0, 3), row_time) AS BIGINT) * 60000
      + EXTRACT(SECOND FROM row_time) * 1000 + EXTRACT(MILLISECOND FROM row_time)
  ) AS account_row
FROM accounts_log

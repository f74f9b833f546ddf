-- The accounts topic: one record an account, its terms as JSON. It has a watermark with idleness:
-- time waits until the accounts have been read once and flows on when nothing more comes.
CREATE TEMPORARY TABLE accounts_log (
  account_id STRING,
  terms STRING,
  kafka_partition INT METADATA FROM 'partition' VIRTUAL,
  kafka_offset BIGINT METADATA FROM 'offset' VIRTUAL,
  row_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  WATERMARK FOR row_time AS row_time
) WITH ({{options}})

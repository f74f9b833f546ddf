-- Every record of the usage topic as bytes. Row time is log time: when the record was received.
-- No idleness: a partition that cannot be read must hold the watermark.
CREATE TEMPORARY TABLE usage_log (
  record_key STRING,
  payload BYTES,
  kafka_partition INT METADATA FROM 'partition' VIRTUAL,
  kafka_offset BIGINT METADATA FROM 'offset' VIRTUAL,
  row_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  WATERMARK FOR row_time AS row_time - INTERVAL '{{watermark_slack}}' DAY TO SECOND(3)
) WITH ({{options}})

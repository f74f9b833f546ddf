"""The stream's tables of what was taken back, declared as those of `iceberg.tables`."""

from iceberg.columns import BATCH_INDEX, JOB_VERSION, KAFKA_PLACE, METERED
from iceberg.table import Column, Table
from schemas.content import Content

RETRACTIONS = Table(
    name="retractions",
    doc="Each request to take an event back, the first of its identity; with or without effect.",
    content=Content.RECORDS,
    columns=(
        Column("event_source", "string", "CloudEvents source of the retraction."),
        Column("event_id", "string", "CloudEvents id of the retraction."),
        METERED[0],
        Column("retracted_source", "string", "Source of the event to be taken back."),
        Column("retracted_id", "string", "Id of the event to be taken back."),
        *KAFKA_PLACE,
        BATCH_INDEX,
        JOB_VERSION,
    ),
    key=("kafka_partition", "kafka_offset", "batch_index"),
    partition_by="log_time",
)

RETRACTED_USAGE = Table(
    name="retracted_usage",
    doc="What retractions took back: one row for each event and meter, once.",
    content=Content.RECORDS,
    columns=(
        *METERED,
        Column("event_source", "string", "CloudEvents source of the event."),
        Column("event_id", "string", "CloudEvents id of the event."),
        Column("kafka_partition", "int", "Partition of the event."),
        Column("kafka_offset", "long", "Offset of the event."),
        BATCH_INDEX,
        Column("event_time", "timestamptz", "When the event happened."),
        Column("quantity", "decimal(38,9)", "Its units, as the meter reads them."),
        Column("log_time", "timestamptz", "Kafka timestamp of the first retraction behind it."),
        JOB_VERSION,
    ),
    key=("event_source", "event_id", "meter_id"),
    partition_by="log_time",
)

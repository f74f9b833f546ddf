"""Columns and keys that several tables share."""

from dataclasses import replace

from iceberg.table import Column

ROW_ID = Column("row_id", "string", "Deterministic id. A commit may come twice: take each id once.")
METERED = (
    Column("account_id", "string", "The account that is metered (CloudEvents subject)."),
    Column("meter_id", "string", "The meter, as named in the meters file."),
    Column("dimensions", "string", 'Canonical JSON, such as {"origin":"JFK"}; {} without any.'),
)
PERIOD = (
    Column("period_start", "timestamptz", "Start of the billing period, inclusive (event time)."),
    Column("period_end", "timestamptz", "End of the billing period, exclusive (event time)."),
    Column("timezone", "string", "IANA zone whose wall clock set the period's boundaries."),
)
AGGREGATION = Column(
    "aggregation", "string", "How the quantity is formed, as named in the meters file."
)
BREAKDOWN = Column(
    "breakdown",
    "string",
    "What the quantity was formed from, canonical JSON; null where the quantity says it all.",
    required=False,
)
UNIT = Column("unit", "string", "Unit of the quantity, as named in the meters file.")
REVISION_KEY = ("account_id", "meter_id", "dimensions", "period_start", "period_end", "revision")
EVENT_TIMES = (
    Column("first_event_time", "timestamptz", "Earliest event time among this row's events."),
    Column("last_event_time", "timestamptz", "Latest event time among this row's events."),
    Column("first_log_time", "timestamptz", "Earliest log time (receipt) among this row's events."),
    Column("last_log_time", "timestamptz", "Latest log time (receipt) among this row's events."),
)
# A level carried over a period's end makes rows without events.
TIMES_IF_ANY = tuple(replace(column, required=False) for column in EVENT_TIMES)
TERMS_VERSION = Column("terms_version", "int", "Version of the account's terms.")
JOB_VERSION = Column("job_version", "string", "Version of the program that wrote the row.")
PAYLOAD = Column("payload", "binary", "The record's value; null for a tombstone.", required=False)
KAFKA_PLACE = (
    Column("kafka_partition", "int", "Partition of the usage topic."),
    Column("kafka_offset", "long", "Offset in the partition."),
    Column("log_time", "timestamptz", "The record's Kafka timestamp: when it was received."),
)
BATCH_INDEX = Column(
    "batch_index", "int", "Index in the batch, from 0; null: the record is no batch.", False
)

PART = Column("part", "string", "Value or place of what cannot be summed up.", required=False)
WINDOW_FACTS = (
    Column("event_count", "long", "How many events the quantity aggregates."),
    *EVENT_TIMES,
    Column("log_window_end", "timestamptz", "End of the log-time window that gathered the events."),
    Column(
        "is_retraction",
        "boolean",
        "Whether the events are taken back: count and quantity are negated. Null is false.",
        required=False,
    ),
    JOB_VERSION,
)

WAITED = (
    Column("event_window_start", "timestamptz", "Start of the event window of the usage."),
    PART,
    Column("quantity", "decimal(38,9)", "Greatest or least units, as the meter asks, or the sum."),
    UNIT,
    *WINDOW_FACTS,
)

METERED_KEY = ("account_id", "meter_id", "dimensions")
WAITED_KEY = (
    *METERED_KEY,
    "event_window_start",
    "part",
    "log_window_end",
    "is_retraction",
)

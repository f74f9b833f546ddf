"""The one declaration of every table: what creates, writes or documents a table asks here.

Plain data, no library: the stream takes its ordered columns and SQL types from it,
`iceberg.creating` the Iceberg schema, and `docs/tables.md` its text.

No table declares Iceberg identifier fields. Flink's sink reads them as equality fields: it then
keeps every key of a checkpoint on the heap and writes delete files. The natural key is stated here
and in the table property `meterclose.key`; readers take each row once.
"""

from dataclasses import replace

from iceberg.table import Column, Table

_ROW_ID = Column(
    "row_id", "string", "Deterministic id. A commit may come twice: take each id once."
)
_METERED = (
    Column("account_id", "string", "The account that is metered (CloudEvents subject)."),
    Column("meter_id", "string", "The meter, as named in the meters file."),
    Column("dimensions", "string", 'Canonical JSON, such as {"origin":"JFK"}; {} without any.'),
)
_PERIOD = (
    Column("period_start", "timestamptz", "Start of the billing period, inclusive (event time)."),
    Column("period_end", "timestamptz", "End of the billing period, exclusive (event time)."),
    Column("timezone", "string", "IANA zone whose wall clock set the period's boundaries."),
)
_AGGREGATION = Column(
    "aggregation", "string", "How the quantity is formed, as named in the meters file."
)
_BREAKDOWN = Column(
    "breakdown",
    "string",
    "What the quantity was formed from, canonical JSON; null where the quantity says it all.",
    required=False,
)
_UNIT = Column("unit", "string", "Unit of the quantity, as named in the meters file.")
_REVISION_KEY = ("account_id", "meter_id", "dimensions", "period_start", "period_end", "revision")
_EVENT_TIMES = (
    Column("first_event_time", "timestamptz", "Earliest event time among this row's events."),
    Column("last_event_time", "timestamptz", "Latest event time among this row's events."),
    Column("first_log_time", "timestamptz", "Earliest log time (receipt) among this row's events."),
    Column("last_log_time", "timestamptz", "Latest log time (receipt) among this row's events."),
)
# A level carried over a period's end makes rows without events.
_TIMES_IF_ANY = tuple(replace(column, required=False) for column in _EVENT_TIMES)
_TERMS_VERSION = Column("terms_version", "int", "Version of the account's terms.")
_JOB_VERSION = Column("job_version", "string", "Version of the program that wrote the row.")
_PAYLOAD = Column("payload", "binary", "The record's value; null for a tombstone.", required=False)
_KAFKA_PLACE = (
    Column("kafka_partition", "int", "Partition of the usage topic."),
    Column("kafka_offset", "long", "Offset in the partition."),
    Column("log_time", "timestamptz", "The record's Kafka timestamp: when it was received."),
)
_BATCH_INDEX = Column(
    "batch_index", "int", "Index in the batch, from 0; null: the record is no batch.", False
)

RAW_EVENTS = Table(
    name="raw_events",
    doc="Every record of the usage topic as received, valid or not: what all else is checked by.",
    columns=(
        *_KAFKA_PLACE,
        Column("record_key", "string", "The record's Kafka key.", required=False),
        _PAYLOAD,
    ),
    key=("kafka_partition", "kafka_offset"),
    partition_by="log_time",
)

REJECTED_EVENTS = Table(
    name="rejected_events",
    doc="What cannot be metered, or not by one meter: records, and events of batches.",
    columns=(
        Column("reason", "string", "Why, from a closed list (schemas/rejected_event.py)."),
        Column("meter_id", "string", "The meter that cannot count it; null: none.", required=False),
        *_KAFKA_PLACE,
        _BATCH_INDEX,
        Column("event_source", "string", "CloudEvents source, if readable.", required=False),
        Column("event_id", "string", "CloudEvents id, if readable.", required=False),
        Column("account_id", "string", "CloudEvents subject, if readable.", required=False),
        _PAYLOAD,
        _JOB_VERSION,
    ),
    key=("kafka_partition", "kafka_offset", "batch_index", "meter_id"),
    partition_by="log_time",
)

CLOSED_USAGE = Table(
    name="closed_usage",
    doc="Usage of an account, meter and billing period received up to the cut; never rewritten.",
    columns=(
        _ROW_ID,
        *_METERED,
        *_PERIOD,
        _AGGREGATION,
        Column("quantity", "decimal(38,9)", "Aggregate of what was received up to the cut."),
        _BREAKDOWN,
        _UNIT,
        Column("event_count", "long", "How many events the quantity aggregates."),
        Column("revision", "int", "Always 0: what stood at the cut."),
        Column("cut", "timestamptz", "Period end plus grace: last log time counted here."),
        *_TIMES_IF_ANY,
        _TERMS_VERSION,
        _JOB_VERSION,
    ),
    key=_REVISION_KEY,
    partition_by="period_start",
)

USAGE_CORRECTIONS = Table(
    name="usage_corrections",
    doc="Usage received after a period's cut: one row per gathering bucket and revision.",
    columns=(
        _ROW_ID,
        Column("corrected_row_id", "string", "Id of the revision before, if any.", required=False),
        *_METERED,
        *_PERIOD,
        _AGGREGATION,
        Column("quantity", "decimal(38,9)", "New aggregate, corrections included."),
        Column("quantity_delta", "decimal(38,9)", "New quantity less that of the revision before."),
        _BREAKDOWN,
        _UNIT,
        Column("event_count", "long", "How many events the new quantity aggregates."),
        Column("event_count_delta", "long", "How many of them arrived in this bucket."),
        Column("revision", "int", "1 for the period's first correction, then 2, 3, ..."),
        Column("cut", "timestamptz", "Period end plus grace: last log time of revision 0."),
        Column("correction_end", "timestamptz", "End of the gathering bucket (log time)."),
        *_TIMES_IF_ANY,
        _TERMS_VERSION,
        _JOB_VERSION,
    ),
    key=_REVISION_KEY,
    partition_by="period_start",
)

_PART = Column("part", "string", "Value or place of what cannot be summed up.", required=False)
_WINDOW_FACTS = (
    Column("event_count", "long", "How many events the quantity aggregates."),
    *_EVENT_TIMES,
    Column("log_window_end", "timestamptz", "End of the log-time window that gathered the events."),
    Column(
        "is_retraction",
        "boolean",
        "Whether the events are taken back: count and quantity are negated. Null is false.",
        required=False,
    ),
    _JOB_VERSION,
)

_WAITED = (
    Column("event_window_start", "timestamptz", "Start of the event window of the usage."),
    _PART,
    Column("quantity", "decimal(38,9)", "Greatest or least units, as the meter asks, or the sum."),
    _UNIT,
    *_WINDOW_FACTS,
)

_METERED_KEY = ("account_id", "meter_id", "dimensions")
_WAITED_KEY = (
    *_METERED_KEY,
    "event_window_start",
    "part",
    "log_window_end",
    "is_retraction",
)

METERING_WINDOWS = Table(
    name="metering_windows",
    doc="Running usage, before any period closes: what arrived in one log window for one window.",
    columns=(
        *_METERED,
        Column("event_window_start", "timestamptz", "Start of the event window (event time)."),
        Column("event_window_s", "int", "Width of the event window in seconds."),
        _PART,
        _AGGREGATION,
        Column("quantity", "decimal(38,9)", "Greatest or least units, as the meter asks, or sum."),
        _UNIT,
        *_WINDOW_FACTS,
    ),
    key=(
        *_METERED_KEY,
        "event_window_start",
        "event_window_s",
        "part",
        "log_window_end",
        "is_retraction",
    ),
    partition_by="event_window_start",
)

EXPIRED_USAGE = Table(
    name="expired_usage",
    doc="Usage received after its period's correction horizon: in no total, a person decides.",
    columns=(_ROW_ID, *_METERED, *_PERIOD, *_WAITED),
    key=_WAITED_KEY,
    partition_by="log_window_end",
)

UNASSIGNED_USAGE = Table(
    name="unassigned_usage",
    doc="Usage without a billing period: its account, terms or meter were not known.",
    columns=(
        _ROW_ID,
        *_METERED,
        Column(
            "reason",
            "string",
            "unknown_account, no_terms, contract_ended, no_period or unknown_meter.",
        ),
        *_WAITED,
    ),
    key=_WAITED_KEY,
    partition_by="log_window_end",
)

DIMENSION_OVERFLOWS = Table(
    name="dimension_overflows",
    doc="An account passed a meter's limit of dimensions in a period: further ones are one row.",
    columns=(
        _ROW_ID,
        _METERED[0],
        _METERED[1],
        Column("overflow_dimensions", "string", "The dimensions all further usage counts under."),
        *_PERIOD,
        Column("max_dimensions", "int", "The limit, as configured for the meter."),
        Column("full_since", "timestamptz", "Log time from which on new dimensions are not kept."),
        _JOB_VERSION,
    ),
    key=("account_id", "meter_id", "period_start"),
    partition_by="period_start",
)

RETRACTIONS = Table(
    name="retractions",
    doc="Each request to take an event back, the first of its identity; with or without effect.",
    columns=(
        Column("event_source", "string", "CloudEvents source of the retraction."),
        Column("event_id", "string", "CloudEvents id of the retraction."),
        _METERED[0],
        Column("retracted_source", "string", "Source of the event to be taken back."),
        Column("retracted_id", "string", "Id of the event to be taken back."),
        *_KAFKA_PLACE,
        _BATCH_INDEX,
        _JOB_VERSION,
    ),
    key=("kafka_partition", "kafka_offset", "batch_index"),
    partition_by="log_time",
)

RETRACTED_USAGE = Table(
    name="retracted_usage",
    doc="What retractions took back: one row for each event and meter, once.",
    columns=(
        *_METERED,
        Column("event_source", "string", "CloudEvents source of the event."),
        Column("event_id", "string", "CloudEvents id of the event."),
        Column("kafka_partition", "int", "Partition of the event."),
        Column("kafka_offset", "long", "Offset of the event."),
        _BATCH_INDEX,
        Column("event_time", "timestamptz", "When the event happened."),
        Column("quantity", "decimal(38,9)", "Its units, as the meter reads them."),
        Column("log_time", "timestamptz", "Kafka timestamp of the first retraction behind it."),
        _JOB_VERSION,
    ),
    key=("event_source", "event_id", "meter_id"),
    partition_by="log_time",
)

REJECTED_ACCOUNTS = Table(
    name="rejected_accounts",
    doc="Records of the accounts topic that cannot be used; the account keeps its former terms.",
    columns=(
        Column("account_id", "string", "The record's Kafka key."),
        Column("reason", "string", "bad_terms, key_mismatch, off_window, too_late or tombstone."),
        Column("detail", "string", "What was expected and found, in one line."),
        Column("kafka_partition", "int", "Partition of the accounts topic."),
        Column("kafka_offset", "long", "Offset in the partition."),
        Column("log_time", "timestamptz", "The record's Kafka timestamp."),
        Column("terms", "string", "The record's value; null for a tombstone.", required=False),
        _JOB_VERSION,
    ),
    key=("kafka_partition", "kafka_offset"),
    partition_by="log_time",
)

TABLES: tuple[Table, ...] = (
    RAW_EVENTS,
    REJECTED_EVENTS,
    METERING_WINDOWS,
    CLOSED_USAGE,
    USAGE_CORRECTIONS,
    EXPIRED_USAGE,
    UNASSIGNED_USAGE,
    DIMENSION_OVERFLOWS,
    RETRACTIONS,
    RETRACTED_USAGE,
    REJECTED_ACCOUNTS,
)

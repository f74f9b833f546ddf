"""The one declaration of every table: what creates, writes or documents a table asks here.

Plain data, no library: the stream takes its ordered columns and SQL types from it,
`iceberg.creating` the Iceberg schema, and `docs/tables.md` its text.

No table declares Iceberg identifier fields. Flink's sink reads them as equality fields: it then
keeps every key of a checkpoint on the heap and writes delete files. The natural key is stated here
and in the table property `meterclose.key`; readers take each row once.
"""

from iceberg.account_tables import ACCOUNTS, REJECTED_ACCOUNTS
from iceberg.change_tables import ACCEPTED_COMMITS, TABLE_CHANGES
from iceberg.charge_reconciliation_table import CHARGE_RECONCILIATIONS
from iceberg.charge_tables import CHARGES, RUNS
from iceberg.columns import (
    AGGREGATION,
    BATCH_INDEX,
    BREAKDOWN,
    JOB_VERSION,
    KAFKA_PLACE,
    METERED,
    METERED_KEY,
    PART,
    PAYLOAD,
    PERIOD,
    REVISION_KEY,
    ROW_ID,
    TERMS_VERSION,
    TIMES_IF_ANY,
    UNIT,
    WAITED,
    WAITED_KEY,
    WINDOW_FACTS,
)
from iceberg.decided_tables import (
    BACKFILLED_EVENTS,
    BROUGHT_BACK_USAGE,
    FREEZES,
    MANUAL_ACTS,
    REPAIRED_USAGE,
    USAGE_ADJUSTMENTS,
)
from iceberg.invoice_tables import INVOICES
from iceberg.ledger_tables import JOURNAL
from iceberg.pricing_tables import PRICING_TABLES
from iceberg.reconciliation_tables import RECONCILIATION_TABLES
from iceberg.retraction_tables import RETRACTED_USAGE, RETRACTIONS
from iceberg.seal_tables import SEALS
from iceberg.service_tables import SERVICE_LEVELS
from iceberg.table import Column, Table
from schemas.content import Content

RAW_EVENTS = Table(
    name="raw_events",
    doc="Every record of the usage topic as received, valid or not: what all else is checked by.",
    content=Content.RECORDS,
    columns=(
        *KAFKA_PLACE,
        Column("record_key", "string", "The record's Kafka key.", required=False),
        PAYLOAD,
    ),
    key=("kafka_partition", "kafka_offset"),
    partition_by="log_time",
)

REJECTED_EVENTS = Table(
    name="rejected_events",
    doc="What cannot be metered, or not by one meter: records, and events of batches.",
    content=Content.RECORDS,
    columns=(
        Column("reason", "string", "Why, from a closed list (schemas/rejected_event.py)."),
        Column("meter_id", "string", "The meter that cannot count it; null: none.", required=False),
        *KAFKA_PLACE,
        BATCH_INDEX,
        Column("event_source", "string", "CloudEvents source, if readable.", required=False),
        Column("event_id", "string", "CloudEvents id, if readable.", required=False),
        Column("account_id", "string", "CloudEvents subject, if readable.", required=False),
        PAYLOAD,
        JOB_VERSION,
    ),
    key=("kafka_partition", "kafka_offset", "batch_index", "meter_id"),
    partition_by="log_time",
)

CLOSED_USAGE = Table(
    name="closed_usage",
    doc="Usage of an account, meter and billing period received up to the cut; never rewritten.",
    content=Content.USAGE,
    columns=(
        ROW_ID,
        *METERED,
        *PERIOD,
        AGGREGATION,
        Column("quantity", "decimal(38,9)", "Aggregate of what was received up to the cut."),
        BREAKDOWN,
        UNIT,
        Column("event_count", "long", "How many events the quantity aggregates."),
        Column("revision", "int", "Always 0: what stood at the cut."),
        Column("cut", "timestamptz", "Period end plus grace: last log time counted here."),
        *TIMES_IF_ANY,
        TERMS_VERSION,
        JOB_VERSION,
    ),
    key=REVISION_KEY,
    partition_by="period_start",
)

USAGE_CORRECTIONS = Table(
    name="usage_corrections",
    doc="Usage received after a period's cut: one row per gathering bucket and revision.",
    content=Content.USAGE,
    columns=(
        ROW_ID,
        Column("corrected_row_id", "string", "Id of the revision before, if any.", required=False),
        *METERED,
        *PERIOD,
        AGGREGATION,
        Column("quantity", "decimal(38,9)", "New aggregate, corrections included."),
        Column("quantity_delta", "decimal(38,9)", "New quantity less that of the revision before."),
        BREAKDOWN,
        UNIT,
        Column("event_count", "long", "How many events the new quantity aggregates."),
        Column("event_count_delta", "long", "How many of them arrived in this bucket."),
        Column("revision", "int", "1 for the period's first correction, then 2, 3, ..."),
        Column("cut", "timestamptz", "Period end plus grace: last log time of revision 0."),
        Column("correction_end", "timestamptz", "End of the gathering bucket (log time)."),
        *TIMES_IF_ANY,
        TERMS_VERSION,
        JOB_VERSION,
    ),
    key=REVISION_KEY,
    partition_by="period_start",
)

METERING_WINDOWS = Table(
    name="metering_windows",
    doc="Running usage, before any period closes: what arrived in one log window for one window.",
    content=Content.USAGE,
    columns=(
        *METERED,
        Column("event_window_start", "timestamptz", "Start of the event window (event time)."),
        Column("event_window_s", "int", "Width of the event window in seconds."),
        PART,
        AGGREGATION,
        Column("quantity", "decimal(38,9)", "Greatest or least units, as the meter asks, or sum."),
        UNIT,
        *WINDOW_FACTS,
    ),
    key=(
        *METERED_KEY,
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
    content=Content.USAGE,
    columns=(ROW_ID, *METERED, *PERIOD, *WAITED),
    key=WAITED_KEY,
    partition_by="log_window_end",
)

UNASSIGNED_USAGE = Table(
    name="unassigned_usage",
    doc="Usage without a billing period: its account, terms or meter were not known.",
    content=Content.USAGE,
    columns=(
        ROW_ID,
        *METERED,
        Column(
            "reason",
            "string",
            "unknown_account, no_terms, contract_ended, no_period or unknown_meter.",
        ),
        *WAITED,
    ),
    key=WAITED_KEY,
    partition_by="log_window_end",
)

DIMENSION_OVERFLOWS = Table(
    name="dimension_overflows",
    doc="An account passed a meter's limit of dimensions in a period: further ones are one row.",
    content=Content.USAGE,
    columns=(
        ROW_ID,
        METERED[0],
        METERED[1],
        Column("overflow_dimensions", "string", "The dimensions all further usage counts under."),
        PERIOD[0],
        Column(
            "period_end",
            "timestamptz",
            "End of the billing period by the terms of that moment: new ones may end it earlier.",
        ),
        PERIOD[2],
        Column("max_dimensions", "int", "The limit, as configured for the meter."),
        Column("full_since", "timestamptz", "Log time from which on new dimensions are not kept."),
        JOB_VERSION,
    ),
    key=("account_id", "meter_id", "period_start"),
    partition_by="period_start",
)

BUDGET_ALERTS = Table(
    name="budget_alerts",
    doc="Usage reached a threshold of an account's budget in a period: one row, whatever follows.",
    content=Content.USAGE,
    columns=(
        ROW_ID,
        METERED[0],
        METERED[1],
        *PERIOD,
        Column("budget_quantity", "decimal(38,9)", "The budget, as in the account's record."),
        Column("threshold_percent", "int", "Which of its thresholds was reached."),
        Column("quantity", "decimal(38,9)", "Running total with which it was reached."),
        UNIT,
        Column("reached", "timestamptz", "End of the log window with which it was reached."),
        JOB_VERSION,
    ),
    key=("account_id", "meter_id", "period_start", "budget_quantity", "threshold_percent"),
    partition_by="reached",
)

USAGE_TABLES: tuple[Table, ...] = (
    RAW_EVENTS,
    REJECTED_EVENTS,
    METERING_WINDOWS,
    CLOSED_USAGE,
    USAGE_CORRECTIONS,
    EXPIRED_USAGE,
    UNASSIGNED_USAGE,
    BROUGHT_BACK_USAGE,
    USAGE_ADJUSTMENTS,
    DIMENSION_OVERFLOWS,
    RETRACTIONS,
    RETRACTED_USAGE,
    BUDGET_ALERTS,
    ACCOUNTS,
    REJECTED_ACCOUNTS,
)
"""What the stream writes, and what people decided of it."""

STREAM_TABLES: tuple[Table, ...] = tuple(
    table for table in USAGE_TABLES if table not in REPAIRED_USAGE
)
"""What the stream alone writes: all of it is committed with the job's checkpoints."""

TABLES: tuple[Table, ...] = (
    *USAGE_TABLES,
    *PRICING_TABLES,
    BACKFILLED_EVENTS,
    FREEZES,
    CHARGES,
    INVOICES,
    RUNS,
    JOURNAL,
    TABLE_CHANGES,
    ACCEPTED_COMMITS,
    MANUAL_ACTS,
    SERVICE_LEVELS,
    SEALS,
    CHARGE_RECONCILIATIONS,
    *RECONCILIATION_TABLES,
)
"""All tables, as they are created, checked and documented."""

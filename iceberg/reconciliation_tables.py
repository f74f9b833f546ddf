"""The tables of reconciliations, declared as those of `iceberg.tables`. Programs write here."""

from iceberg.columns import JOB_VERSION
from iceberg.table import Column, Table
from schemas.content import Content

RECONCILIATIONS = Table(
    name="reconciliations",
    doc="Runs of the audit: one row for each, whether or not it found differences.",
    content=Content.OPERATIONS,
    columns=(
        Column("run_id", "string", "The run: made of what it looked at, and when."),
        Column("at", "timestamptz", "When it ran, by the clock of the program."),
        Column("checkpoint_id", "long", "The job's checkpoint that the tables were read at."),
        Column("input_snapshots", "string", "Snapshot id of each table read, canonical JSON."),
        Column(
            "settled_until",
            "timestamptz",
            "Rows due up to this log time must be there; null: no row must be yet.",
            required=False,
        ),
        Column("narrowed_to", "string", "Accounts and periods asked for, canonical JSON; {}: all."),
        Column("records", "long", "Records in the archive, each place once."),
        Column("batch_events", "long", "Events in records that are batches."),
        Column("fates", "string", "Records and events by fate, canonical JSON."),
        Column("rows_recomputed", "long", "Closed rows and corrections that were worked out."),
        Column("conflicts", "long", "Records with a counted identity and other content."),
        Column("gaps", "long", "Gaps in offsets of the archive, explained ones included."),
        Column("repeats_beyond_horizon", "long", "Repeats that the job counts, as it forgot."),
        Column("differences", "long", "What is not as it must be; 0: the tables are right."),
        Column(
            "explained_gaps",
            "string",
            "Gaps that no run had explained before: partition, first offset, first after, JSON.",
            required=False,
        ),
        Column(
            "looked_at",
            "string",
            "First offset after those that were looked at, by partition, canonical JSON.",
            required=False,
        ),
        JOB_VERSION,
    ),
    key=("run_id",),
    partition_by="at",
)

RECONCILIATION_DIFFERENCES = Table(
    name="reconciliation_differences",
    doc="What a run of the audit found wrong: one row for each difference.",
    content=Content.OPERATIONS,
    columns=(
        Column("run_id", "string", "The run."),
        Column("difference_no", "int", "Place among the run's differences, from 0."),
        Column("at", "timestamptz", "When it ran, by the clock of the program."),
        Column("kind", "string", "Why, from a closed list (audit/difference.py)."),
        Column("table_name", "string", "The table that is wrong."),
        Column("account_id", "string", "Whose usage it is.", required=False),
        Column("meter_id", "string", "Of which meter.", required=False),
        Column("dimensions", "string", "Of which dimensions, canonical JSON.", required=False),
        Column(
            "period_start",
            "timestamptz",
            "Start of the billing period, or of the event window of usage beside all periods.",
            required=False,
        ),
        Column("period_end", "timestamptz", "End of the billing period.", required=False),
        Column("revision", "int", "Of which revision.", required=False),
        Column("expected", "string", "What must be there, by the recompute."),
        Column("found", "string", "What is there."),
        Column("events", "string", "Events that account for it: source, id and place, JSON."),
        Column("more_events", "long", "How many more there are than are listed."),
        Column("explained_by", "string", "How the events were found (audit/difference.py)."),
        JOB_VERSION,
    ),
    key=("run_id", "difference_no"),
    partition_by="at",
)

RECONCILIATION_TABLES = (RECONCILIATIONS, RECONCILIATION_DIFFERENCES)

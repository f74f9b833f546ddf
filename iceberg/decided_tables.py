"""The tables that people's decisions write, declared as those of `iceberg.tables`.

The stream never writes here, and the programs never write there: no revision number, and no
commit, is fought over.
"""

from iceberg.table import Column, Table

BROUGHT_BACK_USAGE = Table(
    name="brought_back_usage",
    doc="Expired or unassigned usage that a person brought back: it counts in its period's total.",
    columns=(
        Column("row_id", "string", "Deterministic id, made of source_row_id alone."),
        Column("source_table", "string", "Where it stood: expired_usage or unassigned_usage."),
        Column("source_row_id", "string", "Its row there, brought back once."),
        Column("account_id", "string", "The account that is metered (CloudEvents subject)."),
        Column("meter_id", "string", "The meter, as named in the meters file."),
        Column("dimensions", "string", "Canonical JSON, such as {}, as in the source row."),
        Column("period_start", "timestamptz", "Start of the billing period, inclusive."),
        Column("period_end", "timestamptz", "End of the billing period, exclusive."),
        Column("timezone", "string", "IANA zone whose wall clock set the period's boundaries."),
        Column("aggregation", "string", "How it joins the quantity: as named in the meters file."),
        Column(
            "quantity", "decimal(38,9)", "Greatest or least units, or the sum; see event_count."
        ),
        Column("unit", "string", "Unit of the quantity, as named in the meters file."),
        Column("event_count", "long", "How many events; below zero, as quantity, if taken back."),
        Column("first_event_time", "timestamptz", "Earliest event time among its events."),
        Column("last_event_time", "timestamptz", "Latest event time among its events."),
        Column("first_log_time", "timestamptz", "Earliest log time (receipt) among its events."),
        Column("last_log_time", "timestamptz", "Latest log time (receipt) among its events."),
        Column(
            "terms_version",
            "int",
            "Version of the terms that gave the period; null where the row expired in it.",
            required=False,
        ),
        Column("decided_by", "string", "Who brought it back."),
        Column("reason", "string", "Why, in the words of that person."),
        Column("decided_at", "timestamptz", "When, by the clock of the program."),
        Column("job_version", "string", "Version of the program that wrote the row."),
    ),
    key=("source_row_id",),
    partition_by="decided_at",
)

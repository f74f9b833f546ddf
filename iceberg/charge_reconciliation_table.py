"""The table of reconciliations of charges, declared as those of `iceberg.tables`.

`python -m jobs.reconcile_charges` writes it; service levels and people read it.
"""

from iceberg.columns import JOB_VERSION, ROW_ID
from iceberg.table import Column, Table
from schemas.content import Content

CHARGE_RECONCILIATIONS = Table(
    name="charge_reconciliations",
    doc="Reconciliations of usage, charges, ledger and invoices: a row of each, and its findings.",
    content=Content.OPERATIONS,
    columns=(
        ROW_ID,
        Column("reconciliation_id", "string", "Deterministic id: of what was read, and when."),
        Column("number", "int", "0: the reconciliation itself; from 1 on what differs."),
        Column("kind", "string", "reconciliation, or what is wrong (docs/reconciling-charges.md)."),
        Column("at", "timestamptz", "When it was made, by the clock of the program."),
        Column("run_id", "string", "Pricing run up to which; null: there is none.", required=False),
        Column("account_id", "string", "Whose difference it is, if anybody's.", required=False),
        Column("currency", "string", "ISO 4217 code of what differs, if amounts.", required=False),
        Column("period_start", "timestamptz", "Of the billing period, if of one.", required=False),
        Column("period_end", "timestamptz", "End of that period, exclusive.", required=False),
        Column("ids", "string", "Rows that it is about, canonical JSON, at most 100."),
        Column("expected", "string", "What should be there; of number 0: that all holds."),
        Column("found", "string", "What is; of number 0: holds or differs."),
        Column(
            "totals",
            "string",
            "Of number 0: equations with their sides, counts and coverage, canonical JSON.",
            required=False,
        ),
        Column(
            "input_snapshots",
            "string",
            "Of number 0: snapshot id of each table read, canonical JSON.",
            required=False,
        ),
        JOB_VERSION,
    ),
    key=("reconciliation_id", "number"),
    partition_by="at",
)

"""The tables that pricing runs write, declared as those of `iceberg.tables`.

The stream never writes here: a charge changes no usage, and pricing can be done again.
"""

from iceberg.columns import PERIOD
from iceberg.table import Column, Table
from schemas.content import Content

CHARGES = Table(
    name="charges",
    doc="What each line of an account's billing period comes to, and each revision adds.",
    content=Content.MONEY,
    columns=(
        Column("charge_id", "string", "Deterministic id: of account, period, line and revision."),
        Column(
            "corrected_charge_id", "string", "Id of the revision before, if any.", required=False
        ),
        Column("account_id", "string", "The account that owes it."),
        *PERIOD,
        Column("kind", "string", "What it is for, from a closed list (schemas/statement.py)."),
        Column("line_id", "string", "Id of the price, fee, discount, grant or rate card."),
        Column("group", "string", "Canonical JSON of the dimensions priced apart; {} without any."),
        Column("segment_start", "timestamptz", "Start of the part of the period that it is for."),
        Column("segment_end", "timestamptz", "End of that part, exclusive."),
        Column("revision", "int", "0 for the first row of a line, then 1, 2, 3, ..."),
        Column("product", "string", "What the revenue is booked for; empty of paid credit."),
        Column("meter_id", "string", "The meter, of usage; else empty."),
        Column("unit", "string", "Unit of the quantity, else empty."),
        Column("quantity", "decimal(38,9)", "Priced in all, this revision included."),
        Column("breakdown", "string", "How the new amount was formed, exactly, canonical JSON."),
        Column("amount", "decimal(38,12)", "What this row adds before rounding, half even."),
        Column("amount_minor", "long", "What this row adds, in minor units of the currency."),
        Column("total_minor", "long", "What all revisions up to this one come to."),
        Column("currency", "string", "ISO 4217 code."),
        Column("card_id", "string", "The rate card."),
        Column("card_version", "int", "Its version."),
        Column("contract_version", "int", "Version of the account's contract."),
        Column("usage_row_ids", "string", "Rows of usage it was priced from, canonical JSON."),
        Column("payouts", "string", "What others get of the total: JSON, party and minor units."),
        Column("payouts_delta", "string", "What this row adds to the payouts, in the same form."),
        Column("tags", "string", "Tags of the contract, canonical JSON, for chargeback."),
        Column("due", "timestamptz", "From when on an invoice takes it."),
        Column("run_id", "string", "The run that wrote it."),
    ),
    key=("charge_id",),
    partition_by="period_start",
)

RUNS = Table(
    name="runs",
    doc="Pricing runs: one row when a run starts, one when it has finished.",
    content=Content.OPERATIONS,
    columns=(
        Column("run_id", "string", "The run."),
        Column("status", "string", "started or finished."),
        Column("at", "timestamptz", "When it started, by the clock of the program."),
        Column("input_snapshots", "string", "Snapshot id of each table read, canonical JSON."),
        Column("card_fingerprints", "string", "Hash of each rate card's version, canonical JSON."),
        Column("contract_fingerprint", "string", "Hash of all versions of contracts."),
        Column("code_version", "string", "Version of the program."),
        Column("totals", "string", "Charges and minor units by currency, canonical JSON."),
        Column("output_hash", "string", "Hash of all charges of the run: 64 hex digits."),
    ),
    key=("run_id", "status"),
    partition_by="at",
)

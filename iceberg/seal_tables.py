"""The table of seals, declared as those of `iceberg.tables`.

The stream never writes here: a seal is put on a row when a recompute has proved it.
"""

from iceberg.columns import METERED, PERIOD, UNIT
from iceberg.table import Column, Table
from schemas.content import Content

SEALS = Table(
    name="seals",
    doc="What a closed row or a correction was made of, as one hash: events can be proved by it.",
    content=Content.USAGE,
    columns=(
        Column("row_id", "string", "The sealed row of closed_usage or usage_corrections."),
        *METERED,
        *PERIOD[:2],
        Column("revision", "int", "0: the closed row; n: its n-th correction."),
        Column("quantity", "decimal(38,9)", "The row's quantity, which a recompute has proved."),
        UNIT,
        Column("event_count", "long", "How many events it aggregates: leaves of the tree."),
        Column("root", "string", "SHA-256 over the row and its events, 64 hex digits."),
        Column("algorithm", "string", "How the root is made (docs/explaining.md)."),
        Column("snapshot_ids", "string", "Snapshots it was proved from, canonical JSON."),
        Column("sealed_at", "timestamptz", "When, by the clock of the program."),
    ),
    key=("row_id",),
    partition_by="period_start",
)

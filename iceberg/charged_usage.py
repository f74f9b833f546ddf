"""What some rows of usage come to together, by the same views that pricing reads."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.reading import REVISED_USAGE, check_totals
from iceberg.scratch import open_scratch
from iceberg.tables import CLOSED_USAGE, USAGE_CORRECTIONS
from iceberg.totals import USAGE_TOTALS

_TABLES = (CLOSED_USAGE, USAGE_CORRECTIONS, BROUGHT_BACK_USAGE)


@dataclass(frozen=True, slots=True)
class ChargedTotal:
    """What rows of one meter, dimensions and period come to.

    Attributes:
        dimensions: Canonical JSON.
        aggregation: How the quantity is formed.
        quantity: In the meter's unit.
        event_count: How many events it aggregates.
    """

    dimensions: str
    aggregation: str
    quantity: Decimal
    event_count: int


def charged_totals(
    rows: duckdb.DuckDBPyConnection, row_ids: Collection[str]
) -> tuple[ChargedTotal, ...]:
    """Return what rows come to, ordered by dimensions.

    Args:
        rows: Has the tables of usage (`iceberg.reading.load_revisions`).
        row_ids: Of one meter, account and period.

    Raises:
        BrokenRowsError: A revision is missing, or deltas do not add up to the quantity.
    """
    with open_scratch() as some:
        for table in _TABLES:
            found = rows.sql(
                f"SELECT * FROM {table.name} SEMI JOIN (SELECT unnest(?) AS row_id)"  # noqa: S608
                " USING (row_id)",
                params=[sorted(row_ids)],
            )
            some.register("found", found.to_arrow_table())
            some.execute(f"CREATE TABLE {table.name} AS FROM found")
            some.unregister("found")
        some.execute(REVISED_USAGE)
        some.execute(USAGE_TOTALS)
        check_totals(some)
        totals = some.execute(
            "SELECT dimensions, aggregation, quantity, event_count FROM usage_totals"
            " ORDER BY dimensions"
        ).fetchall()
    return tuple(ChargedTotal(*total) for total in totals)

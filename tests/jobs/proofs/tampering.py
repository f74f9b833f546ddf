"""Writes tables anew: as somebody would who has the files, and as a compaction does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyiceberg.expressions import AlwaysTrue

from iceberg.creating import make_table
from iceberg.cutting import CUT_TABLES
from iceberg.table import Table
from tests.iceberg.filling import append
from tests.jobs.pricing_world import World


def rewrite(
    world: World, table: Table, change: Callable[[dict[str, Any]], dict[str, object] | None]
) -> None:
    """Write a table anew, with the snapshots' checkpoints that it had.

    Args:
        world: Has it.
        table: Which table.
        change: Returns a row as it is to be; None: it is gone.
    """
    catalog = world.catalog
    existing = catalog.load_table(("billing", table.name))
    rows = existing.scan().to_arrow().to_pylist()
    changed = [new for row in rows if (new := change(row)) is not None]
    assert changed != rows, "nothing was changed"
    catalog.drop_table(("billing", table.name))
    make_table(catalog, "billing", table)
    if table not in CUT_TABLES:
        append(catalog, table, changed)
        return
    append(catalog, table, changed, {"flink.max-committed-checkpoint-id": "1"})
    world.commit(2)


def compact(world: World, table: Table) -> None:
    """Write all rows into new files, in another order; old snapshots stay as they are."""
    existing = world.catalog.load_table(("billing", table.name))
    rows = existing.scan().to_arrow().to_pylist()
    with existing.transaction() as transaction:
        transaction.delete(AlwaysTrue())
    append(world.catalog, table, rows[::-1])

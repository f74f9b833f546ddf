"""Lays the tables out for the audit: as they are, in a database on disk, as they may be large."""

from pathlib import Path
from typing import Any

import duckdb

from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.loading_as_is import load_as_is
from iceberg.reconciled_cut import RECONCILED, ReconciledCut
from iceberg.tables import METERING_WINDOWS

_MEMORY = "2GB"
_LATER = """
    CREATE TABLE brought_back_later AS
    FROM brought_back_now ANTI JOIN brought_back_usage USING (row_id)
"""


def open_rows(
    catalog: Any, namespace: str, cut: ReconciledCut, folder: Path
) -> duckdb.DuckDBPyConnection:
    """Return a connection that has each table under its name, but for running usage.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        cut: What is read.
        folder: An empty folder for the database and what does not fit into memory.
    """
    rows = duckdb.connect(str(folder / "reconciled.duckdb"))
    rows.execute("SET TimeZone = 'UTC'")
    rows.execute(f"SET memory_limit = '{_MEMORY}'")
    rows.execute("SET temp_directory = $folder", {"folder": str(folder / "spilled")})
    for table in RECONCILED:
        if table is not METERING_WINDOWS:
            load_as_is(rows, catalog, namespace, table, cut.snapshot_ids.get(table.name))
    now = catalog.load_table((namespace, BROUGHT_BACK_USAGE.name)).current_snapshot()
    snapshot_id = None if now is None else now.snapshot_id
    load_as_is(rows, catalog, namespace, BROUGHT_BACK_USAGE, snapshot_id, "brought_back_now")
    rows.execute(_LATER)
    return rows

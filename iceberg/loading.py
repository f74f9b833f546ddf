"""Copies Iceberg rows into DuckDB, each row once, whatever a writer committed twice."""

from collections.abc import Sequence

import duckdb
from pyiceberg.expressions import AlwaysTrue as Everything
from pyiceberg.expressions import BooleanExpression
from pyiceberg.table import Table as IcebergTable

from iceberg.covering import covered_sql, reach_sql
from iceberg.row_shapes import shown_key
from iceberg.scanning import batch_reader
from iceberg.table import Table
from iceberg.tables import METERING_WINDOWS


class BrokenRowsError(Exception):
    """Rows contradict each other: the tables were written by something else than the job."""


def load_table(
    connection: duckdb.DuckDBPyConnection,
    existing: IcebergTable,
    table: Table,
    columns: str,
    wanted: BooleanExpression = Everything(),  # noqa: B008 - a constant
    snapshot_id: int | None = None,
    is_ordered: bool = True,
) -> None:
    """Copy a table's rows into DuckDB under its name, each identity once, batch after batch.

    Args:
        connection: Gets them.
        existing: The Iceberg table.
        table: Its declaration.
        columns: What is selected, and from what: `committed` has the rows.
        wanted: Which rows.
        snapshot_id: As of which snapshot; None: the current one.
        is_ordered: Whether rows lie in the order of their columns, which takes a sort.

    Raises:
        BrokenRowsError: Two rows of one identity differ.
    """
    scan = existing.scan(wanted, snapshot_id=snapshot_id)
    connection.register("committed", batch_reader(scan))
    loaded = connection.execute(f"CREATE TABLE {table.name} AS SELECT {columns}").fetchone()
    connection.unregister("committed")
    if loaded == (0,):
        return
    identity = _list(table.identity)
    repeated = connection.execute(
        f"SELECT {identity} FROM {table.name}"  # noqa: S608 - names of the declaration
        " GROUP BY ALL HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    if repeated is not None:
        check_repeats(connection, table, table.name)
    if repeated is not None or is_ordered:
        once = f"SELECT DISTINCT ON ({identity}) * FROM {table.name} ORDER BY ALL"  # noqa: S608
        connection.execute(f"CREATE TABLE once AS {once}")
        connection.execute(f"DROP TABLE {table.name}")
        connection.execute(f"ALTER TABLE once RENAME TO {table.name}")
    if table is METERING_WINDOWS:
        connection.execute(f"CREATE TEMP TABLE reach AS {reach_sql(table.name)}")
        covered = covered_sql(table.name, "reach")
        connection.execute(f"DELETE FROM {table.name} WHERE {covered}")  # noqa: S608
        connection.execute("DROP TABLE reach")


def check_repeats(connection: duckdb.DuckDBPyConnection, table: Table, loaded: str) -> None:
    """Raise a BrokenRowsError where rows of one identity differ, in a relation of the table's."""
    content = "* EXCLUDE (job_version)" if "job_version" in table.names else "*"
    identity = _list(table.identity)
    broken = connection.execute(
        f"SELECT {identity} FROM (SELECT DISTINCT {content} FROM {loaded})"  # noqa: S608
        f" GROUP BY {identity} HAVING count(*) > 1 ORDER BY {identity} LIMIT 1"
    ).fetchone()
    if broken is not None:
        raise BrokenRowsError(f"{table.name}: rows of one identity differ: {shown_key(broken)}")


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)

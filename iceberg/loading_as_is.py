"""Copies Iceberg rows into DuckDB as they are, repeats and all: the audit looks at them itself."""

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import AlwaysFalse, AlwaysTrue, BooleanExpression
from pyiceberg.expressions.parser import parse

from iceberg.scanning import batch_reader
from iceberg.table import Table
from iceberg.tables import METERING_WINDOWS
from schemas.instant import EPOCH, MICROSECOND


def load_as_is(
    rows: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    namespace: str,
    table: Table,
    snapshot_id: int | None,
    name: str = "",
    wanted: BooleanExpression = AlwaysTrue(),  # noqa: B008 - a constant
) -> None:
    """Copy a table, batch after batch.

    Args:
        rows: Gets it.
        catalog: Has it.
        namespace: Its own.
        table: Its declaration.
        snapshot_id: As of which snapshot; None: it has no rows.
        name: Of the copy; empty: the table's.
        wanted: Which rows.
    """
    existing = catalog.load_table((namespace, table.name))
    if snapshot_id is None:
        wanted = AlwaysFalse()
    scan = existing.scan(wanted, snapshot_id=snapshot_id)
    rows.register("committed", batch_reader(scan))
    rows.execute(f"CREATE TABLE {name or table.name} AS FROM committed")
    rows.unregister("committed")


def load_windows_as_is(
    rows: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    namespace: str,
    snapshot_id: int | None,
    span: tuple[int, int] | None,
) -> None:
    """Copy running usage of some time; see `load_as_is`.

    Args:
        rows: Gets the table `metering_windows`.
        catalog: Has it.
        namespace: Its own.
        snapshot_id: As of which snapshot; None: there are no rows.
        span: First instant and the one after the last; None: no windows are needed.
    """
    wanted: BooleanExpression = AlwaysFalse()
    if span is not None:
        # A row that was rolled up to a day may begin before the instant that is asked for.
        since, until = (EPOCH + each * MICROSECOND for each in span)
        start = "event_window_start"
        wanted = parse(f"{start} >= '{since.isoformat()}' and {start} < '{until.isoformat()}'")
    load_as_is(rows, catalog, namespace, METERING_WINDOWS, snapshot_id, wanted=wanted)

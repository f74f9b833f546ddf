"""Tables for the tests of maintenance: a few of them, filled as the job does."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlparse

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table as IcebergTable

from iceberg.catalog import open_catalog
from iceberg.creating import make_table
from iceberg.table import Table
from iceberg.tables import RAW_EVENTS
from tests.iceberg.filling import LocalCatalog, append, flink_summary
from tests.iceberg.rows import row_of

NOON = datetime(2013, 2, 5, 12, tzinfo=UTC)
Row = dict[str, object]


def open_some(folder: Path, tables: Iterable[Table]) -> Catalog:
    """Return the catalog of a folder with some tables, which are made where they are missing."""
    catalog = open_catalog(LocalCatalog(folder))
    catalog.create_namespace_if_not_exists("billing")
    for table in tables:
        make_table(catalog, "billing", table)
    return catalog


def load(catalog: Catalog, table: Table = RAW_EVENTS) -> IcebergTable:
    """Return a table as it stands now."""
    return catalog.load_table(("billing", table.name))


def record(offset: int, partition: int = 0, minutes: int | None = None) -> Row:
    """Return a row of `raw_events`, received so many minutes after noon."""
    log_time = NOON + timedelta(minutes=offset if minutes is None else minutes)
    place = {"kafka_partition": partition, "kafka_offset": offset, "log_time": log_time}
    return row_of(RAW_EVENTS, payload=b"{}", record_key="A", **place)


def receive(catalog: Catalog, checkpoint_id: int, *offsets: int, job_id: str = "job") -> None:
    """Commit records as the job does at a checkpoint."""
    rows = [record(offset) for offset in offsets or (checkpoint_id,)]
    append(catalog, RAW_EVENTS, rows, flink_summary(checkpoint_id, job_id))


def rows_of(existing: IcebergTable, snapshot_id: int | None = None) -> list[Row]:
    """Return all rows, repeated ones included, in a fixed order."""
    rows: list[Row] = existing.scan(snapshot_id=snapshot_id).to_arrow().to_pylist()
    return sorted(rows, key=str)


def files_on_disk(existing: IcebergTable) -> set[str]:
    """Return the paths of all files in the table's folder."""
    folder = Path(urlparse(existing.location()).path)
    return {str(path) for path in folder.rglob("*") if path.is_file()}

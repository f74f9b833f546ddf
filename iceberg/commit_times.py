"""When rows were committed: from the snapshots that brought their files.

Only what the table still knows can be told: a snapshot that has expired, or one that merged files
of others, does not say when the rows first came.
"""

from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.io.pyarrow import ArrowScan, schema_to_pyarrow
from pyiceberg.table import DataScan
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Operation

from iceberg.flink_commits import last_commit
from iceberg.table import Table
from iceberg.tables import RAW_EVENTS

_MS_US = 1000


def load_commits(
    connection: duckdb.DuckDBPyConnection,
    existing: IcebergTable,
    table: Table,
    columns: tuple[str, ...],
    loaded: str,
) -> None:
    """Copy columns of a table into DuckDB, each row once, with the commit that brought it first.

    Args:
        connection: Gets them.
        existing: The Iceberg table.
        table: Its declaration.
        columns: Which of its columns; those of its identity come with them.
        loaded: Name in DuckDB. It has one column more: `committed_us`, null: nobody knows.
    """
    fields = tuple(dict.fromkeys((*table.identity, *columns)))
    connection.register("brought", _reader(existing, existing.scan(selected_fields=fields)))
    names = ", ".join(fields)
    connection.execute(
        f"CREATE TABLE {loaded} AS"  # noqa: S608 - names of the declaration
        f" SELECT {names}, min(committed_us) AS committed_us FROM brought GROUP BY ALL"
    )
    connection.unregister("brought")


def last_checkpoint_us(catalog: Catalog, namespace: str) -> int | None:
    """Return when the metering job committed a checkpoint last; None: never."""
    last = last_commit(catalog.load_table((namespace, RAW_EVENTS.name)))
    return None if last is None else last.at_ms * _MS_US


def _reader(existing: IcebergTable, scan: DataScan) -> pa.RecordBatchReader:
    # A scan's columns are those of the table, whatever order they were asked for in.
    schema = schema_to_pyarrow(scan.projection())
    whole = schema.append(pa.field("committed_us", pa.int64()))
    batches = _batches(scan, _committed_us(existing))
    return pa.RecordBatchReader.from_batches(whole, (each.cast(whole) for each in batches))


def _batches(scan: DataScan, committed_us: dict[str, int | None]) -> Iterator[Any]:
    arrow_scan = ArrowScan(
        scan.table_metadata, scan.io, scan.projection(), scan.row_filter, scan.case_sensitive
    )
    for task in scan.plan_files():
        since_us = committed_us.get(task.file.file_path)
        for batch in arrow_scan.to_record_batches([task]):
            times = pa.array([since_us] * batch.num_rows, pa.int64())
            yield batch.append_column("committed_us", times)


def _committed_us(existing: IcebergTable) -> dict[str, int | None]:
    """Return when each data file of the table was appended."""
    current = existing.current_snapshot()
    if current is None:
        return {}
    appended_us = {
        each.snapshot_id: each.timestamp_ms * _MS_US
        for each in existing.snapshots()
        if each.summary is None or each.summary.operation is Operation.APPEND
    }
    return {
        entry.data_file.file_path: appended_us.get(entry.snapshot_id or current.snapshot_id)
        for manifest in current.manifests(existing.io)
        for entry in manifest.fetch_manifest_entry(existing.io)
    }

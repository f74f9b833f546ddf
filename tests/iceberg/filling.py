"""Fills tables in tests: rows as plain mappings, appended as Flink does, a file for each month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from urllib.parse import urlparse
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog

from iceberg.table import Table

Summary = dict[str, str]


@dataclass(frozen=True)
class LocalCatalog:
    """Settings of a sqlite catalog in a folder."""

    folder: Path
    name: str = "meterclose"
    namespace: str = "billing"
    type: str = "sqlite"
    read_only: bool = False
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        """Path of the database file."""
        return str(self.folder / "catalog.db")

    @property
    def warehouse(self) -> str:
        """URI of the tables' folder."""
        return (self.folder / "warehouse").as_uri()


def append(
    catalog: Catalog,
    table: Table,
    rows: Sequence[Mapping[str, object]],
    summary: Mapping[str, str] | None = None,
) -> list[str]:
    """Append rows in one snapshot; return the paths of its data files.

    Files are written here, because PyIceberg needs one more package to partition by month.

    Args:
        catalog: Has the table in the namespace `billing`.
        table: Its declaration.
        rows: Values by column; an optional column may be missing.
        summary: Further entries of the snapshot's summary.
    """
    existing = catalog.load_table(("billing", table.name))
    schema = existing.schema().as_arrow()

    def month(row: Mapping[str, object]) -> tuple[int, int]:
        instant = row[table.partition_by]
        assert isinstance(instant, datetime)
        return instant.year, instant.month

    paths = []
    folder = Path(urlparse(existing.location()).path) / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for _, in_month in groupby(sorted(rows, key=month), key=month):
        columns = [{name: row.get(name) for name in table.names} for row in in_month]
        paths.append(str(folder / f"{uuid4()}.parquet"))
        pq.write_table(pa.Table.from_pylist(columns, schema=schema), paths[-1])
    existing.add_files(paths, snapshot_properties=dict(summary or {}))
    return paths


def flink_summary(checkpoint_id: int, job_id: str = "job", operator_id: str = "sink") -> Summary:
    """Return what Flink's sink writes into the summary of a snapshot."""
    return {
        "flink.job-id": job_id,
        "flink.operator-id": operator_id,
        "flink.max-committed-checkpoint-id": str(checkpoint_id),
    }

"""What the audit reads of the tables, and where it writes what it found."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import AlwaysFalse, AlwaysTrue
from pyiceberg.table import Table as IcebergTable

from iceberg.account_tables import ACCOUNTS
from iceberg.checking import RepeatedCommit, repeated_commits
from iceberg.cutting import Cut, common_cut, snapshots_at
from iceberg.decided_tables import BACKFILLED_EVENTS, BROUGHT_BACK_USAGE, USAGE_ADJUSTMENTS
from iceberg.explained_gaps import read_explained_gaps
from iceberg.reading import load_windows
from iceberg.retraction_tables import RETRACTED_USAGE, RETRACTIONS
from iceberg.scanning import batch_reader
from iceberg.table import Table
from iceberg.tables import (
    BUDGET_ALERTS,
    CLOSED_USAGE,
    DIMENSION_OVERFLOWS,
    EXPIRED_USAGE,
    METERING_WINDOWS,
    RAW_EVENTS,
    REJECTED_EVENTS,
    UNASSIGNED_USAGE,
    USAGE_CORRECTIONS,
)
from iceberg.writing import CommitConflictError, append_rows
from schemas.explained_gaps import ExplainedGaps

_SELDOM: tuple[Table, ...] = (
    EXPIRED_USAGE,
    UNASSIGNED_USAGE,
    REJECTED_EVENTS,
    DIMENSION_OVERFLOWS,
    RETRACTIONS,
    RETRACTED_USAGE,
    BUDGET_ALERTS,
    ACCOUNTS,
)
_HELD = (CLOSED_USAGE, USAGE_CORRECTIONS, *_SELDOM)
_AUDITED = (RAW_EVENTS, METERING_WINDOWS, *_HELD)
_ARCHIVE_COLUMNS = ("kafka_partition", "kafka_offset", "log_time", "payload")
_ATTEMPTS = 10


def open_audit(folder: Path, memory_mb: int) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection whose tables lie in a folder and that keeps to so much memory."""
    rows = duckdb.connect(
        folder / "audit.duckdb",
        config={
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": str(folder / "spill"),
            "preserve_insertion_order": "false",
        },
    )
    rows.execute("SET TimeZone = 'UTC'")
    return rows


class AuditedTables:
    """The tables that the audit reads, and those that it writes to, in one namespace."""

    def __init__(self, catalog: Catalog, namespace: str) -> None:
        """Keep where the tables are.

        Args:
            catalog: Has them all.
            namespace: Theirs.
        """
        self._catalog = catalog
        self._namespace = namespace

    def explained_gaps(self) -> ExplainedGaps:
        """Return the gaps in offsets that earlier runs have explained."""
        return read_explained_gaps(self._catalog, self._namespace)

    def find_cut(self, partitions: int) -> Cut | None:
        """Return the newest cut of closed rows, corrections, windows and archive, or None.

        Its snapshots name the other tables that the stream writes as well, as far as they got.
        """
        cut = common_cut(self._catalog, self._namespace, partitions)
        if cut is None:
            return None
        others = snapshots_at(self._catalog, self._namespace, cut.checkpoint_id, _SELDOM)
        return Cut(cut.checkpoint_id, {**cut.snapshot_ids, **others}, cut.received_until_us)

    def load_found(self, rows: duckdb.DuckDBPyConnection, cut: Cut) -> None:
        """Copy what the audit compares into DuckDB, each table under its name, as of a cut.

        A row that a commit repeated is there once. Rows of one identity that differ are both there:
        the audit tells of them. Of `metering_windows` no row is there twice, rolled-up ones
        included.

        Raises:
            BrokenRowsError: Two rows of running usage have one identity and differ.
        """
        for table in _HELD:
            snapshot_id = cut.snapshot_ids.get(table.name)
            wanted = AlwaysFalse() if snapshot_id is None else AlwaysTrue()
            scan = self._load(table).scan(wanted, snapshot_id=snapshot_id)
            _copy(rows, table, batch_reader(scan))
        for table in (BROUGHT_BACK_USAGE, USAGE_ADJUSTMENTS):
            _copy(rows, table, batch_reader(self._load(table).scan()))
        snapshot_id = cut.snapshot_ids.get(METERING_WINDOWS.name)
        wanted = AlwaysFalse() if snapshot_id is None else AlwaysTrue()
        load_windows(rows, self._load(METERING_WINDOWS), wanted, snapshot_id)

    def archive(self, cut: Cut) -> Iterator[pa.RecordBatch]:
        """Yield the archive as of a cut: place, log time and payload, file after file.

        What was read again from Kafka is part of it.
        """
        snapshot_id = cut.snapshot_ids[RAW_EVENTS.name]
        archive = self._load(RAW_EVENTS)
        scan = archive.scan(selected_fields=_ARCHIVE_COLUMNS, snapshot_id=snapshot_id)
        yield from batch_reader(scan)
        read_again = self._load(BACKFILLED_EVENTS)
        yield from batch_reader(read_again.scan(selected_fields=_ARCHIVE_COLUMNS))

    def repeated_commits(self) -> tuple[tuple[str, RepeatedCommit], ...]:
        """Return what the history of the audited tables shows to be committed twice, by table."""
        return tuple(
            (table.name, repeated)
            for table in _AUDITED
            for repeated in repeated_commits(self._load(table))
        )

    def append(self, table: Table, found: Sequence[Mapping[str, object]]) -> None:
        """Append rows that depend on nothing that the table holds, however many programs do so.

        Raises:
            CommitConflictError: Other programs committed before each attempt.
            UnknownCommitError: The catalog gave no clear answer.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                append_rows(self._load(table), table, found)
            except CommitConflictError:
                if attempt == _ATTEMPTS:
                    raise
            else:
                return

    def _load(self, table: Table) -> IcebergTable:
        return self._catalog.load_table((self._namespace, table.name))


def _copy(rows: duckdb.DuckDBPyConnection, table: Table, committed: pa.RecordBatchReader) -> None:
    rows.register("committed", committed)
    rows.execute(
        f"CREATE OR REPLACE TABLE {table.name} AS"  # noqa: S608 - names of the declaration
        " SELECT DISTINCT * EXCLUDE (job_version) FROM committed"
    )
    rows.unregister("committed")

"""Rolls up running usage: detail to a row an hour, hours to a row a day, month after month.

Each month that has something to roll up is one commit: the data files that hold such rows are
replaced, their other rows are written again. All else stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import duckdb
import pyarrow as pa
from pyiceberg.io.pyarrow import ArrowScan, schema_to_pyarrow
from pyiceberg.manifest import DataFile
from pyiceberg.table import ALWAYS_TRUE, FileScanTask
from pyiceberg.table import Table as IcebergTable

from iceberg.covering import DAY_S, HOUR_S, ROLLED_UP
from iceberg.loading import check_repeats
from iceberg.replacing import ROLL_UP, discard_files, replace_files, write_rows
from iceberg.rolling_sql import ROLLABLE, files_to_replace, fill_reach, judge, outputs, roll_up
from iceberg.scanning import batch_reader
from iceberg.tables import METERING_WINDOWS
from schemas.instant import EPOCH, MICROSECOND

_ATTEMPTS = 20
# Past it DuckDB goes on on disk.
_MEMORY_LIMIT = "512MB"
_REACH_COLUMNS = (*METERING_WINDOWS.key, "aggregation", "job_version")


class RollUpConflictError(Exception):
    """Other writers committed before each attempt; nothing of that month was changed."""


@dataclass(frozen=True, slots=True)
class RolledMonth:
    """What was done to one month, a UTC month of event time.

    Attributes:
        month: Such as `2026-10`.
        files_removed: Data files that were replaced.
        files_added: Data files in their place.
        rows_removed: Rows of the former, repeated ones included.
        rows_added: Rows of the latter.
        repeated_rows: How many of the removed rows had been rolled up before, and came once more.
    """

    month: str
    files_removed: int
    files_added: int
    rows_removed: int
    rows_added: int
    repeated_rows: int


class Cuts(Protocol):
    """Up to which instants to roll up; `udfs.rolling.RollUpCuts` says what they mean."""

    @property
    def hours_until_us(self) -> int:
        """Detail passed by this instant becomes hours."""

    @property
    def days_until_us(self) -> int:
        """What is passed by this instant becomes days."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """New files for a month, and all due files they were made from."""

    due: frozenset[str]
    removed: tuple[DataFile, ...]
    added: tuple[DataFile, ...]
    rolled: RolledMonth


def roll_up_windows(existing: IcebergTable, cuts: Cuts, version: str) -> Iterator[RolledMonth]:
    """Roll up what is due, oldest month first; yield each month that was committed.

    Safe beside other writers, and to run again: what is done is not due any more.

    Args:
        existing: The table `metering_windows`.
        cuts: Up to which instants.
        version: Of the program, for `job_version`.

    Raises:
        RollUpConflictError: Other writers committed before each of many attempts.
        BrokenRowsError: Two rows of one identity differ.
    """
    months = sorted({task.file.partition[0] for task in _due_files(existing, cuts, None).values()})
    for month in months:
        rolled = _roll_up_month(existing, month, cuts, version)
        if rolled is not None:
            yield rolled


def _roll_up_month(
    existing: IcebergTable, month: int, cuts: Cuts, version: str
) -> RolledMonth | None:
    """Read, roll up and commit; read again only where what was read has changed."""
    prepared: _Prepared | None = None
    for _ in range(_ATTEMPTS):
        existing.refresh()
        due = _due_files(existing, cuts, month)
        # New files of the job beside those that were read do not make the work void.
        if prepared is None or prepared.due != due.keys():
            if prepared is not None:
                discard_files(existing, prepared.added)
            if not due:
                return None
            prepared = _prepare(existing, month, due, cuts, version)
            if not prepared.removed:
                return None
        summary = {ROLL_UP: version, "meterclose.roll-up-month": _month_text(month)}
        if replace_files(existing, prepared.removed, prepared.added, summary):
            return prepared.rolled
    if prepared is not None:
        discard_files(existing, prepared.added)
    raise RollUpConflictError(
        f"table {METERING_WINDOWS.name}, month {_month_text(month)}: expected a commit within "
        f"{_ATTEMPTS} attempts, found another writer's before each; nothing is lost, run it again"
    )


def _due_files(existing: IcebergTable, cuts: Cuts, month: int | None) -> dict[str, FileScanTask]:
    """Return the data files that may hold rows to roll up, by path, as their bounds say."""
    start = METERING_WINDOWS.partition_by
    names = ", ".join(f"'{name}'" for name in ROLLABLE)
    is_due = (
        f"({_passed(HOUR_S, cuts.hours_until_us)} OR {_passed(DAY_S, cuts.days_until_us)})"
        f" AND aggregation IN ({names})"
    )
    if month is not None:
        is_due += (
            f" AND {start} >= '{_month_start(month)}' AND {start} < '{_month_start(month + 1)}'"
        )
    tasks = existing.scan(row_filter=is_due).plan_files()
    return {task.file.file_path: task for task in tasks}


def _passed(width_s: int, until_us: int) -> str:
    """Return the filter of rows that may become so wide: their window and receipt have passed.

    A cut is a midnight: what begins before it has its hour and its day end by then.
    """
    until = (EPOCH + until_us * MICROSECOND).isoformat()
    return (
        f"(event_window_s < {width_s} AND event_window_start < '{until}'"
        f" AND log_window_end <= '{until}')"
    )


def _prepare(
    existing: IcebergTable,
    month: int,
    due: Mapping[str, FileScanTask],
    cuts: Cuts,
    version: str,
) -> _Prepared:
    """Read the due files and write what takes their place."""
    tasks = [due[path] for path in sorted(due)]
    with _workspace() as connection:
        _read_files(connection, existing, tasks)
        check_repeats(connection, METERING_WINDOWS, "(SELECT * EXCLUDE (file_number) FROM stood)")
        _read_reach(connection, existing)
        judge(connection, cuts.hours_until_us, cuts.days_until_us)
        replaced = files_to_replace(connection)
        roll_up(connection, ROLLED_UP + version)
        added: list[DataFile] = []
        rows_added = 0
        for rows in outputs(connection):
            added += write_rows(existing, rows, month)
            rows_added += rows.num_rows
    return _Prepared(
        frozenset(due),
        tuple(tasks[number].file for number in replaced.files),
        tuple(added),
        RolledMonth(
            _month_text(month),
            len(replaced.files),
            len(added),
            replaced.rows,
            rows_added,
            replaced.repeated_rows,
        ),
    )


@contextmanager
def _workspace() -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a database in a temporary file: a month need not fit into memory."""
    with (
        TemporaryDirectory() as folder,
        duckdb.connect(str(Path(folder) / "month.duckdb")) as connection,
    ):
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
        yield connection


def _read_files(
    connection: duckdb.DuckDBPyConnection, existing: IcebergTable, tasks: list[FileScanTask]
) -> None:
    """Copy the rows of the files into `stood`, with the file's place among them."""
    schema = existing.schema()
    arrow_schema = schema_to_pyarrow(schema, include_field_ids=False)
    scan = ArrowScan(existing.metadata, existing.io, schema, ALWAYS_TRUE)
    for number, task in enumerate(tasks):
        batches = scan.to_record_batches([task])
        rows = pa.RecordBatchReader.from_batches(arrow_schema, batches).cast(arrow_schema)
        connection.register("rows", rows)
        verb = "INSERT INTO stood" if number else "CREATE TABLE stood AS"
        connection.execute(f"{verb} SELECT *, {number} AS file_number FROM rows")  # noqa: S608
        connection.unregister("rows")


def _read_reach(connection: duckdb.DuckDBPyConnection, existing: IcebergTable) -> None:
    """Find the rolled-up rows, of the files read and of others, that may hold what was read."""
    ((first, last),) = connection.execute(
        "SELECT date_trunc('day', min(event_window_start)), max(event_window_start) FROM stood"
    ).fetchall()
    start = METERING_WINDOWS.partition_by
    wide = existing.scan(
        f"event_window_s >= {HOUR_S} AND job_version LIKE '{ROLLED_UP}%'"
        f" AND {start} >= '{first.isoformat()}' AND {start} <= '{last.isoformat()}'",
        selected_fields=_REACH_COLUMNS,
    )
    connection.register("wide", batch_reader(wide))
    fill_reach(connection, "wide")
    connection.unregister("wide")


def _month_start(month: int) -> str:
    return datetime(1970 + month // 12, month % 12 + 1, 1, tzinfo=UTC).isoformat()


def _month_text(month: int) -> str:
    return _month_start(month)[:7]

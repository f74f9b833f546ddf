"""Merges small data files into larger ones, beside all other writers; rows stay as they are.

Each checkpoint of the job adds files of a few rows. A merge is one commit that replaces some files
of one month by one file with the same rows, those that were committed twice included, ordered by
the table's key. Snapshots of before keep the former files until they expire.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
from pyiceberg.conversions import from_bytes
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile
from pyiceberg.table import ALWAYS_TRUE, FileScanTask
from pyiceberg.table import Table as IcebergTable
from pyiceberg.types import TimestamptzType

from iceberg.charge_tables import CHARGES
from iceberg.replacing import COMPACTION, discard_files, replace_files, write_rows
from iceberg.table import Table
from iceberg.tables import METERING_WINDOWS, TABLES
from schemas.instant import DAY_US

MERGED_TABLES: tuple[Table, ...] = tuple(table for table in TABLES if table is not CHARGES)
"""All but charges, which are few large files: each is of one run, and says which commit it was."""

_ATTEMPTS = 20
# A file of so much of the target is large enough: it is not written again for a few rows more.
_LARGE = 0.75


class CompactionConflictError(Exception):
    """Other writers committed before each attempt; nothing of these files was changed."""


@dataclass(frozen=True, slots=True)
class MergeSize:
    """How large files are to become.

    Attributes:
        target_bytes: Of a merged file; those of most of it stay as they are. What is merged at once
            is in memory, about ten times as large.
        least_files: So many small files must come together to be worth it.
    """

    target_bytes: int = 32 * 2**20
    least_files: int = 5


@dataclass(frozen=True, slots=True)
class Merged:
    """One merge.

    Attributes:
        table: Name of the table.
        month: UTC month of the files' partition, such as `2026-10`.
        files: How many were replaced by one.
        rows: How many are in them, repeated ones included.
        bytes_before: Size of the former files.
        bytes_after: Size of the new one; of a dry run the same as before.
    """

    table: str
    month: str
    files: int
    rows: int
    bytes_before: int
    bytes_after: int


def merge_files(
    existing: IcebergTable, table: Table, size: MergeSize, version: str, is_dry: bool = False
) -> Iterator[Merged]:
    """Merge small files, oldest month first; yield each merge that was committed.

    Files that come while it runs are left for the next run.

    Args:
        existing: The table.
        table: Its declaration.
        size: What is small.
        version: Of the program, for the snapshots' summaries.
        is_dry: Whether to change nothing.

    Raises:
        CompactionConflictError: Other writers committed before each of many attempts.
    """
    for group in list(_groups(existing, table, size)):
        if is_dry:
            yield _merged(table, group, sum(task.file.file_size_in_bytes for task in group))
        elif (added := _merge(existing.refresh(), table, group, version)) is not None:
            yield _merged(table, group, added.file_size_in_bytes)


def _groups(
    existing: IcebergTable, table: Table, size: MergeSize
) -> Iterator[Sequence[FileScanTask]]:
    """Yield small files that are to become one, in the order of their months."""
    small: dict[tuple[int, int], list[FileScanTask]] = {}
    for task in existing.scan().plan_files():
        if task.file.file_size_in_bytes < _LARGE * size.target_bytes and not task.delete_files:
            place = task.file.partition[0], _day_of(existing, table, task.file)
            small.setdefault(place, []).append(task)
    for _, tasks in sorted(small.items()):
        # Neighbours in time lie together, so the bounds of files still tell them apart.
        tasks.sort(
            key=lambda task: (
                _bound_us(existing, table.partition_by, task.file.lower_bounds),
                task.file.file_path,
            )
        )
        group: list[FileScanTask] = []
        total = 0
        for task in tasks:
            if group and total + task.file.file_size_in_bytes > size.target_bytes:
                if len(group) >= size.least_files:
                    yield group
                group, total = [], 0
            group.append(task)
            total += task.file.file_size_in_bytes
        if len(group) >= size.least_files:
            yield group


def _day_of(existing: IcebergTable, table: Table, file: DataFile) -> int:
    """Return the UTC day of a file's last log window, of the table that is rolled up; else 0.

    A roll-up writes a file anew when one of its rows is due: days stay apart.
    """
    if table is not METERING_WINDOWS:
        return 0
    return _bound_us(existing, "log_window_end", file.upper_bounds) // DAY_US


def _bound_us(existing: IcebergTable, column: str, bounds: Mapping[int, bytes]) -> int:
    """Return a bound of a column of instants in microseconds; 0: the file does not say."""
    bound = bounds.get(existing.schema().find_field(column).field_id)
    return int(from_bytes(TimestamptzType(), bound)) if bound else 0


def _merge(
    existing: IcebergTable, table: Table, group: Sequence[FileScanTask], version: str
) -> DataFile | None:
    """Write one file and commit it in the place of others; None: another writer replaced them."""
    if not _are_there(existing, group):
        return None
    (added,) = write_rows(existing, _read(existing, table, group), group[0].file.partition[0], True)
    for _ in range(_ATTEMPTS):
        if replace_files(existing, [task.file for task in group], [added], {COMPACTION: version}):
            return added
        existing.refresh()
        # What was written holds as long as the files are there that it was made from.
        if not _are_there(existing, group):
            discard_files(existing, [added])
            return None
    discard_files(existing, [added])
    raise CompactionConflictError(
        f"table {table.name}, month {_month_text(group[0].file)}: expected a commit within"
        f" {_ATTEMPTS} attempts, found another writer's before each; nothing is lost, run it again"
    )


def _read(existing: IcebergTable, table: Table, group: Sequence[FileScanTask]) -> pa.Table:
    """Return all rows of some files, ordered by the table's key; equal ones stay in their order."""
    schema = existing.schema().as_arrow()
    scan = ArrowScan(existing.metadata, existing.io, existing.schema(), ALWAYS_TRUE)
    rows = pa.concat_tables([scan.to_table([task]).cast(schema) for task in group])
    return rows.sort_by([(column, "ascending") for column in table.key])


def _are_there(existing: IcebergTable, group: Sequence[FileScanTask]) -> bool:
    there = {task.file.file_path for task in existing.scan().plan_files()}
    return all(task.file.file_path in there for task in group)


def _merged(table: Table, group: Sequence[FileScanTask], bytes_after: int) -> Merged:
    return Merged(
        table.name,
        _month_text(group[0].file),
        len(group),
        sum(task.file.record_count for task in group),
        sum(task.file.file_size_in_bytes for task in group),
        bytes_after,
    )


def _month_text(file: DataFile) -> str:
    month = file.partition[0]
    return datetime(1970 + month // 12, month % 12 + 1, 1, tzinfo=UTC).isoformat()[:7]

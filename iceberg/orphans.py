"""Finds and deletes files in the tables' folders that no snapshot leads to.

A crash leaves data files that were never committed, and an expiry that was stopped leaves what it
had not deleted yet. But files of a checkpoint that is still to be committed look the same: after a
long stop they are as old as the stop, and are committed when the job is restored. So the age is
counted back from the job's last commit to the table, not from now.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow.fs as pa_fs
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.table import Table as IcebergTable

from iceberg.flink_commits import last_commit
from iceberg.reaching import place_of, reach
from iceberg.table import Table
from iceberg.tables import STREAM_TABLES

FLOOR_HOURS = 24
_HOUR_MS = 3_600_000
_FOLDERS = ("data", "metadata")


class YoungOrphansError(Exception):
    """Files so young may be those of a checkpoint that is under way; one line."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What was found of one table.

    Attributes:
        table: Its name.
        files: How many files lead nowhere, and were deleted unless it was a dry run.
        bytes: Their size.
        before_ms: Files last changed before this instant were looked at.
    """

    table: str
    files: int
    bytes: int
    before_ms: int


def check_age(older_than_hours: float, floor_hours: float) -> None:
    """Raise a YoungOrphansError where an age is asked for below what may be asked for."""
    if older_than_hours < floor_hours:
        raise YoungOrphansError(
            f"bad value, --remove-orphans-older-than-hours: expected at least {floor_hours:g}, as"
            f" younger files may be about to be committed, found {older_than_hours:g}"
        )


def remove_orphans(
    existing: IcebergTable,
    table: Table,
    now_ms: int,
    older_than_hours: float,
    is_dry: bool = False,
    floor_hours: float = FLOOR_HOURS,
) -> Removed:
    """Delete files of a table that no snapshot leads to.

    Args:
        existing: The table.
        table: Its declaration.
        now_ms: The instant of the run.
        older_than_hours: How old they must be: above checkpoint interval and restarts by far.
        is_dry: Whether to delete nothing.
        floor_hours: What may be asked for at least; less only in tests.

    Raises:
        YoungOrphansError: A smaller age is asked for.
    """
    check_age(older_than_hours, floor_hours)
    before_ms = _last_activity_ms(existing, table, now_ms) - round(older_than_hours * _HOUR_MS)
    # First what is there, then what is led to: what is committed in between is seen.
    candidates = dict(_files(existing, before_ms))
    if candidates:
        existing.refresh()
        for location in _known(existing):
            candidates.pop(place_of(location), None)
    if not is_dry:
        scheme, netloc, _ = PyArrowFileIO.parse_location(existing.location())
        system = _io(existing).fs_by_scheme(scheme, netloc)
        for place in sorted(candidates):
            try:
                system.delete_file(place)
            except FileNotFoundError:
                continue  # another run was faster
    return Removed(table.name, len(candidates), sum(candidates.values()), before_ms)


def _last_activity_ms(existing: IcebergTable, table: Table, now_ms: int) -> int:
    """Return now, or for what the job writes the instant of its last commit."""
    commit = last_commit(existing) if table in STREAM_TABLES else None
    if commit is not None:
        return min(now_ms, commit.at_ms)
    # A job that has committed nothing yet may be about to.
    return 0 if table in STREAM_TABLES else now_ms


def _files(existing: IcebergTable, before_ms: int) -> Iterator[tuple[str, int]]:
    """Yield place and size of all files of a table that were last changed before an instant."""
    scheme, netloc, place = PyArrowFileIO.parse_location(existing.location())
    system = _io(existing).fs_by_scheme(scheme, netloc)
    for folder in _FOLDERS:
        selector = pa_fs.FileSelector(f"{place}/{folder}", allow_not_found=True, recursive=True)
        for info in system.get_file_info(selector):
            is_old = info.mtime_ns is not None and info.mtime_ns < before_ms * 1_000_000
            if info.type == pa_fs.FileType.File and is_old:
                yield info.path, info.size or 0


def _known(existing: IcebergTable) -> set[str]:
    """Return all files that the table's metadata leads to."""
    metadata = existing.metadata
    known = reach(existing, existing.snapshots()).all()
    known |= {each.metadata_file for each in metadata.metadata_log}
    known |= {each.statistics_path for each in metadata.statistics}
    known |= {each.statistics_path for each in metadata.partition_statistics}
    known.add(existing.metadata_location)
    return known


def _io(existing: IcebergTable) -> PyArrowFileIO:
    assert isinstance(existing.io, PyArrowFileIO), "the one that pyiceberg chooses with pyarrow"
    return existing.io

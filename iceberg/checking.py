"""Says what tables hold, and finds what their own history shows to be committed twice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pyiceberg.catalog import Catalog
from pyiceberg.manifest import ManifestEntryStatus
from pyiceberg.table import Table as IcebergTable

from iceberg.flink_commits import FlinkCommit, abandoned_ids, commit_of, commits_of
from iceberg.table import Table
from iceberg.tables import TABLES


class RepeatedKind(StrEnum):
    """What was found twice."""

    CHECKPOINT = "checkpoint"
    DATA_FILE = "data file"
    WRITER = "second writer"


@dataclass(frozen=True, slots=True)
class RepeatedCommit:
    """A checkpoint or a data file that was committed more than once, or a second job that commits.

    Attributes:
        kind: Which of them.
        name: `job/operator/checkpoint`, the file's path, or `job` of the one that came in between.
        snapshot_ids: The snapshots that brought it, oldest first; of a second writer those of the
            first one before and behind it, and its own between them.
    """

    kind: RepeatedKind
    name: str
    snapshot_ids: tuple[int, ...]


def repeated_commits(table: IcebergTable, reads_files: bool = True) -> list[RepeatedCommit]:
    """Return what the table's snapshots committed more than once; empty where all is well.

    Readers take each row once all the same; pricing refuses such a table until someone has looked.
    Only snapshots that have not expired can be checked, and what a rewind has left behind is not
    part of the table any more. Ordered by kind, then by first snapshot.

    Args:
        table: The table.
        reads_files: Whether to look for data files that came twice, which reads every manifest.
    """
    left_behind = abandoned_ids(table)
    checkpoints: dict[str, list[int]] = {}
    files: dict[str, list[int]] = {}
    manifests = set()
    for snapshot in table.snapshots():
        if snapshot.snapshot_id in left_behind:
            continue
        commit = commit_of(snapshot)
        if commit is not None and commit.job_id and commit.operator_id:
            name = f"{commit.job_id}/{commit.operator_id}/{commit.checkpoint_id}"
            checkpoints.setdefault(name, []).append(snapshot.snapshot_id)
        for manifest in snapshot.manifests(table.io) if reads_files else ():
            if manifest.manifest_path in manifests:
                continue
            manifests.add(manifest.manifest_path)
            for entry in manifest.fetch_manifest_entry(table.io):
                # A merged manifest repeats older files as existing: only additions count.
                if entry.status is ManifestEntryStatus.ADDED:
                    added = files.setdefault(entry.data_file.file_path, [])
                    added.append(entry.snapshot_id or snapshot.snapshot_id)
    return [
        *_repeated(RepeatedKind.CHECKPOINT, checkpoints),
        *_repeated(RepeatedKind.DATA_FILE, files),
        *_second_writers(commits_of(table)[::-1]),
    ]


def _second_writers(commits: list[FlinkCommit]) -> Iterator[RepeatedCommit]:
    """Yield each job that committed between two commits of another: both ran at once.

    Args:
        commits: Oldest first. A job that is restored has another id, and the former one never
            comes back.
    """
    lasts: dict[str, int] = {}
    found = set()
    for place, commit in enumerate(commits):
        before = lasts.get(commit.job_id, place - 1)
        for between in commits[before + 1 : place]:
            if between.job_id not in found and commit.job_id not in found:
                found.add(between.job_id)
                snapshots = (commits[before], between, commit)
                yield RepeatedCommit(
                    RepeatedKind.WRITER,
                    between.job_id,
                    tuple(each.snapshot_id for each in snapshots),
                )
        if commit.job_id:
            lasts[commit.job_id] = place


def _repeated(kind: RepeatedKind, found: Mapping[str, list[int]]) -> list[RepeatedCommit]:
    return [
        RepeatedCommit(kind, name, tuple(snapshots))
        for name, snapshots in found.items()
        if len(snapshots) > 1
    ]


@dataclass(frozen=True, slots=True)
class TableState:
    """What a table holds now.

    Attributes:
        name: Name in the namespace.
        location: URI of its folder.
        rows: Number of rows, repeated ones included.
        data_files: Number of data files.
        size_bytes: Of the data files.
        snapshots: Number of snapshots in its history.
        repeated: What was committed more than once.
    """

    name: str
    location: str
    rows: int
    data_files: int
    size_bytes: int
    snapshots: int
    repeated: tuple[RepeatedCommit, ...]


def read_states(catalog: Catalog, namespace: str) -> tuple[TableState, ...]:
    """Return the state of every declared table, in the declaration's order."""
    return tuple(_state(catalog.load_table((namespace, table.name)), table) for table in TABLES)


def _state(existing: IcebergTable, table: Table) -> TableState:
    snapshot = existing.current_snapshot()
    totals = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
    return TableState(
        name=table.name,
        location=existing.location(),
        rows=int(totals.get("total-records", 0)),
        data_files=int(totals.get("total-data-files", 0)),
        size_bytes=int(totals.get("total-files-size", 0)),
        snapshots=len(existing.snapshots()),
        repeated=tuple(repeated_commits(existing)),
    )

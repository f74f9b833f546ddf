"""Accepts commits that came twice: all of their rows are the same in each place, and count once."""

from collections.abc import Sequence

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import ManifestEntryStatus
from pyiceberg.table import Table as IcebergTable

from iceberg.change_tables import ACCEPTED_COMMITS
from iceberg.checking import RepeatedCommit, RepeatedKind, repeated_commits
from iceberg.reading import read_once
from iceberg.row_shapes import read_shape, shown_key, write_shape
from iceberg.scanning import batch_reader
from iceberg.scratch import open_scratch
from iceberg.table import Table
from iceberg.writing import append_rows
from schemas.accepted_commit import AcceptedCommit


class UnsafeAcceptError(Exception):
    """A commit that came twice cannot be accepted; the message is one line."""


class AcceptedStore:
    """The table `accepted_commits`, as it was when this was opened."""

    def __init__(self, catalog: Catalog, namespace: str) -> None:
        """Load it.

        Args:
            catalog: Has the table.
            namespace: Its namespace.
        """
        self._existing = catalog.load_table((namespace, ACCEPTED_COMMITS.name))
        rows = read_once(self._existing, ACCEPTED_COMMITS).to_pylist()
        self._accepted = [read_shape(AcceptedCommit, row) for row in rows]

    def open_repeats(
        self, table_name: str, existing: IcebergTable, reads_files: bool = True
    ) -> list[RepeatedCommit]:
        """Return what a table's history shows to be committed twice, and nobody has accepted.

        Args:
            table_name: Its name.
            existing: The table.
            reads_files: As of `repeated_commits`.
        """
        return [
            each
            for each in repeated_commits(existing, reads_files)
            if not self._is_accepted(table_name, each)
        ]

    def _is_accepted(self, table_name: str, repeat: RepeatedCommit) -> bool:
        """Tell whether someone accepted it, by all snapshots that are still kept."""
        wanted = (table_name, repeat.kind.value, repeat.name)
        return any(
            (each.table_name, each.kind, each.name) == wanted
            and {*map(str, repeat.snapshot_ids)} <= {*each.snapshot_ids.split(",")}
            for each in self._accepted
        )

    def append(self, accepted: Sequence[AcceptedCommit], job_version: str) -> None:
        """Append rows in one commit.

        Raises:
            CommitConflictError: Another program appended since this was opened.
            UnknownCommitError: The catalog gave no clear answer.
        """
        rows = [write_shape(each, job_version) for each in accepted]
        append_rows(self._existing, ACCEPTED_COMMITS, rows)


def count_repeated_rows(existing: IcebergTable, table: Table, repeat: RepeatedCommit) -> int:
    """Return how many rows stand more than once by a repeated commit; all copies must be the same.

    Each row that its snapshots brought is looked for in the whole table.

    Args:
        existing: The table.
        table: Its declaration.
        repeat: What came twice.

    Raises:
        UnsafeAcceptError: A second job wrote it, or two rows of one identity differ.
    """
    if repeat.kind is RepeatedKind.WRITER:
        raise UnsafeAcceptError(
            f"table {table.name}: expected one job, found job {repeat.name} beside another: stop"
            " both, and rewind the tables to before the second one began (jobs.rewind_tables)"
        )
    keys = ", ".join(table.identity)
    values = ", ".join(name for name in table.names if name != "job_version")
    # A column of a key may be empty: = would find no such row.
    same = " AND ".join(f"committed.{n} IS NOT DISTINCT FROM brought.{n}" for n in table.identity)
    with open_scratch() as rows:
        _load_brought(rows, existing, table, repeat)
        committed = batch_reader(existing.scan())
        rows.register("committed", committed)
        rows.execute(f"CREATE TABLE copies AS FROM committed SEMI JOIN brought ON {same}")
        differing = rows.execute(
            f"FROM (FROM copies SELECT DISTINCT {values}) SELECT {keys}"
            f" GROUP BY {keys} HAVING count(*) > 1 ORDER BY {keys} LIMIT 1"
        ).fetchone()
        if differing is not None:
            raise UnsafeAcceptError(
                f"table {table.name}: expected the same row in each commit, found rows that differ:"
                f" {shown_key(differing)}; rewind the tables (jobs.rewind_tables)"
            )
        repeated = rows.execute(f"FROM copies SELECT {keys} GROUP BY {keys} HAVING count(*) > 1")
        return len(repeated.fetchall())


def _load_brought(
    rows: duckdb.DuckDBPyConnection, existing: IcebergTable, table: Table, repeat: RepeatedCommit
) -> None:
    """Fill `brought` with the identity of each row that the snapshots of a repeat brought."""
    for number, snapshot_id in enumerate(repeat.snapshot_ids):
        scan = existing.scan(snapshot_id=snapshot_id, selected_fields=table.identity)
        paths = _added_paths(existing, snapshot_id)
        tasks = [task for task in scan.plan_files() if task.file.file_path in paths]
        reader = ArrowScan(scan.table_metadata, scan.io, scan.projection(), scan.row_filter)
        added = reader.to_table(tasks)
        rows.register("added", added)
        how = "INSERT INTO brought" if number else "CREATE TABLE brought AS"
        rows.execute(f"{how} FROM added SELECT DISTINCT {', '.join(table.identity)}")
        rows.unregister("added")


def _added_paths(existing: IcebergTable, snapshot_id: int) -> set[str]:
    """Return the data files that a snapshot added."""
    snapshot = existing.snapshot_by_id(snapshot_id)
    assert snapshot is not None  # the history that was looked at has it
    return {
        entry.data_file.file_path
        for manifest in snapshot.manifests(existing.io)
        if manifest.added_snapshot_id == snapshot_id
        for entry in manifest.fetch_manifest_entry(existing.io)
        if entry.status is ManifestEntryStatus.ADDED
    }

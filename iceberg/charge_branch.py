"""A branch of `charges` that another engine writes to, and how it becomes the table, or goes.

Readers of the table never see a branch. One commit makes what stands in it the table, if the table
is still as the run has read it; so that commit is the one point at which the run takes place. A
branch that begins at what the table no longer is can become it no more, and is dropped by whoever
comes, with its files.
"""

from collections.abc import Iterator, Sequence

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import ManifestEntryStatus
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Snapshot

from iceberg.charge_tables import CHARGES
from iceberg.reading import BrokenRowsError, is_in
from iceberg.row_shapes import read_shapes
from iceberg.scanning import batch_reader
from iceberg.writing import NO_CLEAR_ANSWER, CommitConflictError, unknown_commit
from schemas.charge import Charge

_PREFIX = "pricing-run-"
# Writers of other branches change the same metadata: they are no conflict, but are tried behind.
_ATTEMPTS = 10


class ChargeBranch:
    """The branch of one run."""

    def __init__(self, catalog: Catalog, namespace: str, run_id: str, base_id: int | None) -> None:
        """Keep where; the branch is there once its first charge is.

        Args:
            catalog: Has the table.
            namespace: Its namespace.
            run_id: The run, which the branch is named after.
            base_id: Snapshot of the charges that the run has read; None: there were none.
        """
        self._catalog, self._identifier = catalog, (namespace, CHARGES.name)
        self._run_id, self._base_id = run_id, base_id

    @property
    def name(self) -> str:
        """Its name in the table."""
        return f"{_PREFIX}{self._run_id}"

    def charges(self, expected: int) -> Iterator[list[Charge]]:
        """Yield all that the run has written, batch by batch.

        Args:
            expected: How many there are, as the writer says.

        Raises:
            CommitConflictError: The table has other charges by now.
            BrokenRowsError: The branch has other rows than the run's, or another number.
        """
        table = self._load()
        head = _head(table, self.name)
        if head is None and not expected:
            return
        head = self._check_base(table, head)
        added = int(head.summary["added-records"] or 0) if head.summary else 0
        found = 0
        wanted = is_in("run_id", {self._run_id})
        for batch in batch_reader(table.scan(wanted, snapshot_id=head.snapshot_id)):
            found += batch.num_rows
            yield list(read_shapes(Charge, batch))
        if not expected == added == found:
            raise BrokenRowsError(
                f"{CHARGES.name}, branch {self.name}: expected {expected} rows of its run, found"
                f" {found} among {added}"
            )

    def publish(self) -> None:
        """Make the branch the table, and drop it, in one commit.

        Raises:
            CommitConflictError: The table has other charges by now.
            UnknownCommitError: The catalog gave no clear answer.
        """
        table = self._load()
        head_id = self._check_base(table, _head(table, self.name)).snapshot_id
        try:
            for _ in range(_ATTEMPTS):
                if self._set_current(table):
                    return
                table = self._load()
                # The refusal was an answer to what had been taken before.
                if _current_id(table) == head_id:
                    return
        except NO_CLEAR_ANSWER as error:
            raise unknown_commit(CHARGES, error) from error
        raise _conflict()

    def _set_current(self, table: IcebergTable) -> bool:
        """Return whether the catalog took the branch for the table."""
        self._check_base(table, _head(table, self.name))
        try:
            with table.manage_snapshots() as change:
                change.set_current_snapshot(ref_name=self.name).remove_branch(self.name)
        except CommitFailedException:
            return False
        return True

    def drop(self) -> None:
        """Drop the branch and its files, if it is there."""
        _drop(self._catalog, self._identifier, self.name)

    def _load(self) -> IcebergTable:
        return self._catalog.load_table(self._identifier)

    def _check_base(self, table: IcebergTable, head: Snapshot | None) -> Snapshot:
        """Return the branch's snapshot, which the table may become; whoever sees more drops it."""
        if head is None:
            raise _conflict()
        if (_current_id(table), head.parent_snapshot_id) != (self._base_id, self._base_id):
            raise _conflict()
        return head


def drop_stale_branches(catalog: Catalog, namespace: str) -> tuple[str, ...]:
    """Drop the branches of runs that can become the table no more; return their names, ordered.

    They are those of runs that died, or are about to look again, as another one was faster.
    """
    identifier = (namespace, CHARGES.name)
    table = catalog.load_table(identifier)
    stale = [
        name
        for name in sorted(table.metadata.refs)
        if name.startswith(_PREFIX)
        and (head := _head(table, name)) is not None
        and head.parent_snapshot_id != _current_id(table)
    ]
    for name in stale:
        _drop(catalog, identifier, name)
    return tuple(stale)


def _head(table: IcebergTable, name: str) -> Snapshot | None:
    ref = table.metadata.refs.get(name)
    return None if ref is None else table.snapshot_by_id(ref.snapshot_id)


def _current_id(table: IcebergTable) -> int | None:
    current = table.current_snapshot()
    return None if current is None else current.snapshot_id


def _line(table: IcebergTable, head: Snapshot | None) -> Iterator[Snapshot]:
    """Yield a snapshot, its parent, and so on."""
    while head is not None:
        yield head
        parent_id = head.parent_snapshot_id
        head = None if parent_id is None else table.snapshot_by_id(parent_id)


def _drop(catalog: Catalog, identifier: tuple[str, str], name: str) -> None:
    """Drop a branch, then the snapshots that nothing else leads to, then their files."""
    own: list[Snapshot] = []
    for _ in range(_ATTEMPTS):
        table = catalog.load_table(identifier)
        head = _head(table, name)
        own = own or _own_line(table, name)
        try:
            if head is not None:
                with table.manage_snapshots() as change:
                    change.remove_branch(name)
            _expire(table.refresh(), own)
        except CommitFailedException:
            continue  # another program changed another branch; or drops this one, too
        for each in own:
            _delete_files(table, each)
        return
    raise _conflict()


def _own_line(table: IcebergTable, name: str) -> list[Snapshot]:
    """Return the snapshots that only a branch leads to."""
    kept = {
        each.snapshot_id
        for other, ref in table.metadata.refs.items()
        if other != name
        for each in _line(table, table.snapshot_by_id(ref.snapshot_id))
    }
    return [each for each in _line(table, _head(table, name)) if each.snapshot_id not in kept]


def _expire(table: IcebergTable, snapshots: Sequence[Snapshot]) -> None:
    there = {each.snapshot_id for each in table.snapshots()}
    left = [each.snapshot_id for each in snapshots if each.snapshot_id in there]
    if left:
        table.maintenance.expire_snapshots().by_ids(left).commit()


def _delete_files(table: IcebergTable, snapshot: Snapshot) -> None:
    for manifest in snapshot.manifests(table.io):
        if manifest.added_snapshot_id == snapshot.snapshot_id:
            for entry in manifest.fetch_manifest_entry(table.io):
                if entry.status is ManifestEntryStatus.ADDED:
                    table.io.delete(entry.data_file.file_path)


def _conflict() -> CommitConflictError:
    return CommitConflictError(f"{CHARGES.name}: expected no other commit, found one")

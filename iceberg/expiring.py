"""Lets old snapshots go, with the files that nothing else leads to.

What is kept whatever its age: what a tag or a branch names; the job's last commits, down to which
the line of parents must not break, as Flink's sink looks for its last checkpoint along it; the cut
that all tables have reached; and what pricing runs have read and written.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.update.snapshot import ExpireSnapshots, ManageSnapshots

from iceberg.charge_rows import read_runs
from iceberg.charge_tables import CHARGES
from iceberg.cutting import CUT_TABLES
from iceberg.flink_commits import commit_of, line_of, numbered
from iceberg.pricing_inputs import snapshots_of
from iceberg.reaching import reach
from iceberg.table import Table
from iceberg.tables import RAW_EVENTS
from iceberg.writing import once

_ATTEMPTS = 20
_LAST_COMMITS = 10


class ExpiryConflictError(Exception):
    """Other writers committed before each attempt; nothing of this table was changed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept beside what every table keeps.

    Attributes:
        before_ms: Snapshots that were committed at or after this instant stay.
        charges_before_ms: The same for charges: a dry run reads them as each run left them.
        checkpoint_id: Of the cut that all tables have reached; None: there is none yet.
        snapshot_ids: What runs of pricing have read, by name of table.
    """

    before_ms: int
    charges_before_ms: int
    checkpoint_id: int | None
    snapshot_ids: Mapping[str, Collection[int]]


@dataclass(frozen=True, slots=True)
class Expired:
    """What went of one table.

    Attributes:
        table: Its name.
        snapshots: How many; what is left of them: see `kept`.
        kept: How many the table still has.
        files: Data files, manifests and lists that were deleted with them.
    """

    table: str
    snapshots: int
    kept: int
    files: int


def what_to_keep(catalog: Catalog, namespace: str, before_ms: int, runs_before_ms: int) -> Kept:
    """Return what no table may lose.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        before_ms: Snapshots of this instant and later stay.
        runs_before_ms: What pricing runs of this instant and later have read and written stays.
    """
    named: dict[str, set[int]] = {}
    for run in read_runs(catalog, namespace):
        if run.at_us >= runs_before_ms * 1000:
            for name, snapshot_id in snapshots_of(run).items():
                named.setdefault(name, set()).add(snapshot_id)
    reached = [
        next((number for number, _ in numbered(catalog.load_table((namespace, table.name)))), None)
        for table in CUT_TABLES
    ]
    known = [each for each in reached if each is not None]
    checkpoint_id = min(known) if len(known) == len(reached) else None
    return Kept(before_ms, min(before_ms, runs_before_ms), checkpoint_id, named)


def expire_snapshots(
    existing: IcebergTable, table: Table, kept: Kept, is_dry: bool = False
) -> Expired:
    """Let a table's old snapshots go, then delete the files that only they lead to.

    A stop in between leaves files that `iceberg.orphans` finds.

    Args:
        existing: The table.
        table: Its declaration.
        kept: What must stay.
        is_dry: Whether to change nothing.

    Raises:
        ExpiryConflictError: Other writers committed before each of many attempts.
    """
    for _ in range(_ATTEMPTS):
        once(existing.refresh())
        old = old_snapshots(existing, table, kept)
        if not old or is_dry:
            return Expired(table.name, len(old), len(existing.snapshots()) - len(old), 0)
        try:
            _expire(existing, [each.snapshot_id for each in old])
        except CommitFailedException:
            continue
        existing.refresh()
        return Expired(
            table.name, len(old), len(existing.snapshots()), _delete_files(existing, old)
        )
    raise ExpiryConflictError(
        f"table {table.name}: expected a commit within {_ATTEMPTS} attempts, found another"
        " writer's before each; nothing is lost, run it again"
    )


def _expire(existing: IcebergTable, snapshot_ids: list[int]) -> None:
    """Remove snapshots in one commit, which fails where the table has another one by now.

    By itself PyIceberg would remove them from whatever the table is by then: a snapshot that a
    rewind has made the current one, too. Setting what is set already brings the requirement.
    """
    current = existing.current_snapshot()
    with existing.transaction() as transaction:
        if current is not None:
            ManageSnapshots(transaction).set_current_snapshot(current.snapshot_id)
        ExpireSnapshots(transaction).by_ids(snapshot_ids).commit()


def old_snapshots(existing: IcebergTable, table: Table, kept: Kept) -> list[Snapshot]:
    """Return the snapshots that may go, oldest first."""
    stay = {ref.snapshot_id for ref in existing.metadata.refs.values()}
    stay |= _line_to_keep(existing, table, kept.checkpoint_id)
    stay |= set(kept.snapshot_ids.get(table.name, ()))
    for name, ref in existing.metadata.refs.items():
        # A run of pricing that is under way writes to a branch.
        if ref.snapshot_ref_type == "branch" and name != MAIN_BRANCH:
            head = existing.snapshot_by_id(ref.snapshot_id)
            stay |= {each.snapshot_id for each in line_of(existing, head)}
    before_ms = kept.charges_before_ms if table is CHARGES else kept.before_ms
    return [
        each
        for each in existing.snapshots()
        if each.timestamp_ms < before_ms and each.snapshot_id not in stay
    ]


def _line_to_keep(existing: IcebergTable, table: Table, checkpoint_id: int | None) -> set[int]:
    """Return the snapshots from the current one down to the last that is still asked for."""
    line = list(line_of(existing))
    commits = 0
    last = 0
    for place, snapshot in enumerate(line):
        if commit_of(snapshot) is not None and commits < _LAST_COMMITS:
            commits += 1
            last = place
    if checkpoint_id is not None:
        # Of the archive the commit before the cut is read, too: it says how far the log was read.
        below = 2 if table is RAW_EVENTS else 1
        places = {each.snapshot_id: place for place, each in enumerate(line)}
        at_or_below = [
            (number, places[each.snapshot_id])
            for number, each in numbered(existing)
            if number <= checkpoint_id
        ]
        wanted = sorted({number for number, _ in at_or_below}, reverse=True)[:below]
        last = max([last, *(place for number, place in at_or_below if number in wanted)])
    return {each.snapshot_id for each in line[: last + 1]}


def _delete_files(existing: IcebergTable, gone: list[Snapshot]) -> int:
    """Delete what only snapshots that are gone lead to; return how many files."""
    left = reach(existing, existing.snapshots())
    files = reach(existing, gone, skip=left).all() - left.all()
    for path in sorted(files):
        try:
            existing.io.delete(path)
        except FileNotFoundError:
            continue  # another run was faster
    return len(files)

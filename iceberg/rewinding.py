"""Puts the tables that the stream writes back to one of the job's checkpoints.

Each table is put back in one commit, which also makes a tag that keeps what the table held. What is
decided follows from the tables alone, so a rewind that was stopped half way is finished by the next
one: tables that are back already have nothing to be undone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.snapshots import Snapshot

from iceberg.flink_commits import (
    REWIND_TAG,
    FlinkCommit,
    commit_of,
    commits_of,
    line_of,
    newest_run,
)
from iceberg.replacing import is_rewrite
from iceberg.savepoints import Savepoint
from iceberg.table import Table
from iceberg.tables import RAW_EVENTS, STREAM_TABLES
from iceberg.writing import NO_CLEAR_ANSWER, CommitConflictError, once, unknown_commit


class UnsafeRewindError(Exception):
    """Tables cannot be put back without losing something; one line."""


@dataclass(frozen=True, slots=True)
class TableRewind:
    """What is to be done to one table.

    Attributes:
        table: Its declaration.
        last: The job's last commit, which is undone, as are all after `checkpoint_id`.
        head_id: The snapshot it has.
        target_id: The snapshot it gets; None: none, it had no rows then.
        target_checkpoint_id: What that one tells of; None: nothing.
        undone_ids: The snapshots that it loses, newest first.
    """

    table: Table
    last: FlinkCommit
    head_id: int
    target_id: int | None
    target_checkpoint_id: int | None
    undone_ids: tuple[int, ...]


def plan_rewind(catalog: Catalog, namespace: str, savepoint: Savepoint) -> tuple[TableRewind, ...]:
    """Return what has to be done, table by table in the order of their declaration.

    Tables that tell of no later checkpoint are left out.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        savepoint: What the job will be restored from.

    Raises:
        UnsafeRewindError: The checkpoint is of another count than the tables' last ones, its
            snapshots have expired, it was never committed by itself, or another program's rows
            would be lost.
    """
    tables = {table.name: catalog.load_table((namespace, table.name)) for table in STREAM_TABLES}
    found = {name: commits_of(table) for name, table in tables.items()}
    runs = {name: newest_run(commits) for name, commits in found.items()}
    planned = [
        _plan(tables[table.name], table, runs[table.name], savepoint.checkpoint_id)
        for table in STREAM_TABLES
    ]
    plans = tuple(each for each in planned if each is not None)
    if plans:
        _check_job(savepoint, found, runs)
        _check_committed(savepoint, runs[RAW_EVENTS.name])
    return plans


def rewind_table(catalog: Catalog, namespace: str, plan: TableRewind, tag: str) -> None:
    """Put a table back, and tag what it held, in one commit.

    Args:
        catalog: Has the table.
        namespace: Its namespace.
        plan: What to do.
        tag: Name of the tag.

    Raises:
        CommitConflictError: The table has another snapshot than the plan says.
        UnknownCommitError: The catalog gave no clear answer.
    """
    existing = once(catalog.load_table((namespace, plan.table.name)))
    current = existing.current_snapshot()
    if current is None or current.snapshot_id != plan.head_id:
        raise _conflict(plan.table)
    try:
        with existing.manage_snapshots() as change:
            change.create_tag(plan.head_id, tag)
            if plan.target_id is None:
                change.remove_branch(MAIN_BRANCH)
            else:
                change.set_current_snapshot(plan.target_id)
    except CommitFailedException as error:
        raise _conflict(plan.table) from error
    except NO_CLEAR_ANSWER as error:
        raise unknown_commit(plan.table, error) from error


def rewind_tag(change_id: str, checkpoint_id: int) -> str:
    """Return the name of the tags of a change."""
    return f"{REWIND_TAG}{checkpoint_id}-{change_id[:12]}"


def _plan(
    existing: IcebergTable, table: Table, run: Sequence[FlinkCommit], checkpoint_id: int
) -> TableRewind | None:
    later = [each for each in run if each.checkpoint_id > checkpoint_id]
    if not later:
        return None
    line = list(line_of(existing))
    first = next(
        place for place, each in enumerate(line) if each.snapshot_id == later[-1].snapshot_id
    )
    for each in line[: first + 1]:
        if commit_of(each) is None and not is_rewrite(each):
            raise UnsafeRewindError(
                f"table {table.name}, snapshot {each.snapshot_id}: expected commits of the job,"
                " and files written anew, found rows of another program, which no replay brings"
                " again"
            )
    target = line[first + 1] if first + 1 < len(line) else None
    if target is None and not _begins_with(line[first]):
        raise UnsafeRewindError(
            f"table {table.name}: expected a snapshot of checkpoint {checkpoint_id} or before,"
            f" found that those before checkpoint {later[-1].checkpoint_id} have expired"
        )
    before = next((each for each in map(commit_of, line[first + 1 :]) if each is not None), None)
    return TableRewind(
        table,
        run[0],
        line[0].snapshot_id,
        None if target is None else target.snapshot_id,
        None if before is None else before.checkpoint_id,
        tuple(each.snapshot_id for each in line[: first + 1]),
    )


def _begins_with(snapshot: Snapshot) -> bool:
    """Tell whether nothing stood in the table before a snapshot: its parent may have expired."""
    said = snapshot.summary.additional_properties if snapshot.summary else {}
    return all(
        int(said.get(f"total-{what}", "0")) == int(said.get(f"added-{what}", "0"))
        for what in ("records", "data-files")
    )


def _check_job(
    savepoint: Savepoint,
    found: Mapping[str, Sequence[FlinkCommit]],
    runs: Mapping[str, Sequence[FlinkCommit]],
) -> None:
    """Refuse a number that may be of an older count."""
    anew = [name for name, commits in found.items() if len(commits) > len(runs[name])]
    jobs = {each.job_id for run in runs.values() for each in run}
    is_known = any(job.startswith(savepoint.job_id) for job in jobs)
    if savepoint.job_id and is_known:
        return
    if savepoint.job_id:
        raise UnsafeRewindError(
            f"savepoint, {savepoint.path}: expected one of a job that wrote the tables, or went on"
            f" from one that did, found one of job {savepoint.job_id}"
        )
    if anew:
        raise UnsafeRewindError(
            f"checkpoint {savepoint.checkpoint_id}: expected to know of which job, as table"
            f" {anew[0]} was begun anew and numbers come twice, found none; give the savepoint's"
            " path as Flink named it, or --job"
        )


def _check_committed(savepoint: Savepoint, run: Sequence[FlinkCommit]) -> None:
    """Refuse a savepoint with files that the next checkpoint committed with its own.

    A savepoint that a job is not stopped with commits nothing. Its files wait for the next
    checkpoint, which deletes the list of them: restored, the sink would look for it in vain.
    """
    if savepoint.has_pending is False:
        return
    if all(each.checkpoint_id != savepoint.checkpoint_id for each in run):
        raise UnsafeRewindError(
            f"checkpoint {savepoint.checkpoint_id}: expected a commit of its own in"
            f" {RAW_EVENTS.name}, found none, as of a savepoint that the job went on after; choose"
            " a checkpoint, or a savepoint that the job was stopped with"
        )


def _conflict(table: Table) -> CommitConflictError:
    return CommitConflictError(
        f"table {table.name}: expected no other commit, found one; stop the job, and run it again"
    )

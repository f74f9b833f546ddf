"""What the snapshots of a table say of the job that committed them.

Flink's sink writes into each snapshot's summary its job, its operator and the checkpoint up to
which the table has all rows. Snapshots of other programs, such as a roll-up, have none of these:
they tell of the same checkpoint as their parent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Snapshot

JOB_ID = "flink.job-id"
OPERATOR_ID = "flink.operator-id"
CHECKPOINT_ID = "flink.max-committed-checkpoint-id"

REWIND_TAG = "before-rewind-"
"""How tags begin that keep what a table held before it was put back."""


@dataclass(frozen=True, slots=True)
class FlinkCommit:
    """One commit of the job.

    Attributes:
        snapshot_id: The snapshot.
        at_ms: When it was committed, by the clock of the committer.
        job_id: Flink's id of the job; empty: the snapshot does not say.
        operator_id: Of the sink; empty: the snapshot does not say.
        checkpoint_id: The table has all rows of the job up to this checkpoint.
    """

    snapshot_id: int
    at_ms: int
    job_id: str
    operator_id: str
    checkpoint_id: int


def line_of(table: IcebergTable, head: Snapshot | None = None) -> Iterator[Snapshot]:
    """Yield a snapshot, its parent, and so on, as far as the table still keeps them.

    Args:
        table: The table.
        head: Where to begin; None: at the current snapshot.
    """
    current = head or table.current_snapshot()
    while current is not None:
        yield current
        parent_id = current.parent_snapshot_id
        current = None if parent_id is None else table.snapshot_by_id(parent_id)


def commit_of(snapshot: Snapshot) -> FlinkCommit | None:
    """Return what a snapshot says of the job; None: another program committed it."""
    said = snapshot.summary.additional_properties if snapshot.summary else {}
    if CHECKPOINT_ID not in said:
        return None
    return FlinkCommit(
        snapshot.snapshot_id,
        snapshot.timestamp_ms,
        said.get(JOB_ID, ""),
        said.get(OPERATOR_ID, ""),
        int(said[CHECKPOINT_ID]),
    )


def commits_of(table: IcebergTable) -> list[FlinkCommit]:
    """Return the job's commits that the table's rows are made of, newest first."""
    return [commit for each in line_of(table) if (commit := commit_of(each)) is not None]


def last_commit(table: IcebergTable) -> FlinkCommit | None:
    """Return the job's last commit to what the table holds; None: there is none."""
    found = map(commit_of, line_of(table))
    return next((each for each in found if each is not None), None)


def numbered(table: IcebergTable) -> Iterator[tuple[int, Snapshot]]:
    """Yield a table's snapshots, newest first, with the checkpoint that each tells of.

    A snapshot of another program, such as one that merges files, tells of its parent's.
    """
    waiting: list[Snapshot] = []
    for current in line_of(table):
        waiting.append(current)
        commit = commit_of(current)
        if commit is not None:
            for each in waiting:
                yield commit.checkpoint_id, each
            waiting.clear()


def newest_run(commits: Sequence[FlinkCommit]) -> list[FlinkCommit]:
    """Return the commits whose checkpoints are counted on from one another, newest first.

    A job that is restored counts on. One that begins without state, or at an older savepoint over
    tables that were not put back, counts from a smaller number: what stands before it is another
    count. Two jobs at once are one count, as neither can be told to come after the other.

    Args:
        commits: Of one table, newest first.
    """
    oldest_first = list(reversed(commits))
    begin = 0
    for place in range(1, len(oldest_first)):
        before, this = oldest_first[place - 1], oldest_first[place]
        is_new = all(each.job_id != this.job_id for each in oldest_first[:place])
        goes_on = any(each.job_id == before.job_id for each in oldest_first[place:])
        if is_new and not goes_on and this.checkpoint_id <= before.checkpoint_id:
            begin = place
    return list(reversed(oldest_first[begin:]))


def abandoned_ids(table: IcebergTable) -> set[int]:
    """Return the snapshots that a rewind has left behind: no row of the table comes from them."""
    kept = {each.snapshot_id for each in line_of(table)}
    left = set()
    for name, ref in table.metadata.refs.items():
        if name.startswith(REWIND_TAG):
            for each in line_of(table, table.snapshot_by_id(ref.snapshot_id)):
                if each.snapshot_id in kept:
                    break
                left.add(each.snapshot_id)
    return left

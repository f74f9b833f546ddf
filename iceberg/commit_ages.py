"""How far the job's commits have come, table by table, and what is wrong with them.

A sink without rows commits each tenth checkpoint, so a table may stand as many behind the others.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pyiceberg.catalog import Catalog

from iceberg.accepting import AcceptedStore
from iceberg.checking import RepeatedCommit
from iceberg.cutting import EMPTY_COMMITS
from iceberg.flink_commits import FlinkCommit, last_commit
from iceberg.table import Table
from iceberg.tables import STREAM_TABLES

_EMPTY_COMMITS = 10


@dataclass(frozen=True, slots=True)
class TableAge:
    """The commits of one table.

    Attributes:
        table: Its name.
        last: The job's last commit; None: there is none.
        age_ms: How long ago that was; None: there is none.
        behind: How many checkpoints it stands behind the table that is furthest.
        allowed: How many a table without rows may.
        repeated: What was committed more than once, or by a second job, and nobody accepted.
    """

    table: str
    last: FlinkCommit | None
    age_ms: int | None
    behind: int
    allowed: int
    repeated: tuple[RepeatedCommit, ...]


def read_ages(
    catalog: Catalog,
    namespace: str,
    now_ms: int,
    left_out: Collection[Table] = (),
    reads_files: bool = False,
) -> tuple[TableAge, ...]:
    """Return the ages of all tables that the job writes, in the order of their declaration.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        now_ms: The instant of the run.
        left_out: Tables that the job is configured not to write.
        reads_files: Whether to look for data files that were committed twice, too: this reads
            every manifest of every snapshot.
    """
    tables = [
        (table, catalog.load_table((namespace, table.name)))
        for table in STREAM_TABLES
        if table not in left_out
    ]
    accepted = AcceptedStore(catalog, namespace)
    lasts = {table.name: last_commit(existing) for table, existing in tables}
    furthest = max((each.checkpoint_id for each in lasts.values() if each), default=0)
    found = []
    for table, existing in tables:
        last = lasts[table.name]
        found.append(
            TableAge(
                table.name,
                last,
                None if last is None else now_ms - last.at_ms,
                furthest - (0 if last is None else last.checkpoint_id),
                int(existing.properties.get(EMPTY_COMMITS, _EMPTY_COMMITS)),
                tuple(accepted.open_repeats(table.name, existing, reads_files)),
            )
        )
    return tuple(found)


def find_faults(ages: Collection[TableAge], max_age_ms: int) -> Iterator[str]:
    """Yield a line for each thing that is wrong, those of all tables first.

    Args:
        ages: From `read_ages`.
        max_age_ms: How long ago a commit may be.
    """
    known = [each.age_ms for each in ages if each.age_ms is not None]
    if not known:
        yield "tables: expected a commit of the job, found none in any"
    elif min(known) > max_age_ms:
        yield (
            f"tables: expected a commit of the job within {max_age_ms / 1000:g} s, found the last"
            f" one {min(known) / 1000:g} s ago"
        )
    for each in ages:
        is_old = each.age_ms is None or each.age_ms > max_age_ms
        if known and is_old and each.behind > each.allowed:
            found = "none" if each.last is None else f"the last one of {each.last.checkpoint_id}"
            yield (
                f"table {each.table}: expected a commit of checkpoint"
                f" {each.behind + (each.last.checkpoint_id if each.last else 0) - each.allowed} or"
                f" later, found {found}"
            )
        for repeat in each.repeated:
            yield (
                f"table {each.table}: expected each commit once and one job, found the"
                f" {repeat.kind} {repeat.name} in snapshots"
                f" {', '.join(map(str, repeat.snapshot_ids))}"
            )

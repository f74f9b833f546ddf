"""To which snapshots tables are put back, and when that is refused."""

from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg import rewinding
from iceberg.checking import repeated_commits
from iceberg.flink_commits import last_commit
from iceberg.replacing import COMPACTION
from iceberg.rewinding import TableRewind, UnsafeRewindError, plan_rewind, rewind_table
from iceberg.savepoints import Savepoint
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS
from iceberg.writing import CommitConflictError
from tests.iceberg.filling import append, flink_summary
from tests.iceberg.maintained import load, open_some, receive, record, rows_of
from tests.iceberg.rows import row_of

OLD, NEW = "a" * 32, "b" * 32


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """Two tables that a job writes; the archive has the checkpoints 1, 2 and 4."""
    monkeypatch.setattr(rewinding, "STREAM_TABLES", (RAW_EVENTS, CLOSED_USAGE))
    catalog = open_some(tmp_path, [RAW_EVENTS, CLOSED_USAGE])
    for checkpoint_id in (1, 2, 4):
        receive(catalog, checkpoint_id, job_id=OLD)
    return catalog


def _plan(
    catalog: Catalog, checkpoint_id: int, job_id: str = "", has_pending: bool | None = None
) -> dict[str, TableRewind]:
    savepoint = Savepoint("p", checkpoint_id, job_id, has_pending)
    return {each.table.name: each for each in plan_rewind(catalog, "billing", savepoint)}


@pytest.mark.parametrize(
    ("checkpoint_id", "job_id", "has_pending", "found"),
    [
        (2, "", True, 2),
        (1, OLD[:6], None, 1),
        (3, "", False, 2),
        (0, "", False, None),
        (3, "", None, "expected a commit of its own in raw_events, found none"),
        (3, "", True, "expected a commit of its own in raw_events, found none"),
        (2, "cccccc", None, "expected one of a job that wrote the tables, .* found one of job ccc"),
    ],
    ids=["committed", "of the job", "nothing to commit", "before all", "unknown", "waits", "other"],
)
def test_which_savepoints_will_do(
    catalog: Catalog, checkpoint_id: int, job_id: str, has_pending: bool | None, found: object
) -> None:
    """What waited for a commit must be in the tables by itself."""
    if isinstance(found, str):
        with pytest.raises(UnsafeRewindError, match=found):
            _plan(catalog, checkpoint_id, job_id, has_pending)
        return
    plan = _plan(catalog, checkpoint_id, job_id, has_pending)["raw_events"]
    assert (plan.target_checkpoint_id, plan.last.checkpoint_id) == (found, 4)


def test_tables_that_are_not_ahead_are_left_out(catalog: Catalog) -> None:
    """One stands behind, none is ahead: nothing is to be done."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)], flink_summary(2, OLD))
    assert _plan(catalog, 2).keys() == {"raw_events"}
    assert _plan(catalog, 4) == {}
    assert _plan(catalog, 9) == {}


def test_a_table_without_a_snapshot_of_then_is_empty(catalog: Catalog) -> None:
    """The sink had committed nothing to it; it commits the same again afterwards."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)], flink_summary(3, OLD))
    plan = _plan(catalog, 2)["closed_usage"]
    assert plan.target_id is None
    rewind_table(catalog, "billing", plan, "before-rewind-2-x")
    existing = load(catalog, CLOSED_USAGE)
    assert existing.current_snapshot() is None
    assert len(rows_of(existing, existing.metadata.refs["before-rewind-2-x"].snapshot_id)) == 1
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)], flink_summary(3, OLD))
    assert len(rows_of(load(catalog, CLOSED_USAGE))) == 1
    assert repeated_commits(load(catalog, CLOSED_USAGE)) == []


def test_a_commit_in_between_is_a_conflict(catalog: Catalog) -> None:
    """Nothing is changed then: no tag, no other snapshot."""
    plan = _plan(catalog, 2)["raw_events"]
    receive(catalog, 5, job_id=OLD)
    with pytest.raises(CommitConflictError, match="stop the job, and run it again"):
        rewind_table(catalog, "billing", plan, "before-rewind-2-x")
    existing = load(catalog)
    assert set(existing.metadata.refs) == {"main"}
    last = last_commit(existing)
    assert last is not None
    assert last.checkpoint_id == 5


def test_rows_of_others_are_not_lost(catalog: Catalog) -> None:
    """Files written anew may be undone; rows that the job did not write may not."""
    append(catalog, RAW_EVENTS, [record(7)], {COMPACTION: "1"})
    assert len(_plan(catalog, 2)["raw_events"].undone_ids) == 2
    append(catalog, RAW_EVENTS, [record(8)])
    with pytest.raises(UnsafeRewindError, match="found rows of another program"):
        _plan(catalog, 2)


def test_a_merge_right_after_the_checkpoint_stays(catalog: Catalog) -> None:
    """It says what the checkpoint says."""
    receive(catalog, 5, job_id=OLD)
    append(catalog, RAW_EVENTS, [record(9)], {COMPACTION: "1"})
    head = load(catalog).current_snapshot()
    assert head is not None
    receive(catalog, 6, job_id=OLD)
    plan = _plan(catalog, 5)["raw_events"]
    assert (plan.target_id, plan.target_checkpoint_id) == (head.snapshot_id, 5)


def test_snapshots_that_expired_are_said(catalog: Catalog) -> None:
    """Nobody knows any more what stood in the table."""
    existing = load(catalog)
    ids = [each.snapshot_id for each in existing.snapshots()]
    existing.maintenance.expire_snapshots().by_ids(ids[:2]).commit()
    with pytest.raises(UnsafeRewindError, match="those before checkpoint 4 have expired"):
        _plan(catalog, 2)


def test_a_number_that_came_twice_needs_the_job(catalog: Catalog) -> None:
    """Tables that were begun anew count from the beginning."""
    for checkpoint_id in (1, 2, 3):
        receive(catalog, checkpoint_id, job_id=NEW)
    with pytest.raises(UnsafeRewindError, match="expected to know of which job"):
        _plan(catalog, 2)
    assert len(_plan(catalog, 2, NEW[:6])["raw_events"].undone_ids) == 1
    with pytest.raises(UnsafeRewindError, match="found one of job aaaaaa"):
        _plan(catalog, 2, OLD[:6])


def test_two_jobs_at_once_are_both_undone(catalog: Catalog) -> None:
    """Back to before the second one began, whatever numbers it had."""
    for checkpoint_id, job_id in ((3, NEW), (5, OLD), (4, NEW), (6, OLD)):
        receive(catalog, checkpoint_id, job_id=job_id)
    plan = _plan(catalog, 2)["raw_events"]
    assert (plan.target_checkpoint_id, len(plan.undone_ids)) == (2, 5)
    with pytest.raises(UnsafeRewindError, match=r"job bbb.* beside aaa.* since its checkpoint 4;"):
        _plan(catalog, 5)

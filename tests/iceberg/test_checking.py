"""Repeated commits are found in the table's own history."""

from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.checking import RepeatedKind, read_states, repeated_commits
from iceberg.creating import make_tables
from iceberg.tables import CLOSED_USAGE, TABLES
from tests.iceberg.filling import LocalCatalog, append, flink_summary
from tests.iceberg.rows import row_of

ROW = row_of(CLOSED_USAGE)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with every table, all empty."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    return catalog


def _checkpoint(number: int, operator: str = "sink") -> dict[str, str]:
    """Return what Flink's sink writes into the summary of a snapshot."""
    return {
        "flink.job-id": "job",
        "flink.operator-id": operator,
        "flink.max-committed-checkpoint-id": str(number),
    }


def test_one_commit_for_each_checkpoint_is_well(catalog: Catalog) -> None:
    """Checkpoints, other operators and commits of other programs do not repeat each other."""
    for summary in (_checkpoint(1), _checkpoint(2), _checkpoint(2, "other"), {}, {}):
        append(catalog, CLOSED_USAGE, [ROW], summary)
    assert repeated_commits(catalog.load_table(("billing", "closed_usage"))) == []


def test_merged_manifests_repeat_nothing(catalog: Catalog) -> None:
    """A merge lists older files again, as existing ones."""
    table = catalog.load_table(("billing", "closed_usage"))
    with table.transaction() as transaction:
        transaction.set_properties(
            {"commit.manifest-merge.enabled": "true", "commit.manifest.min-count-to-merge": "2"}
        )
    for number in range(4):
        append(catalog, CLOSED_USAGE, [ROW], _checkpoint(number))
    table.refresh()
    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert len(snapshot.manifests(table.io)) < 4
    assert repeated_commits(table) == []


def test_a_checkpoint_committed_twice_is_found(catalog: Catalog) -> None:
    """Same job, operator and checkpoint in two snapshots, even with other files."""
    for number in (1, 2, 1):
        append(catalog, CLOSED_USAGE, [ROW], _checkpoint(number))
    table = catalog.load_table(("billing", "closed_usage"))
    snapshots = [each.snapshot_id for each in table.snapshots()]
    (found,) = repeated_commits(table)
    assert (found.kind, found.name) == (RepeatedKind.CHECKPOINT, "job/sink/1")
    assert found.snapshot_ids == (snapshots[0], snapshots[2])


def test_a_data_file_committed_twice_is_found(catalog: Catalog) -> None:
    """The same path added by two snapshots, whatever they say of themselves."""
    (path,) = append(catalog, CLOSED_USAGE, [ROW])
    append(catalog, CLOSED_USAGE, [ROW])
    table = catalog.load_table(("billing", "closed_usage"))
    table.add_files([path], check_duplicate_files=False)
    snapshots = [each.snapshot_id for each in table.snapshots()]
    (found,) = repeated_commits(table)
    assert (found.kind, found.name) == (RepeatedKind.DATA_FILE, path)
    assert found.snapshot_ids == (snapshots[0], snapshots[2])


def _jobs(catalog: Catalog, *jobs: str) -> None:
    for number, job_id in enumerate(jobs, start=1):
        append(catalog, CLOSED_USAGE, [ROW], flink_summary(number, job_id))


def test_two_jobs_at_once_are_found(catalog: Catalog) -> None:
    """A job that commits again behind another one ran beside it; a restored job is none."""
    _jobs(catalog, "a", "a", "b", "c")
    table = catalog.load_table(("billing", "closed_usage"))
    assert repeated_commits(table) == []
    _jobs(catalog, "d", "c", "d")
    table.refresh()
    ids = [each.snapshot_id for each in table.snapshots()]
    found = [(each.kind, each.name, each.snapshot_ids) for each in repeated_commits(table)]
    assert (RepeatedKind.WRITER, "d", (ids[3], ids[4], ids[5])) in found
    assert len(found) == 1


def test_what_a_rewind_left_behind_repeats_nothing(catalog: Catalog) -> None:
    """The same job may commit the same checkpoints again."""
    _jobs(catalog, "a", "a", "a")
    table = catalog.load_table(("billing", "closed_usage"))
    ids = [each.snapshot_id for each in table.snapshots()]
    with table.manage_snapshots() as change:
        change.create_tag(ids[2], "before-rewind-1-x").set_current_snapshot(ids[0])
    for number in (2, 3):
        append(catalog, CLOSED_USAGE, [ROW], flink_summary(number, "a"))
    table.refresh()
    assert repeated_commits(table) == []
    append(catalog, CLOSED_USAGE, [ROW], flink_summary(3, "a"))
    (found,) = repeated_commits(table.refresh())
    assert found.name == "a/sink/3"


def test_states_say_what_tables_hold(catalog: Catalog) -> None:
    """Rows, files and snapshots of each declared table, and what was repeated."""
    append(catalog, CLOSED_USAGE, [ROW], _checkpoint(1))
    append(catalog, CLOSED_USAGE, [ROW], _checkpoint(1))
    states = {state.name: state for state in read_states(catalog, "billing")}
    assert list(states) == [table.name for table in TABLES]
    closed = states["closed_usage"]
    assert (closed.rows, closed.data_files, closed.snapshots) == (2, 2, 2)
    assert closed.location == catalog.load_table(("billing", "closed_usage")).location()
    assert [repeat.name for repeat in closed.repeated] == ["job/sink/1"]
    assert (states["raw_events"].rows, states["raw_events"].size_bytes) == (0, 0)

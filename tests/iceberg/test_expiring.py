"""Old snapshots go, with their files; what anybody still asks for stays."""

import json
from pathlib import Path

import pytest
from pyiceberg.table import Table as IcebergTable

from iceberg import expiring
from iceberg.charge_tables import RUNS
from iceberg.compacting import MergeSize, merge_files
from iceberg.cutting import CUT_TABLES, common_cut
from iceberg.expiring import Kept, expire_snapshots, what_to_keep
from iceberg.flink_commits import commits_of, last_commit
from iceberg.tables import RAW_EVENTS
from tests.iceberg.filling import append, flink_summary
from tests.iceberg.maintained import NOON, files_on_disk, load, open_some, receive, rows_of
from tests.iceberg.rows import correction, row_of

FUTURE_MS = 2**52
ALL = Kept(FUTURE_MS, FUTURE_MS, None, {})


def _readable(existing: IcebergTable) -> dict[int, int]:
    """Return how many rows each snapshot has, read from its files."""
    return {
        each.snapshot_id: len(rows_of(existing, each.snapshot_id)) for each in existing.snapshots()
    }


def test_the_jobs_last_commits_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unbroken from the current snapshot down; the files of what goes are deleted."""
    monkeypatch.setattr(expiring, "_LAST_COMMITS", 2)
    catalog = open_some(tmp_path, [RAW_EVENTS])
    for checkpoint_id in range(1, 6):
        receive(catalog, checkpoint_id)
    list(merge_files(load(catalog), RAW_EVENTS, MergeSize(least_files=2), "1"))
    before = rows_of(load(catalog))
    last = last_commit(load(catalog))
    expired = expire_snapshots(load(catalog), RAW_EVENTS, ALL)
    assert (expired.snapshots, expired.kept) == (3, 3)
    existing = load(catalog)
    assert rows_of(existing) == before
    assert [each.checkpoint_id for each in commits_of(existing)] == [5, 4]
    assert last_commit(existing) == last
    assert list(_readable(existing).values()) == [4, 5, 5]
    # Three manifest lists: later snapshots share the manifests, and all data files are in use.
    assert expired.files == 3


def test_files_that_only_old_snapshots_have_are_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a merge replaced goes with the last snapshot that had it."""
    monkeypatch.setattr(expiring, "_LAST_COMMITS", 1)
    catalog = open_some(tmp_path, [RAW_EVENTS])
    for checkpoint_id in range(1, 4):
        receive(catalog, checkpoint_id)
    list(merge_files(load(catalog), RAW_EVENTS, MergeSize(least_files=2), "1"))
    receive(catalog, 4)
    expire_snapshots(load(catalog), RAW_EVENTS, ALL)
    existing = load(catalog)
    assert list(_readable(existing).values()) == [4]
    assert sum(path.endswith(".parquet") for path in files_on_disk(existing)) == 2


def test_age_tags_and_branches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Young snapshots stay, and what has a name, with all that a branch leads to."""
    monkeypatch.setattr(expiring, "_LAST_COMMITS", 1)
    catalog = open_some(tmp_path, [RAW_EVENTS])
    for checkpoint_id in range(1, 7):
        receive(catalog, checkpoint_id)
    existing = load(catalog)
    ids = [each.snapshot_id for each in existing.snapshots()]
    with existing.manage_snapshots() as change:
        change.create_tag(ids[3], "closed-2013-02").create_branch(ids[1], "pricing-run-x")
    young_ms = existing.snapshots()[4].timestamp_ms
    assert expire_snapshots(load(catalog), RAW_EVENTS, Kept(young_ms, 0, None, {})).snapshots == 1
    assert [each.snapshot_id for each in load(catalog).snapshots()] == [*ids[:2], *ids[3:]]
    expire_snapshots(load(catalog), RAW_EVENTS, ALL)
    assert [each.snapshot_id for each in load(catalog).snapshots()] == [*ids[:2], ids[3], ids[5]]
    assert list(_readable(load(catalog)).values()) == [1, 2, 4, 6]


def test_what_a_run_has_read_and_the_cut_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that is far ahead of the others keeps the snapshot of the cut, and the one before."""
    monkeypatch.setattr(expiring, "_LAST_COMMITS", 1)
    catalog = open_some(tmp_path, [*CUT_TABLES, RUNS])
    for table in CUT_TABLES:
        if table is not RAW_EVENTS:
            own = correction(1, 5, 2) if table.name == "usage_corrections" else {}
            own |= {"event_window_s": 60} if table.name == "metering_windows" else {}
            append(catalog, table, [row_of(table, **own)], flink_summary(5))
    for checkpoint_id in range(1, 10):
        receive(catalog, checkpoint_id)
    ids = [each.snapshot_id for each in load(catalog).snapshots()]
    read = {"snapshots": {"raw_events": ids[1]}, "until_us": 1}
    row = dict.fromkeys(RUNS.names, "x") | {"status": "finished", "at": NOON}
    append(catalog, RUNS, [row | {"input_snapshots": json.dumps(read)}])
    noon_ms = round(NOON.timestamp() * 1000)
    cut = common_cut(catalog, "billing", 1)
    kept = what_to_keep(catalog, "billing", FUTURE_MS, noon_ms)
    assert expire_snapshots(load(catalog), RAW_EVENTS, kept, is_dry=True).snapshots == 2
    expire_snapshots(load(catalog), RAW_EVENTS, kept)
    assert [each.snapshot_id for each in load(catalog).snapshots()] == [ids[1], *ids[3:]]
    assert common_cut(catalog, "billing", 1) == cut
    later = what_to_keep(catalog, "billing", FUTURE_MS, noon_ms + 1)
    expire_snapshots(load(catalog), RAW_EVENTS, later)
    assert [each.snapshot_id for each in load(catalog).snapshots()] == ids[3:]


def test_a_commit_in_between_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chosen again behind it: the snapshot that a rewind made the current one stays."""
    monkeypatch.setattr(expiring, "_LAST_COMMITS", 1)
    catalog = open_some(tmp_path, [RAW_EVENTS])
    for checkpoint_id in range(1, 4):
        receive(catalog, checkpoint_id)
    ids = [each.snapshot_id for each in load(catalog).snapshots()]
    choose = expiring.old_snapshots
    calls: list[int] = []

    def choose_then_rewind(*arguments: object) -> object:
        chosen = choose(*arguments)  # type: ignore[arg-type]
        calls.append(1)
        if len(calls) == 1:
            with load(open_some(tmp_path, [])).manage_snapshots() as change:
                change.create_tag(ids[2], "before-rewind-1-x").set_current_snapshot(ids[0])
        return chosen

    monkeypatch.setattr(expiring, "old_snapshots", choose_then_rewind)
    assert expire_snapshots(load(catalog), RAW_EVENTS, ALL).snapshots == 1
    assert len(calls) == 2
    existing = load(catalog)
    assert [each.snapshot_id for each in existing.snapshots()] == [ids[0], ids[2]]
    assert list(_readable(existing).values()) == [1, 3]
    assert len(rows_of(existing)) == 1

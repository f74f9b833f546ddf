"""Small files become large ones: no row changes, and no other writer is disturbed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pyiceberg.table import Table as IcebergTable

from iceberg import compacting
from iceberg.charge_tables import CHARGES
from iceberg.checking import repeated_commits
from iceberg.compacting import (
    MERGED_TABLES,
    CompactionConflictError,
    Merged,
    MergeSize,
    merge_files,
)
from iceberg.flink_commits import last_commit, numbered
from iceberg.replacing import COMPACTION, replace_files
from iceberg.table import Table
from iceberg.tables import METERING_WINDOWS, RAW_EVENTS, TABLES
from tests.iceberg.filling import append
from tests.iceberg.maintained import files_on_disk, load, open_some, receive, record, rows_of
from tests.iceberg.windows import at, detail

SIZE = MergeSize(least_files=3)


def _merge(
    existing: IcebergTable, table: Table = RAW_EVENTS, size: MergeSize = SIZE
) -> list[Merged]:
    return list(merge_files(existing, table, size, "1"))


def test_rows_stay_as_they_are(tmp_path: Path) -> None:
    """Also those that came twice; ordered by key; the former snapshots are whole still."""
    catalog = open_some(tmp_path, [RAW_EVENTS])
    for checkpoint_id, offsets in enumerate(((9, 4), (3,), (4, 9), (1, 2)), start=1):
        receive(catalog, checkpoint_id, *offsets)
    existing = load(catalog)
    before, first = rows_of(existing), existing.snapshots()[0]
    (merged,) = _merge(existing)
    assert (merged.month, merged.files, merged.rows) == ("2013-02", 4, 7)
    assert rows_of(load(catalog)) == before
    offsets = load(catalog).scan().to_arrow()["kafka_offset"].to_pylist()
    assert offsets == [1, 2, 3, 4, 4, 9, 9]
    assert len(rows_of(existing, first.snapshot_id)) == 2
    assert _merge(load(catalog)) == []


def test_flinks_sink_finds_its_last_checkpoint(tmp_path: Path) -> None:
    """Its commit is the parent of the merge, which tells of the same checkpoint."""
    catalog = open_some(tmp_path, [RAW_EVENTS])
    for checkpoint_id in (1, 2, 3):
        receive(catalog, checkpoint_id)
    _merge(load(catalog))
    existing = load(catalog)
    head = existing.current_snapshot()
    assert head is not None
    assert head.summary is not None
    assert COMPACTION in head.summary.additional_properties
    last = last_commit(existing)
    assert last is not None
    assert (last.checkpoint_id, last.snapshot_id) == (3, head.parent_snapshot_id)
    assert next(numbered(existing)) == (3, head)
    receive(catalog, 4)
    assert repeated_commits(load(catalog)) == []


def test_months_and_large_files_stay_apart(tmp_path: Path) -> None:
    """A file of most of the target is left alone; few files are not worth it."""
    catalog = open_some(tmp_path, [RAW_EVENTS])
    month = 60 * 24 * 31
    for checkpoint_id, minutes in enumerate((1, 2, 3, month, month), start=1):
        append(catalog, RAW_EVENTS, [record(checkpoint_id, minutes=minutes)])
    existing = load(catalog)
    size = min(task.file.file_size_in_bytes for task in existing.scan().plan_files())
    assert _merge(existing, size=MergeSize(size, 2)) == []
    assert [each.month for each in _merge(existing)] == ["2013-02"]
    assert len(list(load(catalog).scan().plan_files())) == 3


def test_days_of_windows_stay_apart(tmp_path: Path) -> None:
    """So a roll-up, which writes files anew whose rows are due, finds them by the day."""
    catalog = open_some(tmp_path, [METERING_WINDOWS])
    for day in (0, 1):
        for minute in (1, 2, 3):
            row = detail(at(day, minutes=minute), at(day, minutes=minute + 1))
            append(catalog, METERING_WINDOWS, [row])
    found = _merge(load(catalog, METERING_WINDOWS), METERING_WINDOWS)
    assert [(each.files, each.rows) for each in found] == [(3, 3), (3, 3)]


def _between(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None], times: int) -> None:
    calls: list[int] = []

    def replace_after(existing: IcebergTable, *arguments: object) -> bool:
        calls.append(1)
        if len(calls) <= times:
            act(len(calls))
        return replace_files(existing, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(compacting, "replace_files", replace_after)


def test_commits_in_between_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was merged holds; it is tried again behind them."""
    catalog = open_some(tmp_path, [RAW_EVENTS])
    for checkpoint_id in (1, 2, 3):
        receive(catalog, checkpoint_id)
    other = open_some(tmp_path, [])
    _between(monkeypatch, lambda call: receive(other, 3 + call), 2)
    (merged,) = _merge(load(catalog))
    assert (merged.files, merged.rows) == (3, 3)
    offsets = load(catalog).scan().to_arrow()["kafka_offset"].to_pylist()
    assert sorted(offsets) == [1, 2, 3, 4, 5]
    last = last_commit(load(catalog))
    assert last is not None
    assert last.checkpoint_id == 5


def test_another_merge_was_faster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are gone: nothing is committed, and nothing is left behind."""
    catalog = open_some(tmp_path, [RAW_EVENTS])
    for checkpoint_id in (1, 2, 3):
        receive(catalog, checkpoint_id)

    def merge_first(_: int) -> None:
        patched.undo()
        assert len(_merge(load(open_some(tmp_path, [])))) == 1

    with monkeypatch.context() as patched:
        _between(patched, merge_first, 1)
        assert _merge(load(catalog)) == []
    existing = load(catalog)
    assert len(existing.snapshots()) == 4
    data = [path for path in files_on_disk(existing) if path.endswith(".parquet")]
    assert len(data) == 4


def test_giving_up_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that commits before each attempt: nothing is changed."""
    catalog = open_some(tmp_path, [RAW_EVENTS])
    for checkpoint_id in (1, 2, 3):
        receive(catalog, checkpoint_id)
    other = open_some(tmp_path, [])
    monkeypatch.setattr(compacting, "_ATTEMPTS", 2)
    _between(monkeypatch, lambda call: receive(other, 3 + call), 99)
    with pytest.raises(CompactionConflictError, match="month 2013-02: expected a commit within 2"):
        _merge(load(catalog))
    assert len(load(catalog).snapshots()) == 5


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    """It says what a run would merge."""
    catalog = open_some(tmp_path, [RAW_EVENTS])
    for checkpoint_id in (1, 2, 3):
        receive(catalog, checkpoint_id)
    existing = load(catalog)
    (merged,) = merge_files(existing, RAW_EVENTS, SIZE, "1", is_dry=True)
    assert (merged.files, len(load(catalog).snapshots())) == (3, 3)


def test_every_key_can_be_ordered() -> None:
    """By types that Arrow sorts; charges are not merged."""
    sortable = {"string", "int", "long", "boolean", "timestamptz"}
    for table in MERGED_TABLES:
        types = {column.type for column in table.columns if column.name in table.key}
        assert types <= sortable | {"decimal(38,9)"}, table.name
    assert set(TABLES) - set(MERGED_TABLES) == {CHARGES}

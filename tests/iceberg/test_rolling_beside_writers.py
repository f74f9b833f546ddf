"""A roll-up beside other writers: nothing is lost, nothing counts twice, at any snapshot."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlparse

import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table as IcebergTable

from iceberg import rolling
from iceberg.replacing import replace_files
from iceberg.rolling import RollUpConflictError
from iceberg.tables import METERING_WINDOWS
from tests.iceberg.filling import append
from tests.iceberg.windows import (
    Row,
    at,
    detail,
    open_windows,
    read_rows,
    roll_up,
    table_of,
    widths,
)

NOW = at(3)
FLINK = {
    "flink.job-id": "job",
    "flink.operator-id": "sink",
    "flink.max-committed-checkpoint-id": "7",
}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with the table, which holds three events of one hour in two files."""
    catalog = open_windows(tmp_path)
    append(catalog, METERING_WINDOWS, [_event(1), _event(2)])
    append(catalog, METERING_WINDOWS, [_event(4)], FLINK)
    return catalog


def _event(units: int, log_window_end: datetime | None = None) -> Row:
    return detail(at(minutes=units), log_window_end or at(minutes=units + 1), units)


def _before_commits(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Iterator[None]]) -> None:
    """Let another writer take one step before each commit of the roll-up, until it has no more."""
    steps = act()

    def replace_after_a_step(existing: IcebergTable, *arguments: object) -> bool:
        next(steps, None)
        return replace_files(existing, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(rolling, "replace_files", replace_after_a_step)


def _orphans(catalog: Catalog) -> set[str]:
    """Return the data files on disk that no snapshot of the table has ever held."""
    table = table_of(catalog)
    held = set()
    for snapshot in table.snapshots():
        for task in table.scan(snapshot_id=snapshot.snapshot_id).plan_files():
            held.add(urlparse(task.file.file_path).path)
    folder = Path(urlparse(table.location()).path) / "data"
    return {str(path) for path in folder.rglob("*.parquet")} - held


@pytest.mark.parametrize("isolation", ["serializable", "snapshot"])
def test_another_commit_between_read_and_commit(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolation: str
) -> None:
    """New detail of the same hour, and a commit of another month, twice: all of it stays."""
    with table_of(catalog).transaction() as transaction:
        transaction.set_properties({"write.delete.isolation-level": isolation})
    other = open_windows(tmp_path)

    def commit_twice() -> Iterator[None]:
        append(other, METERING_WINDOWS, [_event(8, NOW)], FLINK)
        yield
        append(other, METERING_WINDOWS, [detail(at(40), at(40))], FLINK)
        yield

    _before_commits(monkeypatch, commit_twice)
    (rolled,) = roll_up(catalog, NOW)
    assert (rolled.files_removed, rolled.rows_removed) == (2, 3)
    assert (60, at(minutes=8), 8, 1) in widths(read_rows(catalog))
    assert (3600, at(), 7, 3) in widths(read_rows(catalog))
    assert _orphans(catalog) == set()


def test_what_becomes_due_meanwhile_is_read_too(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job caught up after a long stop: its old detail is in the same row."""
    other = open_windows(tmp_path)

    def catch_up() -> Iterator[None]:
        append(other, METERING_WINDOWS, [_event(8)])
        yield

    _before_commits(monkeypatch, catch_up)
    roll_up(catalog, NOW)
    assert widths(read_rows(catalog)) == [(3600, at(), 15, 4)]
    assert _orphans(catalog) == set()


def test_two_roll_ups_at_once(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second to commit finds nothing left to do."""
    with monkeypatch.context() as patched:

        def roll_up_first() -> Iterator[None]:
            patched.undo()
            roll_up(open_windows(tmp_path), NOW)
            yield

        _before_commits(patched, roll_up_first)
        assert roll_up(catalog, NOW) == []
    assert widths(read_rows(catalog)) == [(3600, at(), 7, 3)]
    assert len(table_of(catalog).snapshots()) == 3
    assert _orphans(catalog) == set()


def test_giving_up_is_said(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that commits before each attempt: nothing is changed, nothing is left behind."""
    other = open_windows(tmp_path)

    def commit_always() -> Iterator[None]:
        while True:
            append(other, METERING_WINDOWS, [detail(at(40), at(40))])
            yield

    _before_commits(monkeypatch, commit_always)
    monkeypatch.setattr(rolling, "_ATTEMPTS", 3)
    expected = r"month 2026-03: expected a commit within 3 attempts, found another writer's"
    with pytest.raises(RollUpConflictError, match=expected):
        roll_up(catalog, NOW)
    assert len(table_of(catalog).snapshots()) == 5
    assert _orphans(catalog) == set()


def test_every_snapshot_is_whole(catalog: Catalog) -> None:
    """Whoever reads any snapshot finds each event once: three, then three in one row, then four."""
    roll_up(catalog, NOW)
    append(catalog, METERING_WINDOWS, [_event(8, NOW)])
    roll_up(catalog, at(9))
    table = table_of(catalog)
    counts = [
        sum(table.scan(snapshot_id=each.snapshot_id).to_arrow()["event_count"].to_pylist())
        for each in table.snapshots()
    ]
    assert counts == [2, 3, 3, 4, 4]


def test_flinks_sink_finds_its_last_checkpoint(catalog: Catalog) -> None:
    """It walks from the newest snapshot to its parents; a roll-up's names no checkpoint."""
    roll_up(catalog, NOW)
    table = table_of(catalog)
    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    assert not FLINK.keys() & snapshot.summary.additional_properties.keys()
    assert snapshot.summary.additional_properties["meterclose.roll-up-month"] == "2026-03"
    parent = table.snapshot_by_id(snapshot.parent_snapshot_id or 0)
    assert parent is not None
    assert parent.summary is not None
    assert parent.summary.additional_properties.items() >= FLINK.items()

"""Programs that bring usage back at the same time: each row comes back once."""

from pathlib import Path
from threading import Barrier, Thread

import pytest

from iceberg.catalog import open_catalog
from iceberg.decisions import BroughtBack, DecisionTables
from jobs.bring_back_usage import main
from tests.iceberg.filling import LocalCatalog
from tests.jobs.bringing_back import Output, bring_back, call, refused, report
from tests.jobs.metered_tables import make_world


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings whose tables hold the small world: two rows expired."""
    return make_world(tmp_path)


def test_two_programs_at_once_bring_a_row_back_once(
    settings: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read that nobody did; one commits, the other reads again and is told."""
    both_have_read = Barrier(2, timeout=60)
    read, firsts = DecisionTables.read_brought_back, iter(range(2))

    def read_together(tables: DecisionTables) -> BroughtBack:
        found = read(tables)
        if next(firsts, None) is not None:
            both_have_read.wait()
        return found

    monkeypatch.setattr(DecisionTables, "read_brought_back", read_together)
    codes: list[int] = []
    threads = [
        Thread(target=lambda by=by: codes.append(main(call(settings, "e-flights", by=by), {})))
        for by in ("Ada", "Bob")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0, 2]
    assert "expected one that was not brought back before" in capsys.readouterr().err
    (row,) = report(settings, capsys)["brought_back"]
    assert row["decided_by"] in ("Ada", "Bob")


def test_two_programs_at_once_with_other_rows_both_succeed(
    settings: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one reads again, and finds its own row free."""
    read, calls = DecisionTables.read_brought_back, []

    def read_then_lose(tables: DecisionTables) -> BroughtBack:
        found = read(tables)
        calls.append(found)
        if len(calls) == 1:
            assert main(call(settings, "e-longest", by="Bob"), {}) == 0
        return found

    monkeypatch.setattr(DecisionTables, "read_brought_back", read_then_lose)
    assert main(call(settings, "e-flights"), {}) == 0
    assert len(calls) == 3
    capsys.readouterr()
    found = report(settings, capsys)["brought_back"]
    assert {row["source_row_id"]: row["decided_by"] for row in found} == {
        "e-longest": "Bob",
        "e-flights": "Ada L",
    }


def test_others_that_are_always_faster_end_it_in_one_line(
    settings: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not try for ever."""
    stale = DecisionTables(open_catalog(LocalCatalog(settings.parent)), "billing")
    before = stale.read_brought_back()
    bring_back(settings, capsys, "e-longest")
    monkeypatch.setattr(DecisionTables, "read_brought_back", lambda _: before)
    line = refused(call(settings, "e-flights"), capsys)
    assert line.startswith("commit, table brought_back_usage: expected no other program's, found")

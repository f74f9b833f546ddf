"""The program that rolls up running usage: what it prints and how it ends."""

import json
from pathlib import Path

import pytest

from iceberg import rolling
from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.tables import METERING_WINDOWS
from jobs.roll_up_windows import main
from schemas.instant import to_us
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.windows import at, detail, open_windows, read_rows
from tests.jobs.metered_tables import write_settings

Output = pytest.CaptureFixture[str]
DAYS = ["--hours-after-days", "2", "--days-after-days", "5"]


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings, and tables with two events of one hour."""
    make_tables(open_catalog(LocalCatalog(tmp_path)), "billing")
    rows = [detail(at(minutes=i), at(minutes=5), i) for i in (1, 2)]
    append(open_catalog(LocalCatalog(tmp_path)), METERING_WINDOWS, rows)
    return write_settings(tmp_path)


def _run(settings: Path, *arguments: str, days: float = 3) -> int:
    now_us = to_us(at(days))
    return main(["--settings", str(settings), *arguments], {}, lambda: now_us)


def test_it_rolls_up_then_has_nothing_to_do(settings: Path, capsys: Output) -> None:
    """A line for each month; a second run on that day changes nothing."""
    assert _run(settings, *DAYS) == 0
    expected = "metering_windows, 2026-03: 2 rows in 1 files became 1 in 1\n"
    assert capsys.readouterr().out == expected
    assert _run(settings, *DAYS, days=3.9) == 0
    assert capsys.readouterr().out == "metering_windows: nothing to roll up\n"


def test_json_names_all_figures(settings: Path, tmp_path: Path, capsys: Output) -> None:
    """A line of JSON a month; the instant of the run may be given, with any offset."""
    now = at(3).isoformat().replace("+00:00", "Z")
    assert _run(settings, *DAYS, "--json", "--now", now, days=0) == 0
    assert json.loads(capsys.readouterr().out) == {
        "month": "2026-03",
        "files_removed": 1,
        "files_added": 1,
        "rows_removed": 2,
        "rows_added": 1,
        "repeated_rows": 0,
    }
    (row,) = read_rows(open_windows(tmp_path))
    assert (row["quantity"], row["event_window_s"]) == (3, 3600)
    assert _run(settings, *DAYS, "--json") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--hours-after-days", "5", "--days-after-days", "2"], "found 5 and 2"),
        ([*DAYS, "--now", "2026-03-10T00:00:00"], "--now: expected an instant with its offset"),
        ([*DAYS, "--now", "noon"], "--now: expected an instant with its offset"),
    ],
    ids=["days before hours", "no offset", "no instant"],
)
def test_wrong_options_are_one_line(
    settings: Path, capsys: Output, arguments: list[str], expected: str
) -> None:
    """Exit code 2, nothing on standard output."""
    assert _run(settings, *arguments) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert expected in found.err
    assert found.err.count("\n") == 1


def test_missing_tables_are_one_line(tmp_path: Path, capsys: Output) -> None:
    """The line says what to run."""
    assert _run(write_settings(tmp_path), *DAYS) == 2
    found = capsys.readouterr().err
    assert "run python -m jobs.create_tables" in found
    assert found.count("\n") == 1


def test_giving_up_is_one_line(
    settings: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1: no attempt was left."""
    monkeypatch.setattr(rolling, "_ATTEMPTS", 0)
    assert _run(settings, *DAYS) == 1
    found = capsys.readouterr().err
    assert "nothing is lost, run it again" in found
    assert found.count("\n") == 1

"""Manual acts are listed and verified: what is printed of a log that holds, and of one that not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from iceberg.creating import make_table
from iceberg.decided_tables import MANUAL_ACTS
from iceberg.row_shapes import shape_values
from jobs import freeze_billing
from jobs.list_acts import main
from schemas.manual_act import ActEntry
from tests.iceberg.filling import append
from tests.iceberg.maintained import open_some
from tests.jobs.acting import entries_of
from tests.jobs.loading_prices import empty_tables
from tests.jobs.metered_tables import write_settings

Output = pytest.CaptureFixture[str]
Log = tuple[ActEntry, ...]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A freeze of A by Ada, one of all accounts by Bo, and one more of A, which is refused."""
    settings = empty_tables(tmp_path_factory.mktemp("acts"))
    for by, scope in (("Ada L", ["--account", "A"]), ("Bo\x1b[2J", ["--all-accounts"])):
        words = ["--settings", str(settings), "freeze", *scope, "--by", by, "--reason", "lost"]
        assert freeze_billing.main(words, {}) == 0
    words = ["--settings", str(settings), "freeze", "--account", "A", "--by", "Cy", "--reason", "x"]
    assert freeze_billing.main(words, {}) == 2
    return settings


def _listed(settings: Path, capsys: Output, *words: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["--settings", str(settings), *words, "--json"], {}) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["acts"]
    return found


def test_acts_are_listed(settings: Path, capsys: Output) -> None:
    """The newest last, three lines each; what a terminal would obey is not printed."""
    assert main(["--settings", str(settings)], {}) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9
    assert lines[0].endswith("Z freeze_billing by Ada L: lost")
    assert ', jobs.freeze_billing 0.1.0: {"accounts":["A"],"meters":"all",' in lines[1]
    assert lines[2].startswith("  done at 2")
    assert "by Bo\ufffd[2J: lost" in lines[3]
    assert ": freeze: expected none of the same scope" in lines[8]
    assert lines[8].startswith("  failed at ")


def test_acts_are_chosen(settings: Path, capsys: Output) -> None:
    """By account, by kind, by when they began; with all that is known of them."""
    acts = _listed(settings, capsys)
    assert [each["decided_by"] for each in acts] == ["Ada L", "Bo\x1b[2J", "Cy"]
    assert [each["outcome"] for each in acts] == ["done", "done", "failed"]
    first = acts[0]
    assert first["about"]["accounts"] == first["came_to"]["accounts"] == ["A"]
    assert first["entries"][1]["entry_no"] == 1
    assert datetime.fromisoformat(first["begun_at"]) <= datetime.fromisoformat(first["ended_at"])
    assert _listed(settings, capsys, "--account", "A") == acts
    assert _listed(settings, capsys, "--account", "Z") == acts[1:2]
    assert _listed(settings, capsys, "--act", "lift_freeze") == []
    assert _listed(settings, capsys, "--since", acts[2]["begun_at"]) == acts[2:]
    capsys.readouterr()
    assert main(["--settings", str(settings), "--act", "lift_freeze"], {}) == 0
    assert capsys.readouterr().out == "No manual act.\n"


def test_an_act_without_an_end_is_told(tmp_path: Path, settings: Path, capsys: Output) -> None:
    """Whoever looks sees that it was stopped, or is being done."""
    other = _written(tmp_path, entries_of(settings.parent)[:1])
    assert main(["--settings", str(other)], {}) == 0
    assert capsys.readouterr().out.splitlines()[2] == (
        "  no end: it is being done, or was stopped on the way"
    )
    (act,) = _listed(other, capsys)
    assert (act["outcome"], act["ended_at"], act["came_to"]) == ("begun", None, None)


def test_a_log_that_holds(settings: Path, capsys: Output) -> None:
    """How many rows, and the hash to keep, with which a later run says so again."""
    entries = entries_of(settings.parent)
    last = entries[-1].entry_hash
    words = ["--settings", str(settings), "--verify"]
    assert main(words, {}) == 0
    assert capsys.readouterr().out == f"The log holds: 6 rows, the last with hash {last}.\n"
    assert main([*words, "--known", entries[2].entry_hash, "--json"], {}) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"holds": True, "next_no": 6, "last_hash": last}


def _written(folder: Path, entries: Log) -> Path:
    """Write rows into a log of their own; return the path of its settings."""
    catalog = open_some(folder, [MANUAL_ACTS])
    append(catalog, MANUAL_ACTS, [shape_values(each) for each in entries])
    return write_settings(folder)


def _swapped(log: Log) -> Log:
    first, second = log[:2]
    return (replace(second, entry_no=0), replace(first, entry_no=1), *log[2:])


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (
            lambda log: (replace(log[0], decided_by="Eve"), *log[1:]),
            "manual_acts, row 0: entry_hash: expected ",
        ),
        (
            lambda log: (*log[:2], replace(log[2], about="{}"), *log[3:]),
            "manual_acts, row 2: entry_hash: expected ",
        ),
        (
            lambda log: (*log[:2], *log[4:]),
            "manual_acts, row 2: number: expected 2, found 4",
        ),
        (_swapped, "manual_acts, row 0: previous_hash: expected "),
        (lambda log: log[:4], "manual_acts, row 4: known_hash: expected "),
    ],
    ids=["changed", "changed about", "removed", "swapped", "cut off"],
)
def test_a_log_that_does_not_hold(
    tmp_path: Path,
    settings: Path,
    capsys: Output,
    spoil: Callable[[Log], Log],
    line: str,
) -> None:
    """Exit code 1, and the first row that does not fit."""
    entries = entries_of(settings.parent)
    other = _written(tmp_path, spoil(entries))
    words = ["--settings", str(other), "--verify", "--known", entries[-1].entry_hash]
    assert main(words, {}) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(line)
    assert output.err.count("\n") == 1
    assert main([*words, "--json"], {}) == 1
    assert json.loads(capsys.readouterr().out)["holds"] is False


def test_rows_that_contradict_each_other_are_one_line(
    tmp_path: Path, settings: Path, capsys: Output
) -> None:
    """Nothing is listed of such a log."""
    entries = entries_of(settings.parent)
    other = _written(tmp_path, (*entries, replace(entries[0], reason="another")))
    assert main(["--settings", str(other)], {}) == 1
    assert capsys.readouterr().err.startswith("manual_acts: rows of one identity differ")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--known", "x"], "missing option, command line: expected --verify beside --known"),
        (["--since", "1"], "bad value, --since: expected an instant with its zone"),
        ([], "table manual_acts, namespace billing: expected one, found none; run python -m jobs."),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, capsys: Output, words: list[str], line: str) -> None:
    """What, where, expected and found; an empty log is no mistake."""
    settings = write_settings(tmp_path)
    catalog = open_some(tmp_path, [])
    assert main(["--settings", str(settings), *words], {}) == 2
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    assert output.err.startswith(line)
    make_table(catalog, "billing", MANUAL_ACTS)
    if not words:
        assert main(["--settings", str(settings), "--verify"], {}) == 0
        assert f"0 rows, the last with hash {'0' * 64}" in capsys.readouterr().out

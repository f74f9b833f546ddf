"""The ledger is verified: what is printed of one that holds, and of one that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.verify_ledger import main
from schemas.journal import Posting
from tests.jobs.booked_tables import (
    Chain,
    Output,
    chained,
    check_no_tables,
    read_json,
    small_ledger,
    write_journal,
)

JOURNAL = chained(small_ledger())
LAST_HASH = JOURNAL[-1].entry_hash


def test_a_ledger_that_holds(tmp_path: Path, capsys: Output) -> None:
    """How many entries, and the hash to keep, with which a later run says so again."""
    settings = write_journal(tmp_path, JOURNAL)
    assert main(["--settings", settings], {}) == 0
    text = f"The ledger holds: 3 entries, the last with hash {LAST_HASH}.\n"
    assert capsys.readouterr().out == text
    for known in (JOURNAL[0].entry_hash, LAST_HASH):
        shown = read_json(main, capsys, "--settings", settings, "--known", known)
        assert shown == {"holds": True, "next_no": 3, "last_hash": LAST_HASH}


def _forged(journal: Chain) -> Chain:
    entry = replace(journal[1].entry, account_id="B6")
    return (journal[0], replace(journal[1], entry=entry), *journal[2:])


def _one_sided(journal: Chain) -> Chain:
    entry = replace(journal[1].entry, postings=(Posting("assets:receivable", 7),))
    return chained([journal[0].entry, entry])


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (_forged, "ledger, entry 1: entry_hash: expected "),
        (lambda journal: (journal[0], journal[2]), "ledger, entry 1: number: expected 1, found 2"),
        (_one_sided, "ledger, entry 1: balance: expected 0, found 7"),
        (
            lambda journal: journal[:2],
            f"ledger, entry 2: known_hash: expected {LAST_HASH}, found no such entry",
        ),
        (
            lambda journal: (*journal, replace(journal[2], entry_no=3)),
            "journal: rows of one identity differ",
        ),
    ],
    ids=["changed", "removed", "out of balance", "cut off", "twice"],
)
def test_a_ledger_that_does_not_hold(
    spoil: Callable[[Chain], Chain], line: str, tmp_path: Path, capsys: Output
) -> None:
    """One line with the entry and what is wrong; exit code 1."""
    settings = write_journal(tmp_path, spoil(JOURNAL))
    assert main(["--settings", settings, "--known", LAST_HASH], {}) == 1
    output = capsys.readouterr()
    assert output.err.startswith(line)
    assert output.err.count("\n") == 1
    assert output.out == ""


def test_a_break_as_json(tmp_path: Path, capsys: Output) -> None:
    """With the same members as the line."""
    settings = write_journal(tmp_path, JOURNAL[1:])
    found = {"entry_no": 0, "fault": "number", "expected": "0", "found": "1"}
    shown = read_json(main, capsys, "--settings", settings, code=1)
    assert shown == {"holds": False, **found}


def test_an_empty_ledger_holds(tmp_path: Path, capsys: Output) -> None:
    """Before anything was priced."""
    assert main(["--settings", write_journal(tmp_path, ())], {}) == 0
    text = f"The ledger holds: 0 entries, the last with hash {'0' * 64}.\n"
    assert capsys.readouterr().out == text


def test_no_tables_are_one_line(tmp_path: Path, capsys: Output) -> None:
    """With what to do about it."""
    check_no_tables(main, tmp_path, capsys)

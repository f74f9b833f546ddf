"""Programs that invoice at the same time, or die half way: each charge is invoiced once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from iceberg import writing
from iceberg.invoice_store import InvoiceStore
from iceberg.journal_rows import read_journal
from iceberg.ledger_tables import JOURNAL
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs.invoices import changing, issuing
from jobs.invoices.changing import Tables
from jobs.invoices.drafting import CarriedOver
from jobs.issue_invoices import Done
from schemas.invoice_change import InvoiceChange
from schemas.journal import ChainedEntry
from tests.jobs.invoiced_tables import (
    FEB_NOON_US,
    change,
    charged_tables,
    commits,
    january,
    ledger,
    standing,
    unbilled,
)

COMMIT = writing._commit
_STEPS = 4
"""Commits of a run: drafts, their approval, their issue, and the journal."""
ISSUED = [("AA", "INV-2013-000001", "issued"), ("B6", "INV-2013-000002", "issued")]


def _rows(tables: Tables) -> tuple[tuple[InvoiceChange, ...], tuple[ChainedEntry, ...]]:
    changes = InvoiceStore(tables.catalog, "billing").changes()
    return changes, tuple(read_journal(tables.catalog, "billing"))


def _instead(monkeypatch: pytest.MonkeyPatch, commit: Callable[..., None]) -> None:
    monkeypatch.setattr(writing, "_commit", commit)


class _Dying:
    """Commits, and dies at one commit, before it takes place or after it."""

    def __init__(self, at: int, error: type[BaseException], is_after: bool) -> None:
        self._at, self._error, self._is_after, self.commits = at, error, is_after, 0

    def __call__(self, existing: Any, table: Any, written: Any) -> None:
        self.commits += 1
        if self.commits == self._at and not self._is_after:
            raise self._error("killed")
        COMMIT(existing, table, written)
        if self.commits == self._at:
            raise self._error("killed")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The rows of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    tables = charged_tables(folder, january(), only_used=True)
    change(folder, tables, "run")
    assert commits(tables) == {"invoices": 3, "journal": 2}
    return _rows(tables)


@pytest.mark.parametrize("error", [KeyboardInterrupt, UnknownCommitError])
def test_killed_at_every_step(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    undisturbed: Any,
    error: type[BaseException],
) -> None:
    """A run that dies before a commit changes nothing, one that dies behind it is gone on with."""
    tables = charged_tables(tmp_path, january(), only_used=True)
    for step in range(_STEPS):
        before = commits(tables)
        for is_after in (False, True):
            _instead(monkeypatch, _Dying(1, error, is_after))
            with pytest.raises(error, match="killed"):
                change(tmp_path, tables, "run")
            added = sum(commits(tables).values()) - sum(before.values())
            assert added == is_after, step
    monkeypatch.undo()
    assert change(tmp_path, tables, "run") == Done(carried=(CarriedOver("OO", "USD", 1500),))
    assert _rows(tables) == undisturbed


@pytest.mark.parametrize("at", range(1, _STEPS + 1))
def test_killed_once_and_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: Any, at: int
) -> None:
    """Whatever commit it dies behind, the next run ends where one ends that did not die."""
    tables = charged_tables(tmp_path, january(), only_used=True)
    _instead(monkeypatch, _Dying(at, KeyboardInterrupt, True))
    with pytest.raises(KeyboardInterrupt):
        change(tmp_path, tables, "run")
    monkeypatch.undo()
    change(tmp_path, tables, "run")
    assert _rows(tables) == undisturbed


def test_a_void_that_died_is_booked_by_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever that is, even one that changes no invoice."""
    tables = charged_tables(tmp_path, january(), only_used=True)
    change(tmp_path, tables, "run")
    _instead(monkeypatch, _Dying(1, KeyboardInterrupt, True))
    asked = ("void", "--number", "INV-2013-000001", "--reason", "wrong")
    with pytest.raises(KeyboardInterrupt):
        change(tmp_path, tables, *asked)
    monkeypatch.undo()
    assert unbilled(tables)["AA"] == 0
    assert change(tmp_path, tables, "issue").booked_entries == 1
    assert unbilled(tables)["AA"] == 120000
    assert ledger(tables)["AA"]["assets:receivable"] == 0


def test_two_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read the same invoices at each step; one commits, the other looks again."""
    tables = charged_tables(tmp_path, january(), only_used=True)
    barrier = Barrier(2)
    read = InvoiceStore.changes

    def read_together(store: InvoiceStore) -> tuple[InvoiceChange, ...]:
        found = read(store)
        try:
            barrier.wait(timeout=2)
        except Exception:
            barrier.reset()
        return found

    monkeypatch.setattr(InvoiceStore, "changes", read_together)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            change(tmp_path, tables, "run", now_us=FEB_NOON_US)
        except BaseException as error:
            failed.append(error)

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.undo()
    assert failed == []
    assert standing(tables) == ISSUED
    assert commits(tables) == {"invoices": 3, "journal": 2}
    assert unbilled(tables) == {"AA": 0, "B6": 0, "OO": 1500}


def test_others_that_are_always_faster_end_it_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not try for ever; invoices first, then the journal."""
    tables = charged_tables(tmp_path, january(), only_used=True)

    def conflict(*_: Any) -> None:
        raise CommitConflictError("another")

    def conflict_in_journal(existing: Any, table: Any, written: Any) -> None:
        if table is JOURNAL:
            conflict()
        COMMIT(existing, table, written)

    _instead(monkeypatch, conflict)
    for module in (changing, issuing):
        monkeypatch.setattr(module, "ATTEMPTS", 2)
    line = "expected no other program's, found 2 in a row; run it again"
    with pytest.raises(CommitConflictError, match=f"commit, table invoices: {line}"):
        change(tmp_path, tables, "draft")
    _instead(monkeypatch, conflict_in_journal)
    with pytest.raises(CommitConflictError, match=f"commit, table journal: {line}"):
        change(tmp_path, tables, "run")
    monkeypatch.undo()
    assert change(tmp_path, tables, "run").booked_entries == len(ISSUED)

"""Whatever is done to invoices, and wherever a program dies: each charge once, no gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from iceberg.writing import CommitConflictError
from jobs.invoices import changing, drafting, holding, issuing
from jobs.invoices.changing import RefusedInvoiceError, Tables
from schemas.charge import Charge
from schemas.instant import DAY_US
from schemas.invoice import Invoice, InvoiceState
from schemas.invoice_change import InvoiceChange
from schemas.invoice_terms import Series
from schemas.invoicing_setup import Buyer, InvoicingSetup
from schemas.journal import ChainedEntry
from schemas.price_lists import PriceLists
from tests.udfs.invoicing.billing import BUYER, FEB, SELLER, VAT, charge, revised
from udfs.chaining import chain, head_of
from udfs.invoicing import invoice_charge_ids, invoices_of, last_changes
from udfs.posting import post_charge

ACCOUNTS = ("a", "b")
SETUP = InvoicingSetup(
    SELLER, Series("INV"), Series("CN"), VAT, tuple(Buyer(each, BUYER) for each in ACCOUNTS)
)


class Killed(BaseException):
    """The program dies."""


@dataclass
class Memory:
    """All tables in memory; the program dies before or after a commit when it is told to."""

    changes: list[InvoiceChange] = field(default_factory=list)
    journal: list[ChainedEntry] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    dies: str = ""

    def commit(self, rows: list[Any], read: int, added: Sequence[Any]) -> None:
        """Append to rows of which `read` were known."""
        if len(rows) != read:
            raise CommitConflictError("another")
        if added and self.dies == "before":
            raise Killed
        rows.extend(added)
        if added and self.dies == "after":
            raise Killed

    def charge(self, one: Charge) -> None:
        """Charge, and book it."""
        self.charges.append(one)
        entry = post_charge(one)
        if entry is not None:
            last = self.journal[-1] if self.journal else None
            self.journal.extend(chain([entry], head_of(last), "pricing"))


class InvoiceStore:
    """Of memory."""

    def __init__(self, memory: Memory, _: str) -> None:
        self._memory, self._read = memory, len(memory.changes)

    def changes(self) -> tuple[InvoiceChange, ...]:
        """Return what was there."""
        return tuple(self._memory.changes[: self._read])

    def append(self, added: Sequence[InvoiceChange]) -> None:
        """Append if nobody else did."""
        self._memory.commit(self._memory.changes, self._read, added)


class JournalStore:
    """Of memory."""

    def __init__(self, memory: Memory, _: str) -> None:
        self._memory, self._read = memory, len(memory.journal)

    def known(self, entry_ids: set[str]) -> set[str]:
        """Return those that are there."""
        return {each.entry.entry_id for each in self._memory.journal} & entry_ids

    def last(self) -> ChainedEntry | None:
        """Return the last entry."""
        return self._memory.journal[-1] if self._memory.journal else None

    def append(self, batches: Sequence[Sequence[ChainedEntry]]) -> None:
        """Append if nobody else did."""
        (added,) = batches
        self._memory.commit(self._memory.journal, self._read, added)


class FreezeStore:
    """Of nothing."""

    def __init__(self, _: Memory, __: str) -> None:
        """Need nothing."""

    def decisions(self) -> tuple[()]:
        """Return none."""
        return ()


class ChargeStore:
    """Of memory."""

    def __init__(self, memory: Memory, _: str, __: str) -> None:
        self._memory = memory

    def close(self) -> None:
        """Do nothing."""

    def unfinished(self) -> tuple[()]:
        """Return no run."""
        return ()

    def by_account(self) -> Iterator[tuple[str, tuple[Charge, ...]]]:
        """Yield the charges of each account."""
        for account_id in ACCOUNTS:
            yield account_id, tuple(c for c in self._memory.charges if c.account_id == account_id)


def _act(memory: Memory, action: str, place: int, now_us: int) -> None:
    """Do one thing; the account, charge or invoice is chosen by `place`."""
    tables = Tables(memory, "")
    if action == "charge":
        number = len(memory.charges)
        account_id = ACCOUNTS[place % len(ACCOUNTS)]
        line = {"charge_id": f"c{number}", "line_id": f"l{number}", "account_id": account_id}
        memory.charge(charge(1000 * (place - 3), **line))
    elif action == "correct" and memory.charges:
        last = {(each.account_id, each.line_id): each for each in memory.charges}
        before = list(last.values())[place % len(last)]
        memory.charge(revised(before, 700 * (place - 5), FEB + DAY_US))
    elif action == "draft":
        drafting.draft_due(tables, SETUP, FEB + DAY_US, now_us)
    elif action == "approve":
        issuing.approve_drafts(tables, now_us)
    elif action == "issue":
        issuing.issue_approved(tables, now_us)
    elif action == "void" and memory.changes:
        invoice_id = memory.changes[place % len(memory.changes)].invoice_id
        with suppress(RefusedInvoiceError):
            issuing.void_one(tables, invoice_id, "wrong", now_us)
    elif action == "book":
        issuing.book_invoices(tables)


def _check(memory: Memory) -> tuple[Invoice, ...]:
    """Check that numbers have no gap and no charge is on two invoices; return the invoices."""
    invoices = invoices_of(last_changes(memory.changes))
    for series in ("INV", "CN"):
        numbers = sorted(each.number for each in invoices if each.number.startswith(series))
        assert numbers == [f"{series}-2013-{n:06d}" for n in range(1, len(numbers) + 1)]
    taken = [
        charge_id
        for each in invoices
        if each.state is not InvoiceState.VOID
        for charge_id in invoice_charge_ids(each)
    ]
    assert len(taken) == len(set(taken))
    return invoices


ACTIONS = st.tuples(
    st.sampled_from(("charge", "correct", "draft", "approve", "issue", "void", "book")),
    st.integers(0, 9),
    st.sampled_from(("", "", "before", "after")),
)


@given(st.lists(ACTIONS, max_size=30))
def test_nothing_is_invoiced_twice(actions: list[tuple[str, int, str]]) -> None:
    """At any time; and once all is issued and booked, nothing is unbilled."""
    memory = Memory()
    stores: dict[Any, dict[str, Any]] = {
        changing: {"InvoiceStore": InvoiceStore},
        holding: {"FreezeStore": FreezeStore},
        issuing: {"JournalStore": JournalStore},
        drafting: {"ChargeStore": ChargeStore, "read_price_lists": lambda *_: PriceLists()},
    }
    patches = [patch.multiple(module, **fakes) for module, fakes in stores.items()]
    for each in patches:
        each.start()
    try:
        now_us = FEB
        for action, place, memory.dies in actions:
            now_us += DAY_US
            with suppress(Killed):
                _act(memory, action, place, now_us)
            _check(memory)
        memory.dies = ""
        for action in ("approve", "issue", "draft", "approve", "issue", "book"):
            _act(memory, action, 0, now_us)
        invoices = _check(memory)
    finally:
        for each in patches:
            each.stop()
    charged = {charge_id for each in invoices for charge_id in invoice_charge_ids(each)}
    assert charged == {each.charge_id for each in memory.charges}
    _check_ledger(memory, invoices)


def _check_ledger(memory: Memory, invoices: Sequence[Invoice]) -> None:
    sums: dict[tuple[str, str], int] = {}
    for each in memory.journal:
        for side in each.entry.postings:
            key = (each.entry.account_id, side.ledger_account)
            sums[key] = sums.get(key, 0) + side.amount_minor
    for account_id in ACCOUNTS:
        owed = sum(
            each.payable_minor
            for each in invoices
            if each.state is InvoiceState.ISSUED and each.terms.account_id == account_id
        )
        assert sums.get((account_id, "assets:unbilled_usage"), 0) == 0
        assert sums.get((account_id, "assets:receivable"), 0) == owed
    assert sum(sums.values()) == 0

"""The ledger's shapes: accounts, entries that sum to zero, and the rows they are kept as."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LedgerKind(StrEnum):
    """The kinds of ledger accounts; the chart of accounts of `udfs.posting` names them all."""

    ASSETS = "assets"
    LIABILITIES = "liabilities"
    REVENUE = "revenue"
    EXPENSES = "expenses"


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry.

    Attributes:
        ledger_account: Name in the chart of accounts, such as `assets:receivable` or
            `revenue:landing`.
        amount_minor: Debits are positive, credits negative; never 0.
    """

    ledger_account: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What one event of business moves between accounts.

    Attributes:
        entry_id: 32 hex digits, made of `source_kind`, `source_id` and nothing else.
        source_kind: What it books: charge, invoice, grant, expiry, ...
        source_id: Id of that.
        account_id: The customer.
        booked_us: Posting date: the instant from which it counts in balances.
        currency: ISO 4217 code of all its postings.
        memo: One line for a reader.
        postings: At least two, ordered by ledger account; they sum to zero.
    """

    entry_id: str
    source_kind: str
    source_id: str
    account_id: str
    booked_us: int
    currency: str
    memo: str
    postings: tuple[Posting, ...]

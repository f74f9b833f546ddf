"""The ledger's shapes: entries that sum to zero, the chain they are kept in, and balances."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SourceKind(StrEnum):
    """What an entry books."""

    CHARGE = "charge"
    GRANT = "grant"
    EXPIRY = "expiry"
    INVOICE = "invoice"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry.

    Attributes:
        ledger_account: Name in the chart of accounts, with its part: `assets:receivable`,
            `revenue:sales:landing`.
        amount_minor: Debits are positive, credits negative; never 0.
    """

    ledger_account: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What one event of business moves between accounts.

    Attributes:
        entry_id: 32 hex digits, made of `source_kind`, `source_id` and nothing else.
        source_kind: What it books.
        source_id: Id of that.
        account_id: The customer.
        booked_us: Posting date: its day in UTC is the one from which it counts in balances.
        currency: ISO 4217 code of all its postings.
        memo: One line for a reader.
        postings: At least two, ordered by ledger account, each once; they sum to zero.
    """

    entry_id: str
    source_kind: SourceKind
    source_id: str
    account_id: str
    booked_us: int
    currency: str
    memo: str
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where a chain ends, and goes on.

    Attributes:
        next_no: Number of the next entry, from 0.
        last_hash: Hash of the last entry; of an empty chain 64 zeros.
    """

    next_no: int
    last_hash: str


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """An entry in its place in the chain.

    Attributes:
        entry_no: Its place, from 0, over all runs.
        run_id: The run that wrote it.
        entry: What it says.
        previous_hash: Hash of the entry before; of the first 64 zeros.
        entry_hash: SHA-256 over `previous_hash` and all else here, 64 hex digits.
    """

    entry_no: int
    run_id: str
    entry: JournalEntry
    previous_hash: str
    entry_hash: str


class ChainFault(StrEnum):
    """Why a chain does not hold."""

    NUMBER = "number"
    """An entry is missing, or came in between."""
    PREVIOUS_HASH = "previous_hash"
    """It does not name the entry before it."""
    ENTRY_HASH = "entry_hash"
    """It says something else than when it was written."""
    BALANCE = "balance"
    """Its postings do not sum to zero."""
    KNOWN_HASH = "known_hash"
    """An entry that was known to be there is not: the end is missing, or all was written anew."""


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """The first place at which a chain does not hold.

    Attributes:
        entry_no: Number that the entry has, or should have.
        fault: What is wrong with it.
        expected: What should stand there.
        found: What does.
    """

    entry_no: int
    fault: ChainFault
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What one day moves on a ledger account, and what it leaves there.

    Attributes:
        ledger_account: Name in the chart of accounts, with its part.
        account_id: The customer.
        currency: ISO 4217 code.
        day: ISO 8601 date, of UTC.
        change_minor: Debits of the day less its credits.
        balance_minor: The same of all days up to this one.
    """

    ledger_account: str
    account_id: str
    currency: str
    day: str
    change_minor: int
    balance_minor: int


@dataclass(frozen=True, slots=True)
class TrialLine:
    """What stands on a ledger account, of all customers.

    Attributes:
        ledger_account: Name in the chart of accounts, with its part.
        currency: ISO 4217 code.
        balance_minor: Debits less credits.
    """

    ledger_account: str
    currency: str
    balance_minor: int

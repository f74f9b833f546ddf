"""Balances: what stands on each ledger account, by customer, currency and day.

Days are those of UTC, as posting dates are.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas.instant import EPOCH, MICROSECOND
from schemas.journal import Balance, JournalEntry, TrialLine


def booked_day(entry: JournalEntry) -> str:
    """Return the ISO 8601 date of an entry, in UTC."""
    return (EPOCH + entry.booked_us * MICROSECOND).date().isoformat()


def balances(entries: Iterable[JournalEntry]) -> tuple[Balance, ...]:
    """Return what each day with postings moves and leaves, ordered by all that names it.

    Args:
        entries: In any order.
    """
    changes: dict[tuple[str, str, str, str], int] = {}
    for entry in entries:
        day = booked_day(entry)
        for posting in entry.postings:
            key = (posting.ledger_account, entry.account_id, entry.currency, day)
            changes[key] = changes.get(key, 0) + posting.amount_minor
    found: list[Balance] = []
    standing: dict[tuple[str, str, str], int] = {}
    for (name, account_id, currency, day), change in sorted(changes.items()):
        place = (name, account_id, currency)
        standing[place] = standing.get(place, 0) + change
        found.append(Balance(*place, day, change, standing[place]))
    return tuple(found)


def trial_balance(moved: Iterable[Balance]) -> tuple[TrialLine, ...]:
    """Return what stands on each ledger account of all customers, ordered by currency and account.

    Args:
        moved: As `balances` returns them.
    """
    sums: dict[tuple[str, str], int] = {}
    for each in moved:
        key = (each.currency, each.ledger_account)
        sums[key] = sums.get(key, 0) + each.change_minor
    return tuple(
        TrialLine(name, currency, minor) for (currency, name), minor in sorted(sums.items())
    )


def rest_by_currency(lines: Iterable[TrialLine]) -> tuple[tuple[str, int], ...]:
    """Return each currency and what its accounts sum to: 0 where the ledger is in balance."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.currency] = sums.get(line.currency, 0) + line.balance_minor
    return tuple(sorted(sums.items()))

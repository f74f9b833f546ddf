"""The ledger as text for hledger (https://hledger.org/hledger.html#journal).

All accounts and currencies are declared, and the text ends with the balances that the entries lead
to: `hledger check --strict` proves all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from schemas.journal import JournalEntry
from schemas.money import minor_digits
from udfs.balancing import balances, booked_day, trial_balance
from udfs.exporting import accepted_names, amount_text, one_line


def export_hledger(entries: Sequence[JournalEntry]) -> Iterator[str]:
    """Yield the lines of the text: currencies, accounts, entries in their order, balances.

    Raises:
        UnknownCurrencyError: A currency is not known.
    """
    lines = trial_balance(balances(entries))
    names = accepted_names((line.ledger_account for line in lines), _spell)
    for currency in sorted({line.currency for line in lines}):
        # The decimal mark is asked for also where no digit follows.
        yield f"commodity 1000.{'0' * minor_digits(currency)} {currency}"
    yield from (f"account {name}" for name in sorted(names.values()))
    for entry in entries:
        yield ""
        yield from _entry_lines(entry, names)
    if not entries:
        return
    yield ""
    yield f"{max(booked_day(entry) for entry in entries)} * balances"
    for line in lines:
        zero, amount = (amount_text(minor, line.currency) for minor in (0, line.balance_minor))
        name, currency = names[line.ledger_account], line.currency
        yield f"    {name}  {zero} {currency} = {amount} {currency}"


def _entry_lines(entry: JournalEntry, names: dict[str, str]) -> Iterator[str]:
    # A semicolon would begin a comment.
    memo = one_line(entry.memo).replace(";", ",")
    yield f"{booked_day(entry)} * ({entry.entry_id}) {memo}"
    yield f"    ; account: {one_line(entry.account_id)}"
    yield f"    ; source: {entry.source_kind} {one_line(entry.source_id)}"
    for posting in entry.postings:
        amount = amount_text(posting.amount_minor, entry.currency)
        yield f"    {names[posting.ledger_account]}  {amount} {entry.currency}"


def _spell(level: str) -> str:
    """Return a level of an account's name without what hledger would read as something else."""
    return re.sub(r"[^\w.-]+", "-", level)

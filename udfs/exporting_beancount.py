"""The ledger as text for beancount (https://beancount.github.io/docs/beancount_language_syntax/).

The text ends with the balances that the entries lead to, so `bean-check` proves both at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from schemas.journal import JournalEntry
from udfs.balancing import balances, booked_day, trial_balance
from udfs.exporting import accepted_names, amount_text, one_line


def export_beancount(entries: Sequence[JournalEntry]) -> Iterator[str]:
    """Yield the lines of the text: accounts, entries in their order, balances.

    Raises:
        UnknownCurrencyError: A currency is not known.
    """
    lines = trial_balance(balances(entries))
    names = accepted_names((line.ledger_account for line in lines), _spell)
    yield 'option "title" "Meterclose"'
    yield 'option "name_income" "Revenue"'
    if not entries:
        return
    days = sorted({booked_day(entry) for entry in entries})
    yield from (f"{days[0]} open {name}" for name in sorted(names.values()))
    for entry in entries:
        yield ""
        yield from _entry_lines(entry, names)
    yield ""
    after = date.fromisoformat(days[-1]) + timedelta(days=1)
    for line in lines:
        amount = amount_text(line.balance_minor, line.currency)
        # Without a tolerance of its own, a balance may be wrong by one minor unit.
        yield f"{after} balance {names[line.ledger_account]}  {amount} ~ 0 {line.currency}"


def _entry_lines(entry: JournalEntry, names: dict[str, str]) -> Iterator[str]:
    account, memo = _quoted(entry.account_id), _quoted(entry.memo)
    yield f"{booked_day(entry)} * {account} {memo} ^{entry.entry_id}"
    yield f"  source_kind: {_quoted(entry.source_kind)}"
    yield f"  source_id: {_quoted(entry.source_id)}"
    for posting in entry.postings:
        amount = amount_text(posting.amount_minor, entry.currency)
        yield f"  {names[posting.ledger_account]}  {amount} {entry.currency}"


def _spell(level: str) -> str:
    """Return a level of an account's name as beancount wants it, such as `Unbilled-usage`."""
    kept = re.sub(r"[^A-Za-z0-9]+", "-", level).strip("-") or "X"
    return kept[0].upper() + kept[1:]


def _quoted(text: str) -> str:
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

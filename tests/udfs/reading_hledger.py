"""A small strict reader of hledger's journal format, for texts that we export.

It knows the few lines that we write and refuses all others. What it checks, hledger's manual calls
`hledger check --strict`: balanced entries, declared accounts and commodities, balance assertions.
"""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal

_COMMODITY = re.compile(r"commodity 1000\.(0*) ([A-Z]{3})")
_ACCOUNT = re.compile(r"account ([^\s:]+(?::[^\s:]+)+)")
_ENTRY = re.compile(r"(\d{4}-\d{2}-\d{2}) \* (?:\([0-9a-f]{32}\) )?([^;\n]+)")
_COMMENT = re.compile(r"    ; (account|source): .*")
_AMOUNT = r"(-?\d+(?:\.\d+)?) ([A-Z]{3})"
_POSTING = re.compile(rf"    (\S+)  {_AMOUNT}(?: = {_AMOUNT})?")


def check_hledger(text: str) -> tuple[int, dict[tuple[str, str], Decimal]]:
    """Return how many entries a text has, and the balance by account and commodity.

    Raises:
        ValueError: A line is none of ours, or something in it does not hold.
    """
    places: dict[str, int] = {}
    accounts: set[str] = set()
    standing: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    rests: list[dict[str, Decimal]] = []
    days: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        where = f"line {number}: {line!r}"
        if found := _COMMODITY.fullmatch(line):
            places[found[2]] = len(found[1])
        elif found := _ACCOUNT.fullmatch(line):
            accounts.add(found[1])
        elif found := _ENTRY.fullmatch(line):
            days.append(found[1])
            rests.append(defaultdict(Decimal))
        elif found := _POSTING.fullmatch(line):
            account, amount, commodity, asserted, of = found.groups()
            _expect(account in accounts, f"{where}: an account that is not declared")
            _expect(commodity in places, f"{where}: a commodity that is not declared")
            _expect(len(amount.partition(".")[2]) == places[commodity], f"{where}: decimals")
            rests[-1][commodity] += Decimal(amount)
            standing[account, commodity] += Decimal(amount)
            holds = asserted is None or (
                of == commodity and Decimal(asserted) == standing[account, commodity]
            )
            _expect(holds, f"{where}: balance {standing[account, commodity]}")
        else:
            _expect(not line or bool(_COMMENT.fullmatch(line)), f"{where}: no line of ours")
    for rest in rests:
        _expect(bool(rest) and not any(rest.values()), f"an entry does not balance: {dict(rest)}")
    # Balances are asserted as of the last day, whatever the order of the text.
    _expect(not days or days[-1] == max(days), f"the last entry is of {days[-1:]}")
    return len(rests), dict(standing)


def _expect(holds: bool, complaint: str) -> None:
    if not holds:
        raise ValueError(complaint)

"""Holds the charges in the tables against what usage and agreements come to, to the last digit."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from audit.prices.statements import Statement

_DECIMALS = 10**12


class Key(NamedTuple):
    """What a line is known by; all charges of one key are its revisions."""

    account_id: str
    period_start: datetime
    period_end: datetime
    kind: str
    line_id: str
    product: str
    segment_start: datetime
    group: str


class Facts(NamedTuple):
    """What is compared of a line: all that it says, but for when it was charged and when it is due.

    Attributes:
        amount_minor: Of all revisions together.
        amount: The same before rounding, exactly.
        amount_sum: What the column comes to, with its 12 decimals.
        quantity: Priced in all.
        payouts: What others get of all revisions together.
        segment_end: First instant after what it is for.
        versions: Rate card, its version, and that of the contract.
        currency: In which it is charged.
        meter_id: Whose usage it is for.
        tags: Of the contract.
        timezone: Of the period.
    """

    amount_minor: int
    amount: Fraction
    amount_sum: Fraction
    quantity: Fraction
    payouts: dict[str, int]
    segment_end: datetime
    versions: tuple[str, int, int]
    currency: str
    meter_id: str
    tags: dict[str, str]
    timezone: str


_NOTHING = ("amount_minor", "amount", "amount_sum", "quantity", "payouts")
"""The first facts: a line of which none of these is left, is gone."""


@dataclass(frozen=True)
class Comparison:
    """What became of a comparison.

    Attributes:
        differences: One line each; none if all agrees.
        periods: How many periods of accounts were priced, those that come to nothing left out.
        lines: How many lines were compared, the same left out.
        kinds: Their kinds.
    """

    differences: list[str]
    periods: int
    lines: int
    kinds: set[str]


def compare_charges(
    statements: Iterable[Statement], charges: Iterable[dict[str, Any]]
) -> Comparison:
    """Compare each line of all statements with the sum of its revisions.

    Args:
        statements: From usage up to the log time of the last run.
        charges: All rows of `charges`, in any order.
    """
    statements = list(statements)
    expected = _expected(statements)
    found = _found(charges)
    differences = [problem for each in statements for problem in each.problems]
    for key in sorted(expected.keys() | found.keys()):
        if expected.get(key) != found.get(key):
            differences.append(_difference(key, expected.get(key), found.get(key)))
    periods = {key[:3] for key in expected}
    kinds = {key.kind for key in expected}
    return Comparison(differences, len(periods), len(expected), kinds)


def _expected(statements: Iterable[Statement]) -> dict[Key, Facts]:
    lines = [(each.period, line) for each in statements for line in each.lines]
    expected: dict[Key, Facts] = {}
    for period, line in lines:
        if not line.amount and not line.quantity:
            continue
        span = (period.account_id, period.start, period.end)
        part = line.part
        key = Key(*span, line.kind, line.line_id, line.product, part.start, "{}")
        assert key not in expected, f"two lines of {key}"
        expected[key] = Facts(
            line.minor,
            line.amount,
            Fraction(round(line.amount * _DECIMALS), _DECIMALS),
            line.quantity,
            line.payouts,
            part.end,
            (part.card["card_id"], part.card["version"], part.contract["version"]),
            part.card["currency"],
            line.meter_id,
            part.contract.get("tags", {}),
            period.timezone,
        )
    return expected


def _found(charges: Iterable[dict[str, Any]]) -> dict[Key, Facts]:
    """Return what the revisions of each line say together; what is gone is left out."""
    rows = {each["charge_id"]: each for each in charges}
    revisions: dict[Key, list[dict[str, Any]]] = {}
    for each in sorted(rows.values(), key=lambda row: row["revision"]):
        revisions.setdefault(Key(*(each[name] for name in Key._fields)), []).append(each)
    found = {key: _sum(of_line) for key, of_line in revisions.items()}
    return {key: each for key, each in found.items() if any(each[: len(_NOTHING)])}


def _sum(revisions: list[dict[str, Any]]) -> Facts:
    last = revisions[-1]
    payouts: dict[str, int] = {}
    for each in revisions:
        for party, minor in json.loads(each["payouts_delta"]).items():
            payouts[party] = payouts.get(party, 0) + minor
    return Facts(
        sum(each["amount_minor"] for each in revisions),
        Fraction(json.loads(last["breakdown"])["amount"]),
        sum((Fraction(each["amount"]) for each in revisions), Fraction(0)),
        Fraction(last["quantity"]),
        {party: minor for party, minor in payouts.items() if minor},
        last["segment_end"],
        (last["card_id"], last["card_version"], last["contract_version"]),
        last["currency"],
        last["meter_id"],
        json.loads(last["tags"]),
        last["timezone"],
    )


def _difference(key: Key, expected: Facts | None, found: Facts | None) -> str:
    """Return one line: which line of which period, what was expected and what was found."""
    where = (
        f"{key.account_id} {key.period_start:%Y-%m-%dT%H:%M}: {key.kind} {key.line_id}"
        f" {key.product} from {key.segment_start:%Y-%m-%dT%H:%M}"
    )
    if expected is None or found is None:
        one = expected or found
        assert one is not None
        said = "not charged" if found is None else "charged, not expected"
        return f"{where}: {said}: {one.amount_minor} minor units"
    parts = [
        f"{name} expected {wanted}, found {has}"
        for name, wanted, has in zip(Facts._fields, expected, found, strict=True)
        if wanted != has
    ]
    return f"{where}: {'; '.join(parts)}"

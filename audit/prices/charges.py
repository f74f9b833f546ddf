"""Holds the charges in the tables against what usage and agreements come to, to the last digit."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from operator import le
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
class LineDifference:
    """A line that is not what it should be.

    Attributes:
        key: Which one.
        expected: What it comes to by agreements and usage; None: it should not be there.
        found: What its charges say; None: there are none.
    """

    key: Key
    expected: Facts | None
    found: Facts | None

    @property
    def currency(self) -> str:
        """In which it is charged."""
        one = self.expected or self.found
        assert one is not None
        return one.currency

    @property
    def sides(self) -> tuple[str, str]:
        """What was expected and what was found, of all that differs."""
        if self.expected is None or self.found is None:
            told = [
                "no charge" if each is None else f"amount_minor {each.amount_minor}"
                for each in (self.expected, self.found)
            ]
            return told[0], told[1]
        differ = _that_differ(self.expected, self.found)
        return (
            "; ".join(f"{name} {_plain(wanted)}" for name, wanted, _ in differ),
            "; ".join(f"{name} {_plain(has)}" for name, _, has in differ),
        )

    @property
    def line(self) -> str:
        """Which line it is, in words."""
        key = self.key
        group = "" if key.group == "{}" else f" {key.group}"
        return (
            f"{key.kind} {key.line_id} {key.product}{group} from {key.segment_start:%Y-%m-%dT%H:%M}"
        )

    def __str__(self) -> str:
        """Return one line: which line of which period, what was expected and what was found."""
        where = f"{self.key.account_id} {self.key.period_start:%Y-%m-%dT%H:%M}: {self.line}"
        one = self.expected or self.found
        assert one is not None
        if self.found is None:
            return f"{where}: not charged: {one.amount_minor} minor units"
        if self.expected is None:
            return f"{where}: charged, not expected: {one.amount_minor} minor units"
        told = [
            f"{name} expected {wanted}, found {has}"
            for name, wanted, has in _that_differ(self.expected, self.found)
        ]
        return f"{where}: {'; '.join(told)}"


@dataclass
class Comparison:
    """What became of a comparison; others can be added to it.

    Attributes:
        lines_that_differ: One for each; none if all agrees.
        periods: How many periods of accounts were priced, those that come to nothing left out.
        lines: How many lines were compared, the same left out.
        kinds: Their kinds.
        not_recomputed: How many periods of accounts were not priced, by reason.
        recomputed_minor: What lines that were priced come to, by currency.
        charged_minor: What the charges of the same periods come to.
        gross_minor: The same without signs, by currency: of periods priced, and of all.
    """

    lines_that_differ: list[LineDifference] = field(default_factory=list)
    periods: int = 0
    lines: int = 0
    kinds: set[str] = field(default_factory=set)
    not_recomputed: dict[str, int] = field(default_factory=dict)
    recomputed_minor: dict[str, int] = field(default_factory=dict)
    charged_minor: dict[str, int] = field(default_factory=dict)
    gross_minor: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def differences(self) -> list[str]:
        """One line each; none if all agrees."""
        return [str(each) for each in self.lines_that_differ]

    def add(self, other: "Comparison") -> None:
        """Add another one, of other accounts."""
        self.lines_that_differ += other.lines_that_differ
        self.periods += other.periods
        self.lines += other.lines
        self.kinds |= other.kinds
        for mine, others in (
            (self.not_recomputed, other.not_recomputed),
            (self.recomputed_minor, other.recomputed_minor),
            (self.charged_minor, other.charged_minor),
        ):
            for name, number in others.items():
                mine[name] = mine.get(name, 0) + number
        for currency, (covered, whole) in other.gross_minor.items():
            before = self.gross_minor.get(currency, (0, 0))
            self.gross_minor[currency] = (before[0] + covered, before[1] + whole)


def compare_charges(
    statements: Iterable[Statement], charges: Iterable[dict[str, Any]]
) -> Comparison:
    """Compare each line of all statements with the sum of its revisions.

    A period that was not recomputed is counted by its reason, and none of its lines is compared.

    Args:
        statements: From usage up to the log time of the last run.
        charges: All rows of `charges`, in any order.
    """
    statements = list(statements)
    skipped = {each.name for each in statements if each.not_recomputed}
    expected = _expected(each for each in statements if not each.not_recomputed)
    everything = _found(charges)
    found = {key: each for key, each in everything.items() if key[:3] not in skipped}
    made = Comparison(
        [
            LineDifference(key, expected.get(key), found.get(key))
            for key in sorted(expected.keys() | found.keys())
            if not _agree(expected.get(key), found.get(key))
        ],
        len({key[:3] for key in expected}),
        len(expected),
        {key.kind for key in expected},
    )
    for each in statements:
        if why := each.not_recomputed:
            made.not_recomputed[why] = made.not_recomputed.get(why, 0) + 1
    for sums, facts in ((made.recomputed_minor, expected), (made.charged_minor, found)):
        for line in facts.values():
            sums[line.currency] = sums.get(line.currency, 0) + line.amount_minor
    for key, line in everything.items():
        covered, whole = made.gross_minor.get(line.currency, (0, 0))
        gross = abs(line.amount_minor)
        made.gross_minor[line.currency] = (covered + gross * (key in found), whole + gross)
    return made


def _agree(expected: Facts | None, found: Facts | None) -> bool:
    """Tell whether a line is what it should be.

    A line is charged again where it changes. What costs the same by a new version of its card or
    contract goes on naming the one that it was charged by.
    """
    if expected is None or found is None:
        return expected is found
    (card, *newest), (named_card, *named) = expected.versions, found.versions
    is_earlier = card == named_card and all(map(le, named, newest))
    return expected == (found._replace(versions=expected.versions) if is_earlier else found)


def _expected(statements: Iterable[Statement]) -> dict[Key, Facts]:
    lines = [(each.period, line) for each in statements for line in each.lines if each.period]
    expected: dict[Key, Facts] = {}
    for period, line in lines:
        if not line.amount and not line.quantity:
            continue
        span = (period.account_id, period.start, period.end)
        part = line.part
        key = Key(*span, line.kind, line.line_id, line.product, part.start, line.group)
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


def _that_differ(expected: Facts, found: Facts) -> list[tuple[str, object, object]]:
    """Return each fact that differs: its name, what was expected and what was found."""
    return [
        (name, wanted, has)
        for name, wanted, has in zip(Facts._fields, expected, found, strict=True)
        if wanted != has
    ]


def _plain(value: object) -> str:
    """Return a fact for people: an exact amount as a fraction only where it is none of decimals."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return str(value)

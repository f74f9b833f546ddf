"""What the steps share: parts of a period, its shares of time, and lines."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from zoneinfo import ZoneInfo

from schemas.instant import EPOCH, MICROSECOND, to_us
from schemas.rate_card import PartyShare, Proration
from schemas.statement import Line, LineKey, LineKind, PricedPeriod, RatedPart, Segment
from udfs.rating import sum_parts
from udfs.rounding import allocate, from_minor, to_minor

USED = frozenset({LineKind.USAGE, LineKind.MAXIMUM, LineKind.MINIMUM})
"""Kinds of lines that are for usage."""


@dataclass(frozen=True, slots=True)
class Run:
    """Segments that follow one another and are alike in what a step asks for.

    Attributes:
        segments: At least one.
        places: Their places among the segments of the period.
    """

    segments: tuple[Segment, ...]
    places: tuple[int, ...]

    @property
    def start_us(self) -> int:
        """First instant."""
        return self.segments[0].start_us

    @property
    def end_us(self) -> int:
        """First instant after it."""
        return self.segments[-1].end_us

    @property
    def last(self) -> Segment:
        """The segment whose versions the lines of the run name."""
        return self.segments[-1]


def runs_of(period: PricedPeriod, alike: Callable[[Segment], Hashable]) -> tuple[Run, ...]:
    """Return the period as runs of segments, so that a change of something else cuts no line."""
    numbered = enumerate(period.segments)
    found = []
    for _, members in groupby(numbered, key=lambda each: alike(each[1])):
        listed = list(members)
        found.append(Run(tuple(each for _, each in listed), tuple(place for place, _ in listed)))
    return tuple(found)


def time_share(period: PricedPeriod, start_us: int, end_us: int) -> Fraction:
    """Return the share of a whole billing period that a part of it has by duration."""
    return Fraction(end_us - start_us, period.whole_end_us - period.whole_start_us)


def prorated_share(
    period: PricedPeriod, start_us: int, end_us: int, proration: Proration
) -> Fraction:
    """Return the share of a recurring amount that is due for a part of a period.

    The shares of all parts of a whole period sum to 1. In one so short that no day starts in it,
    calendar days count by duration.
    """
    if proration is Proration.EXACT:
        return time_share(period, start_us, end_us)
    if proration is Proration.NONE:
        return Fraction(int(start_us == period.period_start_us))
    whole = _days(period.whole_start_us, period.whole_end_us, period.timezone)
    if not whole:
        return time_share(period, start_us, end_us)
    return Fraction(_days(start_us, end_us, period.timezone), whole)


def _days(start_us: int, end_us: int, timezone: str) -> int:
    """Return how many days of a zone start in a part of time."""
    return _days_before(end_us, timezone) - _days_before(start_us, timezone)


def _days_before(instant_us: int, timezone: str) -> int:
    """Return how many days of a zone start before an instant, from year 1 on."""
    zone = ZoneInfo(timezone)
    local = (EPOCH + instant_us * MICROSECOND).astimezone(zone)
    midnight = datetime(local.year, local.month, local.day, tzinfo=zone)
    return local.date().toordinal() + int(to_us(midnight) < instant_us)


def new_line(
    run: Run,
    key: LineKey,
    parts: Sequence[RatedPart],
    *,
    meter_id: str = "",
    unit: str = "",
    quantity: Decimal = Decimal(0),
    row_ids: tuple[str, ...] = (),
    shares: tuple[PartyShare, ...] = (),
) -> Line:
    """Return a line of exact parts, rounded once as its rate card says."""
    card = run.last.card
    amount = sum_parts(parts)
    return Line(
        key,
        run.end_us,
        meter_id,
        unit,
        quantity,
        tuple(parts),
        amount,
        to_minor(amount, card.currency, card.rounding),
        card.card_id,
        card.version,
        run.last.contract.version,
        row_ids,
        shares,
    )


def minor_line(run: Run, key: LineKey, amount_minor: int, label: str) -> Line:
    """Return a line of an amount that is a whole number of minor units already."""
    amount = from_minor(amount_minor, run.last.card.currency)
    part = RatedPart(label, Decimal(0), None, amount)
    return new_line(run, key, (part,))


def whole_run(period: PricedPeriod) -> Run:
    """Return the whole period as one run."""
    return Run(period.segments, tuple(range(len(period.segments))))


def sum_minor(lines: Iterable[Line]) -> int:
    """Return what lines come to."""
    return sum(line.amount_minor for line in lines)


def sum_by_product(lines: Iterable[Line]) -> dict[str, int]:
    """Return what lines come to by product, ordered by product."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.key.product] = sums.get(line.key.product, 0) + line.amount_minor
    return dict(sorted(sums.items()))


def divide_by_product(amount_minor: int, sums: dict[str, int]) -> list[tuple[str, int]]:
    """Divide an amount over products in proportion to what they come to, those above 0.

    Returns:
        Product and amount, those with none left out; the amounts sum to `amount_minor`.
    """
    products = [product for product, total in sums.items() if total > 0]
    weights = [Fraction(sums[product]) for product in products]
    parts = allocate(amount_minor, weights)
    return [(product, each) for product, each in zip(products, parts, strict=True) if each]


def starts_within(line: Line, run: Run) -> bool:
    """Return whether a line is for a part of a run."""
    return run.start_us <= line.key.segment_start_us < run.end_us

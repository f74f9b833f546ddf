"""What the rules of price models are given, and the exact steps that they return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from schemas.statement import GroupUsage, RatedPart
from udfs.aggregating import EXACT, plain_text


class MissingPriceError(Exception):
    """A price, or what it needs, is not given for usage; the message is one line."""


@dataclass(frozen=True, slots=True)
class Rated:
    """What a price model is asked to price.

    Attributes:
        price_id: Whose price it is, for errors.
        groups: Usage that is priced together, ordered by dimensions, free units still in it.
        free_units: Units that cost nothing.
        fx_rates: Currencies and their rate into that of the rate card.
    """

    price_id: str
    groups: Sequence[GroupUsage]
    free_units: Decimal
    fx_rates: Mapping[str, Decimal]

    @property
    def used(self) -> Decimal:
        """All units, free ones too."""
        return exact_sum(group.quantity for group in self.groups)

    @property
    def quantity(self) -> Decimal:
        """The units that cost: what is used beyond the free ones; below 0 as it is."""
        free = min(max(self.used, Decimal(0)), self.free_units)
        return EXACT.subtract(self.used, free)

    @property
    def event_count(self) -> int:
        """Events of all groups."""
        return sum(group.event_count for group in self.groups)

    @property
    def is_unused(self) -> bool:
        """Whether there was nothing at all."""
        return not self.event_count and not any(group.quantity for group in self.groups)


def exact_sum(quantities: Iterable[Decimal]) -> Decimal:
    """Return what quantities add up to, exactly."""
    total = Decimal(0)
    for quantity in quantities:
        total = EXACT.add(total, quantity)
    return total


def part(label: str, quantity: Decimal, unit_price: Decimal) -> RatedPart:
    """Return the step of units that each cost the same."""
    return RatedPart(label, quantity, unit_price, Fraction(quantity) * Fraction(unit_price))


def fee(label: str, amount: Decimal | Fraction, count: int = 1) -> RatedPart:
    """Return the step of an amount that is due `count` times, whatever the units."""
    return RatedPart(label, Decimal(count), None, Fraction(amount) * count)


def sum_parts(parts: Iterable[RatedPart]) -> Fraction:
    """Return what steps come to."""
    return sum((each.amount for each in parts), Fraction(0))


def tier_name(limit: Decimal | None, after: Decimal) -> str:
    """Return how a tier is called: `up to 100`, or `above 100` where it has no end."""
    return f"above {plain_text(after)}" if limit is None else f"up to {plain_text(limit)}"

"""Usage for tests of prices, written short: `{"JFK": "3"}` by one dimension, or a number."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from schemas.price_model import PriceModel, Tier
from schemas.rate_card import MeterPrice
from schemas.statement import GroupUsage, RatedPart
from udfs.rating import SegmentUsage, rate, sum_parts

D = Decimal
Amounts = str | Mapping[str, str]


def groups(used: Amounts, event_count: int = 1) -> tuple[GroupUsage, ...]:
    """Return usage by dimension `at`, or without dimensions; an empty text is none at all."""
    if isinstance(used, str):
        return (GroupUsage("{}", D(used), event_count),) if used else ()
    return tuple(
        GroupUsage(f'{{"at":"{place}"}}', D(amount), event_count) for place, amount in used.items()
    )


def valued(*values: str) -> tuple[GroupUsage, ...]:
    """Return usage of a meter that keeps the values of its events."""
    counts = {value: values.count(value) for value in values}
    pairs = tuple((D(value), counts[value]) for value in sorted(counts, key=D))
    return (GroupUsage("{}", sum(map(D, values), D(0)), len(values), pairs),)


def price_of(model: PriceModel, **others: Any) -> MeterPrice:
    """Return a price; numbers may be given as text."""
    given: dict[str, Any] = {
        name: D(each) if isinstance(each, str) else each for name, each in others.items()
    }
    return MeterPrice("calls", "api", "platform", model, **given)


def cost(model: PriceModel, used: Amounts, event_count: int = 1, **others: Any) -> Fraction:
    """Return what usage of a whole period comes to."""
    usage = SegmentUsage(groups(used, event_count))
    return sum_parts(rate(price_of(model, **others), usage))


def steps(parts: tuple[RatedPart, ...]) -> list[tuple[str, str, str]]:
    """Return label, quantity and amount of each step, as text."""
    return [(each.label, f"{each.quantity:f}", str(each.amount)) for each in parts]


def tiers(*listed: tuple[str | None, str] | tuple[str | None, str, str]) -> tuple[Tier, ...]:
    """Return tiers of an end, a unit price and perhaps a flat fee."""
    return tuple(
        Tier(None if end is None else D(end), *map(D, amounts)) for end, *amounts in listed
    )

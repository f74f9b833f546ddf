"""The rule of each price model, and what one price comes to in one segment of a period."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from schemas.price_model import (
    Dynamic,
    Flat,
    Graduated,
    Matrix,
    Package,
    Percentage,
    PerUnit,
    PriceModel,
    Stairstep,
    Volume,
)
from schemas.rate_card import MeterPrice
from schemas.statement import GroupUsage, RatedPart
from udfs.aggregating import EXACT
from udfs.rating.charging_units import (
    rate_dynamic,
    rate_flat,
    rate_matrix,
    rate_per_unit,
    rate_percentage,
)
from udfs.rating.rated import Rated, exact_sum, fee, sum_parts
from udfs.rating.tiering import rate_graduated, rate_package, rate_stairstep, rate_volume

PRICE_MODELS: Mapping[type[PriceModel], Callable[[Any, Rated], tuple[RatedPart, ...]]] = (
    MappingProxyType(
        {
            Flat: rate_flat,
            PerUnit: rate_per_unit,
            Graduated: rate_graduated,
            Volume: rate_volume,
            Package: rate_package,
            Stairstep: rate_stairstep,
            Percentage: rate_percentage,
            Matrix: rate_matrix,
            Dynamic: rate_dynamic,
        }
    )
)
"""What prices the usage of a model, whole periods at once."""


@dataclass(frozen=True, slots=True)
class SegmentUsage:
    """What one price is asked to price in one segment.

    Attributes:
        groups: Usage in the segment.
        earlier: Usage in the segments of the same period before it; free units and tiers go on
            where they stood.
        is_first: Whether no segment before it had this price: what is due where nothing was used
            is due in the first.
        time_share: The segment's share of a whole period: of a stub's segments less than 1 in all.
        usage_share: 1 where `groups` is what was used in the segment; else it is what its period,
            stub or not, comes to, and this is the segment's share of the period's time.
        fx_rates: Currencies and their rate into that of the rate card.
    """

    groups: Sequence[GroupUsage]
    earlier: Sequence[GroupUsage] = ()
    is_first: bool = True
    time_share: Fraction = Fraction(1)
    usage_share: Fraction = Fraction(1)
    fx_rates: Mapping[str, Decimal] = field(default_factory=dict)


def rate(price: MeterPrice, usage: SegmentUsage) -> tuple[RatedPart, ...]:
    """Return what usage comes to by one price, exactly, in steps that add up to it.

    A segment costs what the period's usage up to its end costs, less what that before it costs:
    under one price all segments cost together what the period costs as a whole, however it is cut.
    What is due where nothing was used is due in the price's first segment. Usage that is known of
    the period alone costs the segment's share of its time. Flat amounts, `minimum` and `maximum`
    are those of a whole period, by the segment's share of that.

    Raises:
        MissingPriceError: A cell, a rate of exchange, or values of single events are not there.
    """
    if isinstance(price.model, Flat):
        parts = _scale(_rate_whole(price, usage.groups, usage), usage.time_share)
    else:
        after = _rate_whole(price, [*usage.earlier, *usage.groups], usage)
        is_whole = usage.is_first and not usage.earlier
        parts = after if is_whole else _subtract(after, _before(price, usage))
        parts = _scale(parts, usage.usage_share)
    return _bound(price, parts, usage.time_share)


def merge_groups(groups: Sequence[GroupUsage]) -> tuple[GroupUsage, ...]:
    """Return usage with one group for each dimensions, ordered by them."""
    merged: dict[str, list[GroupUsage]] = {}
    for group in groups:
        merged.setdefault(group.dimensions, []).append(group)
    return tuple(
        GroupUsage(
            dimensions,
            exact_sum(each.quantity for each in merged[dimensions]),
            sum(each.event_count for each in merged[dimensions]),
            _merge_values([value for each in merged[dimensions] for value in each.values]),
        )
        for dimensions in sorted(merged)
    )


def _merge_values(values: Sequence[tuple[Decimal, int]]) -> tuple[tuple[Decimal, int], ...]:
    counts: dict[Decimal, int] = {}
    for value, count in values:
        counts[value] = counts.get(value, 0) + count
    return tuple((value, counts[value]) for value in sorted(counts) if counts[value])


def _rate_whole(
    price: MeterPrice, groups: Sequence[GroupUsage], usage: SegmentUsage
) -> tuple[RatedPart, ...]:
    merged = merge_groups(groups)
    rated = Rated(price.price_id, merged, price.free_units, usage.fx_rates)
    return PRICE_MODELS[type(price.model)](price.model, rated)


def _before(price: MeterPrice, usage: SegmentUsage) -> tuple[RatedPart, ...]:
    """Return what segments before this one have paid for, whichever price they paid."""
    before = _rate_whole(price, usage.earlier, usage)
    return _subtract(before, _rate_whole(price, (), usage)) if usage.is_first else before


def _scale(parts: Sequence[RatedPart], share: Fraction) -> tuple[RatedPart, ...]:
    if share == 1:
        return tuple(parts)
    return tuple(
        RatedPart(each.label, each.quantity, each.unit_price, each.amount * share) for each in parts
    )


def _subtract(after: Sequence[RatedPart], before: Sequence[RatedPart]) -> tuple[RatedPart, ...]:
    """Return the steps of `after` less those of `before`, in the order in which they stand."""
    taken = {each.label: each for each in before}
    parts: list[RatedPart] = []
    for each in after:
        old = taken.pop(each.label, None)
        parts.append(each if old is None else _less(each, old))
    nothing = {
        label: RatedPart(label, Decimal(0), old.unit_price, Fraction(0))
        for label, old in taken.items()
    }
    parts += [_less(nothing[label], old) for label, old in taken.items()]
    return tuple(each for each in parts if each.amount or each.quantity)


def _less(a: RatedPart, b: RatedPart) -> RatedPart:
    quantity = EXACT.subtract(a.quantity, b.quantity)
    return RatedPart(a.label, quantity, a.unit_price, a.amount - b.amount)


def _bound(
    price: MeterPrice, parts: tuple[RatedPart, ...], share: Fraction
) -> tuple[RatedPart, ...]:
    """Hold an amount within the price's minimum and maximum."""
    amount = sum_parts(parts)
    if price.maximum is not None and amount > Fraction(price.maximum) * share:
        return (*parts, fee("maximum", Fraction(price.maximum) * share - amount))
    if price.minimum is not None and amount < Fraction(price.minimum) * share:
        return (*parts, fee("minimum", Fraction(price.minimum) * share - amount))
    return parts

"""The steps of pricing, and the function that takes them."""

from __future__ import annotations

from collections.abc import Callable

from schemas.statement import Line, LineKind, PricedPeriod
from udfs.pricing.bounding import add_commitment, hold_maximum, hold_minimum
from udfs.pricing.charging_fees import add_one_off_fees, add_recurring_fees
from udfs.pricing.discounting import take_discounts, take_trial
from udfs.pricing.drawing_credits import draw_credits
from udfs.pricing.pricing_usage import price_usage

Lines = tuple[Line, ...]

PRICING_STEPS: tuple[Callable[[PricedPeriod, Lines], Lines], ...] = (
    price_usage,
    add_recurring_fees,
    add_one_off_fees,
    hold_maximum,
    hold_minimum,
    take_trial,
    take_discounts,
    add_commitment,
    draw_credits,
)
"""In this order; a new rule is one function and one line."""

_ORDER = {kind: place for place, kind in enumerate(LineKind)}


def price_period(period: PricedPeriod) -> Lines:
    """Return the lines of a billing period, ordered by kind and key.

    The same period gives the same lines, whenever and however often it is priced. Before it has
    closed, only recurring fees in advance are due, and credit pays for them.

    Raises:
        MissingPriceError: Usage has no price, or a price lacks what it needs.
    """
    _check(period)
    lines: Lines = ()
    for step in PRICING_STEPS:
        lines = step(period, lines)
    return tuple(sorted(lines, key=lambda line: (_ORDER[line.key.kind], line.key)))


def _check(period: PricedPeriod) -> None:
    """Crash rather than price a part of time twice or never, or one currency as another."""
    bounds = [period.period_start_us, *(each.end_us for each in period.segments)]
    starts = [*(each.start_us for each in period.segments), period.period_end_us]
    assert bounds == starts, f"{period.account_id}: segments with a gap or an overlap"
    for used in period.usage:
        parts = len(used.by_segment)
        assert parts == len(period.segments), f"{period.account_id}, {used.meter_id}: {parts} parts"
    currencies = {
        *(each.card.currency for each in period.segments),
        *(each.contract.currency for each in period.segments),
        *(each.currency for each in period.one_off_fees),
        *(each.grant.currency for each in period.credits),
    }
    assert len(currencies) == 1, f"{period.account_id}: currencies {sorted(currencies)}"

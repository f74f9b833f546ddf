"""Price models: exact parts of amounts, however usage is divided, ordered or counted.

The oracles count unit by unit and ask nothing of the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from schemas.money import MINOR_DIGITS, Rounding
from schemas.price_model import Flat, Graduated, PriceModel, Tier, Volume
from schemas.rate_card import MeterPrice
from schemas.statement import GroupUsage
from tests.properties.random_prices import (
    FX_RATES,
    Event,
    falling_models,
    flat_models,
    group,
    prices,
    rising_models,
    usage_of_a_period,
    used_up,
)
from udfs.rating import SegmentUsage, rate, sum_parts
from udfs.rounding import allocate, to_minor

D = Decimal
FX = {**dict(FX_RATES), "USD": D(1)}
all_models = rising_models | falling_models | flat_models


def cost(
    price: MeterPrice, groups: Sequence[GroupUsage], earlier: Sequence[GroupUsage] | None = None
) -> Fraction:
    """Return what usage comes to, after earlier usage of the same price if there is some."""
    usage = SegmentUsage(groups, earlier or (), earlier is None, fx_rates=FX)
    return sum_parts(rate(price, usage))


def unbounded(price: MeterPrice) -> MeterPrice:
    """Return a price without its bounds, which hold for each part of a period by itself."""
    return MeterPrice(price.price_id, price.meter_id, price.product, price.model, price.free_units)


@given(prices(rising_models | falling_models), st.lists(usage_of_a_period, min_size=1, max_size=4))
def test_increments_cost_what_the_whole_costs(
    price: MeterPrice, increments: list[list[Event]]
) -> None:
    """Whatever the increments, their differences telescope."""
    price = unbounded(price)
    found, earlier = Fraction(0), None
    for events in increments:
        found += cost(price, group(events), earlier)
        earlier = [*(earlier or ()), *group(events)]
    whole = [event for events in increments for event in events]
    assert found == cost(price, group(whole))


@given(
    prices(all_models),
    usage_of_a_period,
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
)
def test_shares_of_time_cost_what_the_whole_costs(
    price: MeterPrice, events: list[Event], weights: list[int]
) -> None:
    """What does not add up costs in all parts together what it costs at once, bounds included."""
    groups = group(events)
    shares = [Fraction(weight, sum(weights)) for weight in weights]
    usages = [SegmentUsage(groups, (), True, share, share, FX) for share in shares]
    assert sum(sum_parts(rate(price, usage)) for usage in usages) == cost(price, groups)


@given(prices(all_models), usage_of_a_period, st.randoms(use_true_random=False))
def test_the_order_of_groups_does_not_matter(
    price: MeterPrice, events: list[Event], chance: st.DataObject
) -> None:
    """Nor does it matter whether events come in one group or each in its own."""
    single = [each for event in events for each in group([event])]
    chance.shuffle(single)  # type: ignore[attr-defined]
    assert cost(price, single) == cost(price, group(events))


@given(prices(rising_models | flat_models), used_up, used_up)
def test_more_usage_never_costs_less(
    price: MeterPrice, events: list[Event], more: list[Event]
) -> None:
    """Of all models but volume, with free units and bounds: see `rising_models`."""
    assert cost(price, group(events)) <= cost(price, group([*events, *more]))


@given(prices(all_models), usage_of_a_period)
def test_an_amount_stays_within_its_bounds(price: MeterPrice, events: list[Event]) -> None:
    """Least and greatest hold, and where neither is needed nothing changes."""
    amount, free = cost(price, group(events)), cost(unbounded(price), group(events))
    if price.minimum is not None:
        assert amount >= Fraction(price.minimum)
    if price.maximum is not None:
        assert amount <= Fraction(price.maximum)
    if price.minimum is None and price.maximum is None:
        assert amount == free


def naive(model: PriceModel, quantity: int) -> Fraction:
    """Count unit by unit, by tiers whose ends are whole: what Stripe's documentation describes."""
    assert isinstance(model, Graduated | Volume)
    if not quantity:
        return Fraction(model.tiers[0].flat_fee) if model.fee_if_unused else Fraction(0)
    tier_of = {
        unit: next(
            place
            for place, tier in enumerate(model.tiers)
            if tier.up_to is None or unit <= tier.up_to
        )
        for unit in range(1, quantity + 1)
    }
    if isinstance(model, Volume):
        tier_of = dict.fromkeys(tier_of, tier_of[quantity])
    prices_of_units = [Fraction(model.tiers[place].unit_price) for place in tier_of.values()]
    fees = [Fraction(model.tiers[place].flat_fee) for place in set(tier_of.values())]
    return sum(prices_of_units, Fraction(0)) + sum(fees, Fraction(0))


@given(
    st.sampled_from([Graduated, Volume]),
    st.sets(st.integers(1, 40), max_size=3),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), min_size=4, max_size=4),
    st.booleans(),
    st.integers(0, 60),
)
def test_tiers_agree_with_counting_unit_by_unit(
    kind: type[Graduated] | type[Volume],
    ends: set[int],
    amounts: list[tuple[int, int]],
    fee_if_unused: bool,
    quantity: int,
) -> None:
    """An independent count of each unit and of each tier that it reaches."""
    limits = [*(D(end) for end in sorted(ends)), None]
    tiers = tuple(
        Tier(limit, D(price) / 100, D(fee))
        for limit, (price, fee) in zip(limits, amounts, strict=False)
    )
    model = kind(tiers, fee_if_unused)
    groups = (GroupUsage("{}", D(quantity), quantity),)
    assert cost(MeterPrice("p", "m", "x", model), groups) == naive(model, quantity)


@given(st.integers(-(10**9), 10**9), st.lists(st.fractions(0, 100), min_size=1, max_size=8))
def test_parts_sum_to_their_whole(total: int, weights: list[Fraction]) -> None:
    """Each is within a unit of its exact part and none has the other sign."""
    parts = allocate(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert part * total >= 0
        if whole:
            assert abs(part - total * weight / whole) < 1
            assert weight or not part


@given(st.fractions(), st.fractions(), st.sampled_from(sorted(MINOR_DIGITS)))
def test_rounding_is_near_even_handed_and_in_order(
    exact: Fraction, other: Fraction, currency: str
) -> None:
    """Within half a unit, or a whole one down; a credit mirrors its charge; order is kept."""
    scale = 10 ** MINOR_DIGITS[currency]
    for rounding in Rounding:
        minor = to_minor(exact, currency, rounding)
        away = abs(exact * scale - minor)
        assert away < 1 if rounding is Rounding.DOWN else away <= Fraction(1, 2)
        assert abs(minor) <= abs(exact * scale) or rounding is not Rounding.DOWN
        assert to_minor(-exact, currency, rounding) == -minor
        low, high = sorted((exact, other))
        assert to_minor(low, currency, rounding) <= to_minor(high, currency, rounding)


@given(flat_models, st.integers(1, 50), st.integers(1, 50))
def test_flat_amounts_are_shared_by_time(model: Flat, first: int, second: int) -> None:
    """Cut in two, used in both, an amount stays the same."""
    price = MeterPrice("p", "m", "x", model)
    used = (GroupUsage("{}", D(1), 1),)
    shares = [Fraction(each, first + second) for each in (first, second)]
    found = sum(sum_parts(rate(price, SegmentUsage(used, time_share=each))) for each in shares)
    assert found == Fraction(model.amount)

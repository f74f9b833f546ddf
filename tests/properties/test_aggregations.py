"""Aggregations are commutative monoids."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from schemas.meter import Aggregation
from schemas.meter_state import Accumulator
from udfs.aggregating import combine, difference, merge

aggregations = st.sampled_from(Aggregation)
quantities = st.builds(
    lambda units, places: Decimal(units).scaleb(-places),
    st.integers(-(10**29) + 1, 10**29 - 1),
    st.integers(0, 9),
)
times = st.integers(-(2**62), 2**62)
accumulators = st.builds(Accumulator, quantities, st.integers(1, 2**40), times, times, times, times)


@given(aggregations, quantities, quantities, quantities)
def test_merge_is_associative_and_commutative(
    aggregation: Aggregation, a: Decimal, b: Decimal, c: Decimal
) -> None:
    """Neither order nor grouping changes a digit, not even the scale."""
    left = merge(aggregation, merge(aggregation, a, b), c)
    right = merge(aggregation, a, merge(aggregation, b, c))
    assert str(left) == str(right)
    assert str(merge(aggregation, a, b)) == str(merge(aggregation, b, a))


@given(aggregations, accumulators, accumulators, accumulators)
def test_combine_is_a_commutative_monoid(
    aggregation: Aggregation, a: Accumulator, b: Accumulator, c: Accumulator
) -> None:
    """Accumulators combine in any order and grouping; None is the identity."""
    left = combine(aggregation, combine(aggregation, a, b), c)
    right = combine(aggregation, a, combine(aggregation, b, c))
    assert left == right
    assert combine(aggregation, a, b) == combine(aggregation, b, a)
    assert combine(aggregation, None, a) == a


@given(quantities, quantities)
def test_a_difference_adds_back(before: Decimal, after: Decimal) -> None:
    """A delta added to what it corrects gives the new value, exactly."""
    assert merge(Aggregation.SUM, before, difference(after, before)) == after

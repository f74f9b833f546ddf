"""Aggregations: exact, in their own decimal context, with None as identity."""

from __future__ import annotations

from decimal import Decimal, Inexact, localcontext

import pytest

from schemas.aggregation import Aggregation
from schemas.meter_state import Accumulator
from udfs.aggregating import combine, difference, merge


@pytest.mark.parametrize(
    ("aggregation", "a", "b", "merged"),
    [
        (Aggregation.COUNT, "2", "3", "5"),
        (Aggregation.SUM, "0.1", "0.2", "0.3"),
        (Aggregation.SUM, "5", "-5", "0"),
        (Aggregation.SUM, "9" * 29 + ".999999999", "0.000000001", "1" + "0" * 29),
        (Aggregation.MAX, "2", "3", "3"),
        (Aggregation.MAX, "-2", "-3", "-2"),
        (Aggregation.MIN, "2", "3", "2"),
        (Aggregation.MIN, "-2", "-3", "-3"),
    ],
)
def test_merge(aggregation: Aggregation, a: str, b: str, merged: str) -> None:
    """Two quantities become that of the union, either way round."""
    assert merge(aggregation, Decimal(a), Decimal(b)) == Decimal(merged)
    assert merge(aggregation, Decimal(b), Decimal(a)) == Decimal(merged)


@pytest.mark.parametrize("aggregation", list(Aggregation))
def test_equal_quantities_of_other_scale(aggregation: Aggregation) -> None:
    """Of 1.0 and 1.00 the same one is kept, whichever comes first: rows agree digit for digit."""
    a, b = Decimal("1.0"), Decimal("1.00")
    assert str(merge(aggregation, a, b)) == str(merge(aggregation, b, a))


def test_the_context_of_the_thread_does_not_matter() -> None:
    """A library that leaves the thread at three digits rounds none of our sums."""
    with localcontext() as context:
        context.prec = 3
        assert merge(Aggregation.SUM, Decimal(123456), Decimal("0.5")) == Decimal("123456.5")
        assert difference(Decimal(123456), Decimal("0.5")) == Decimal("123455.5")


def test_rounding_is_an_error() -> None:
    """A sum that needs more than 100 digits stops the program instead of losing one."""
    with pytest.raises(Inexact):
        merge(Aggregation.SUM, Decimal(10) ** 100, Decimal("0.1"))


def test_combine_keeps_the_extreme_times() -> None:
    """Counts add up; the first of times is the earliest, the last the latest."""
    a = Accumulator(Decimal(4), 2, 10, 20, 30, 40)
    b = Accumulator(Decimal(3), 5, 11, 21, 29, 39)
    assert combine(Aggregation.SUM, a, b) == Accumulator(Decimal(7), 7, 10, 21, 29, 40)
    assert combine(Aggregation.MAX, b, a).quantity == 4
    assert combine(Aggregation.SUM, None, a) == a

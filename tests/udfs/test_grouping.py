"""Aggregations formed from parts: what many values come to."""

from decimal import Decimal

import pytest

from schemas.aggregation import Aggregation, AggregationOptions
from schemas.meter_state import Part
from udfs.grouping import result_of_parts


@pytest.mark.parametrize(
    ("percentile", "values", "result"),
    [
        ("50", {"1": 1, "2": 1}, "1"),
        ("50.000000001", {"1": 1, "2": 1}, "2"),
        ("50", {"1": 1, "2": 1, "30": 1}, "2"),
        ("75", {"1": 1, "2": 1, "3": 1, "4": 1}, "3"),
        ("76", {"1": 1, "2": 1, "3": 1, "4": 1}, "4"),
        ("100", {"1": 99, "7.5": 1}, "7.5"),
        ("99", {"1": 99, "7.5": 1}, "1"),
        ("0.000000001", {"-3": 1, "0": 100}, "-3"),
        ("90", {"10": 1, "9": 9}, "9"),
        ("91", {"10": 1, "9": 9}, "10"),
    ],
)
def test_a_percentile_is_the_nearest_rank(
    percentile: str, values: dict[str, int], result: str
) -> None:
    """The least value that so many percent of all do not exceed: ordered as numbers, not texts."""
    options = AggregationOptions(percentile=Decimal(percentile))
    parts = [Part(value, ((0, str(count)),)) for value, count in values.items()]
    for in_order in (parts, parts[::-1]):
        found = result_of_parts(Aggregation.PERCENTILE, options, in_order, until_us=0)
        assert found.quantity == Decimal(result)

"""Aggregations formed from parts: what many values come to."""

from decimal import Decimal
from itertools import pairwise

import pytest

from schemas.aggregation import Aggregation, AggregationOptions
from schemas.meter_state import Part
from udfs.grouping import ALONE, Reading, result_of_parts


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


def test_the_place_of_an_event() -> None:
    """In a batch it has an index, by which it is ordered; alone its text is as it always was."""
    texts = ("7:0:9:1", "7:1:2:5", "7:1:3:0:9", "7:1:3:2:-4.5", "7:1:3:10:0", "7:1:4:0", "8:0:0:1")
    readings = [Reading.decode(text) for text in texts]
    assert [reading.encode() for reading in readings] == list(texts)
    assert all(earlier < later for earlier, later in pairwise(readings))
    assert readings[0] == Reading(7, 0, 9, ALONE, Decimal(1))
    assert readings[3] == Reading(7, 1, 3, 2, Decimal("-4.5"))


def test_the_latest_of_a_batch() -> None:
    """Of events at the same time the last one; the breakdown names its index."""
    parts = [Part("", ((0, text),)) for text in ("7:1:3:10:5", "7:1:3:2:6")]
    found = result_of_parts(Aggregation.LATEST, AggregationOptions(), parts, until_us=0)
    place = '"kafka_partition":1,"kafka_offset":3,"batch_index":10'
    assert (found.quantity, found.breakdown) == (Decimal(5), f'{{"event_time_us":7,{place}}}')

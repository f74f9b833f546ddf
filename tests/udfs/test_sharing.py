"""Shares: which part usage belongs to that SQL cannot sum up."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from schemas.aggregation import NO_OPTIONS, Aggregation, AggregationOptions, Readings
from schemas.meter import Meter
from udfs.parsing import ParsingRules, RecordParser
from udfs.sharing import BAD_UNITS, EACH_EVENT

LOG_MS = 1_370_080_800_000  # 2013-06-01T10:00:00Z
BOUNDS = AggregationOptions(bounds=(Decimal("0.5"), Decimal(10)))
OPTIONS = {
    Aggregation.HISTOGRAM: BOUNDS,
    Aggregation.PERCENTILE: AggregationOptions(percentile=Decimal(95)),
    Aggregation.TIME_WEIGHTED_SUM: AggregationOptions(readings=Readings.DELTA, per_us=1),
}


def share(aggregation: Aggregation, value: str) -> tuple[str | None, str | None]:
    """Return the units and the part of an event whose property is the given JSON."""
    options = OPTIONS.get(aggregation, NO_OPTIONS)
    meter = Meter("m", "used", aggregation, "units", "one", (), 0, 0, options)
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "s",
        "type": "used",
        "subject": "A",
        "time": "2013-06-01T10:00:00Z",
        "data": {"units": "HERE"},
    }
    payload = json.dumps(event).replace('"HERE"', value).encode()
    shares = (
        RecordParser(ParsingRules((meter,), 65_536, 10**9, 10**9)).parse(payload, LOG_MS).shares
    )
    assert shares is not None
    dimensions, units, part = shares
    assert dimensions == "{}"
    return units, part


@pytest.mark.parametrize(
    ("aggregation", "value", "units", "part"),
    [
        (Aggregation.SUM, "1.50", "1.5", ""),
        (Aggregation.AVERAGE, "1.50", "1.5", ""),
        (Aggregation.LATEST, '"1.50"', "1.5", EACH_EVENT),
        (Aggregation.PERCENTILE, "1.50", "1.5", "1.5"),
        (Aggregation.PERCENTILE, "15e-1", "1.5", "1.5"),
        (Aggregation.PERCENTILE, "-0", "0", "0"),
        (Aggregation.HISTOGRAM, "-3", "-3", "0.5"),
        (Aggregation.HISTOGRAM, "0.50", "0.5", "0.5"),
        (Aggregation.HISTOGRAM, "0.500000001", "0.500000001", "10"),
        (Aggregation.HISTOGRAM, "10", "10", "10"),
        (Aggregation.HISTOGRAM, "10.000000001", "10.000000001", ""),
        (Aggregation.UNIQUE_COUNT, '"a"', "1", "=a"),
        (Aggregation.UNIQUE_COUNT, '""', "1", "="),
        (Aggregation.UNIQUE_COUNT, '"*"', "1", "=*"),
        (Aggregation.UNIQUE_COUNT, "7", "1", "=7"),
        (Aggregation.UNIQUE_COUNT, "true", "1", "=true"),
    ],
)
def test_the_part_of_usage(aggregation: Aggregation, value: str, units: str, part: str) -> None:
    """Summed up usage has no part; other belongs to its value, its bucket, or stays by itself."""
    assert share(aggregation, value) == (units, part)


@pytest.mark.parametrize("value", ["{}", "[1]", json.dumps("x" * 257)])
def test_what_is_no_value_to_count(value: str) -> None:
    """Objects, lists and texts of more than 256 characters are refused, not counted as one."""
    assert share(Aggregation.UNIQUE_COUNT, value) == (BAD_UNITS, "")


@pytest.mark.parametrize("aggregation", sorted(set(Aggregation) - {Aggregation.COUNT}))
def test_what_is_missing(aggregation: Aggregation) -> None:
    """Null is missing for every meter that reads a property."""
    assert share(aggregation, "null")[0] is None

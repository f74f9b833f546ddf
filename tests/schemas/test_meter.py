"""Meters: a property exactly where units are needed, and no negative durations."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from schemas.aggregation import NO_OPTIONS, Aggregation, AggregationOptions, Readings
from schemas.meter import Meter


@pytest.mark.parametrize("aggregation", list(Aggregation))
def test_a_property_where_units_are_needed(aggregation: Aggregation) -> None:
    """A count has no property, every other aggregation has one."""
    name = None if aggregation is Aggregation.COUNT else "miles"
    options = {
        Aggregation.HISTOGRAM: AggregationOptions(bounds=(Decimal(1),)),
        Aggregation.PERCENTILE: AggregationOptions(percentile=Decimal(95)),
        Aggregation.TIME_WEIGHTED_SUM: AggregationOptions(readings=Readings.DELTA, per_us=1),
    }.get(aggregation, NO_OPTIONS)
    meter = Meter("m", "flight.departed", aggregation, name, "mile", (), 0, 0, options)
    assert meter.property == name
    other = "miles" if name is None else None
    with pytest.raises(ValueError, match=f"^property, meter m: expected .* for {aggregation}, "):
        Meter("m", "flight.departed", aggregation, other, "mile", (), 0, 0, options)


@pytest.mark.parametrize(
    ("aggregation", "options", "message"),
    [
        (Aggregation.HISTOGRAM, NO_OPTIONS, "expected its own options"),
        (Aggregation.PERCENTILE, NO_OPTIONS, "expected its own options"),
        (Aggregation.SUM, AggregationOptions(bounds=(Decimal(1),)), "expected none of histogram"),
        (
            Aggregation.HISTOGRAM,
            AggregationOptions(bounds=(Decimal(2), Decimal(2))),
            "expected ascending ones",
        ),
        (
            Aggregation.PERCENTILE,
            AggregationOptions(percentile=Decimal(0)),
            "expected above 0, at most 100",
        ),
        (
            Aggregation.PERCENTILE,
            AggregationOptions(percentile=Decimal("100.1")),
            "expected above 0, at most 100",
        ),
    ],
)
def test_options_fit_the_aggregation(
    aggregation: Aggregation, options: AggregationOptions, message: str
) -> None:
    """A histogram has ascending bounds, a percentile its number, all others nothing."""
    with pytest.raises(ValueError, match=f", meter m: {message}"):
        Meter("m", "flight.departed", aggregation, "miles", "mile", (), 0, 0, options)


@pytest.mark.parametrize(
    ("grace_us", "horizon_us", "message"),
    [
        (-1, 0, "grace_us, meter m: expected 0 or more, found -1"),
        (0, -2, "correction_horizon_us, meter m: expected 0 or more, found -2"),
    ],
)
def test_no_negative_duration(grace_us: int, horizon_us: int, message: str) -> None:
    """A cut never comes before the period's end, nor a horizon before the cut."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Meter("m", "flight.departed", Aggregation.COUNT, None, "flight", (), grace_us, horizon_us)


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb"])
def test_no_name_that_json_would_escape(name: str) -> None:
    """The records' reader knows names as they are written."""
    for units, dimensions in ((name, ()), ("miles", (name,))):
        with pytest.raises(ValueError, match=r"^property, meter m: expected a name without "):
            Meter("m", "t", Aggregation.SUM, units, "mile", dimensions, 0, 0)

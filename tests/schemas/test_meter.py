"""Meters: a property exactly where units are needed, and no negative durations."""

from __future__ import annotations

import re

import pytest

from schemas.meter import Aggregation, Meter


@pytest.mark.parametrize("aggregation", list(Aggregation))
def test_a_property_where_units_are_needed(aggregation: Aggregation) -> None:
    """A count has no property, every other aggregation has one."""
    name = None if aggregation is Aggregation.COUNT else "miles"
    meter = Meter("m", "flight.departed", aggregation, name, "mile", (), 0, 0)
    assert meter.property == name
    other = "miles" if name is None else None
    with pytest.raises(ValueError, match=f"^property, meter m: expected .* for {aggregation}, "):
        Meter("m", "flight.departed", aggregation, other, "mile", (), 0, 0)


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

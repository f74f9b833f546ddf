"""Levels over time: exact sums, and what passes on to the next period."""

from decimal import Decimal

import pytest

from schemas.aggregation import Aggregation, AggregationOptions, Readings
from schemas.meter_state import Part
from udfs.grouping import ALONE, Reading, receive
from udfs.weighting import CARRIED_IN, carried_out, is_level, weigh

DELTA = AggregationOptions(readings=Readings.DELTA, per_us=10)
ABSOLUTE = AggregationOptions(readings=Readings.ABSOLUTE, per_us=10)


def event(event_us: int, units: str, counts_from_us: int = 0) -> Part:
    """Return the part of one event."""
    text = Reading(event_us, 0, event_us, ALONE, Decimal(units)).encode()
    return Part(text.rpartition(":")[0], ((counts_from_us, text),))


@pytest.mark.parametrize(("options", "units"), [(DELTA, ("2", "3")), (ABSOLUTE, ("2", "5"))])
def test_a_level_holds_from_its_event_until_the_next(
    options: AggregationOptions, units: tuple[str, str]
) -> None:
    """A level of 2 for 30 microseconds, then 5 for 50, per ten: 6 and 25."""
    parts = [event(150, units[1]), event(120, units[0])]
    result = weigh(options, (100, 200), parts, 0)
    assert result.quantity == Decimal(31)
    assert result.breakdown == (
        '{"level_microseconds":"310","opening_level":"0","closing_level":"5"}'
    )


def test_a_level_carried_in_holds_from_the_period_s_start() -> None:
    """A level of 4 alone fills the period; what counts later is left out."""
    carried = Part(CARRIED_IN, ((0, "4"), (900, "1")))
    assert weigh(DELTA, (100, 200), [carried], 899).quantity == Decimal(40)
    assert weigh(DELTA, (100, 200), [carried], 900).quantity == Decimal(50)


@pytest.mark.parametrize("options", [DELTA, ABSOLUTE])
def test_what_passes_on_continues_the_level(options: AggregationOptions) -> None:
    """Two periods, the second carried into, come to what one period over both comes to."""
    events = [event(110, "7"), event(150, "-3"), event(230, "2.5")]
    passed = carried_out(options, events[:2])
    assert passed is not None
    assert is_level(options, passed)
    part = receive(Aggregation.TIME_WEIGHTED_SUM, options, Part(CARRIED_IN, ()), 0, passed)
    first = weigh(options, (100, 200), events[:2], 0).quantity
    second = weigh(options, (200, 300), [part, events[2]], 0).quantity
    assert first + second == weigh(options, (100, 300), events, 0).quantity


def test_of_no_events_nothing_passes_on() -> None:
    """Neither text nor level."""
    assert carried_out(DELTA, []) is None
    assert not is_level(DELTA, None)

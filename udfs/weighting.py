"""Levels over time: what they come to in a period, and what passes on to the next.

The sum is exact: levels times microseconds, divided once. A level is formed from the part that
was carried in (its name is empty) and from each event's own part.

Source: time-weighted sums as of GB-hours; a level holds from its event's time until the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from schemas.aggregation import Aggregation, AggregationOptions, Readings
from schemas.meter_state import Part
from udfs.aggregating import EXACT, Result, breakdown_text, plain_text, rounded
from udfs.grouping import Reading, joined

CARRIED_IN = ""
_NO_LEVEL = Decimal(0)
_SUM = Aggregation.TIME_WEIGHTED_SUM


def weigh(
    options: AggregationOptions, period: tuple[int, int], parts: Iterable[Part], until_us: int
) -> Result:
    """Return a level's time-weighted sum in a period, as received by a log time.

    Args:
        options: The readings, and the time that a level of one takes to give one.
        period: Its first instant, and the first after it.
        parts: The level carried in, and the events of the period.
        until_us: What counts from a later log time on is left out.
    """
    carried, readings = _received(parts, until_us)
    opening = level = _units(options, _joined(options, carried))
    at_us, end_us = period
    weighed = Decimal(0)
    for reading in sorted(readings):
        weighed = _add_weighed(weighed, level, reading.event_us - at_us)
        is_delta = options.readings is Readings.DELTA
        level = EXACT.add(level, reading.units) if is_delta else reading.units
        at_us = reading.event_us
    weighed = _add_weighed(weighed, level, end_us - at_us)
    members: dict[str, object] = {
        "level_microseconds": plain_text(weighed),
        "opening_level": plain_text(opening),
        "closing_level": plain_text(level),
    }
    assert options.per_us is not None
    return Result(rounded(Fraction(weighed) / options.per_us), breakdown_text(members))


def carried_out(options: AggregationOptions, parts: Iterable[Part]) -> str | None:
    """Return what passes on of all that was received: text for `CARRIED_IN`; None: nothing."""
    carried, readings = _received(parts, None)
    return _joined(options, [*carried, *(carried_text(options, each) for each in readings)])


def carried_text(options: AggregationOptions, reading: Reading) -> str:
    """Return what one event passes on: its units if they add up, else when it was, too."""
    return f"{reading.units:f}" if options.readings is Readings.DELTA else reading.encode()


def is_level(options: AggregationOptions, text: str | None) -> bool:
    """Return whether what passes on is a level other than zero."""
    return _units(options, text) != _NO_LEVEL


def _received(parts: Iterable[Part], until_us: int | None) -> tuple[list[str], list[Reading]]:
    carried: list[str] = []
    readings: list[Reading] = []
    for part in parts:
        texts = [text for log_us, text in part.received if until_us is None or log_us <= until_us]
        if part.name == CARRIED_IN:
            carried += texts
        else:
            readings += map(Reading.decode, texts)
    return carried, readings


def _joined(options: AggregationOptions, texts: Iterable[str]) -> str | None:
    whole = None
    for text in texts:
        whole = text if whole is None else joined(_SUM, options, whole, text)
    return whole


def _units(options: AggregationOptions, text: str | None) -> Decimal:
    if text is None:
        return _NO_LEVEL
    return Decimal(text) if options.readings is Readings.DELTA else Reading.decode(text).units


def _add_weighed(weighed: Decimal, level: Decimal, time_us: int) -> Decimal:
    return EXACT.add(weighed, EXACT.multiply(level, Decimal(time_us)))

"""Events that are taken back: before the close, after it, and when nothing is left."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.aggregation import KEEPS_ALL, Aggregation, AggregationOptions, Readings
from schemas.instant import DAY_US, HOUR_US
from schemas.meter import Meter
from schemas.metered_usage import MeteredUsage
from schemas.usage_row import ClosedUsage, ExpiredUsage, UsageCorrection
from tests.udfs.engine import Engine, at, started, usage
from udfs.metering import MeteringRules

IN_TIME, LATE, LATER = "2013-01-20T10:01", "2013-02-01T01:10", "2013-02-01T02:10"
EVENT = "2013-01-20T10:00"
TOO_LATE = "2013-02-05T00:00"


def back(row: MeteredUsage, window_end: str) -> MeteredUsage:
    """Return what takes a row back, received in a log window."""
    return replace(
        row,
        quantity=-row.quantity,
        event_count=-row.event_count,
        first_log_us=at(window_end) - 1,
        last_log_us=at(window_end) - 1,
        log_window_end_us=at(window_end),
    )


def outcome(engine: Engine) -> list[tuple[int, str, int]]:
    """Return revision, quantity and number of events of all rows up to the middle of February."""
    engine.advance(at("2013-02-15T00:00"))
    rows = [row for row in engine.rows if isinstance(row, ClosedUsage | UsageCorrection)]
    return [(row.revision, f"{row.quantity:f}", row.event_count) for row in rows]


def test_taken_back_before_the_close() -> None:
    """It is in no row."""
    engine = started()
    kept, gone = usage(EVENT, IN_TIME, 5), usage(EVENT, IN_TIME, 3)
    for row in (kept, gone, back(gone, "2013-01-25T00:00")):
        engine.deliver(row)
    assert outcome(engine) == [(0, "5", 1)]


def test_taken_back_after_the_close() -> None:
    """A correction below zero names the closed row."""
    engine = started()
    kept, gone = usage(EVENT, IN_TIME, 5), usage(EVENT, IN_TIME, 3)
    for row in (kept, gone, back(gone, LATE)):
        engine.deliver(row)
    assert outcome(engine) == [(0, "8", 2), (1, "5", 1)]
    closed, correction = engine.rows
    assert isinstance(correction, UsageCorrection)
    assert isinstance(closed, ClosedUsage)
    assert correction.corrected_row_id == closed.row_id
    assert (correction.quantity_delta, correction.event_count_delta) == (Decimal(-3), -1)
    assert correction.first_log_time_us == at(LATE) - 1


def test_nothing_left_before_the_close() -> None:
    """No closed row stands, and what comes late is the first one."""
    engine = started()
    gone = usage(EVENT, IN_TIME, 3)
    for row in (gone, back(gone, IN_TIME), usage(EVENT, LATE, 4)):
        engine.deliver(row)
    assert outcome(engine) == [(1, "4", 1)]
    (correction,) = engine.rows
    assert isinstance(correction, UsageCorrection)
    assert correction.corrected_row_id is None


def test_nothing_left_after_the_close() -> None:
    """The period comes to zero, and may fill again."""
    engine = started()
    gone = usage(EVENT, IN_TIME, 3)
    for row in (gone, back(gone, LATE), usage(EVENT, LATER, 4)):
        engine.deliver(row)
    assert outcome(engine) == [(0, "3", 1), (1, "0", 0), (2, "4", 1)]


def test_one_comes_as_another_goes() -> None:
    """A bucket that leaves the number as it was still corrects the quantity."""
    engine = started()
    gone = usage(EVENT, IN_TIME, 3)
    for row in (gone, back(gone, LATE), usage(EVENT, LATE, 4)):
        engine.deliver(row)
    assert outcome(engine) == [(0, "3", 1), (1, "4", 1)]


def test_late_and_taken_back_at_once() -> None:
    """What comes and goes within a bucket is no row."""
    engine = started()
    gone = usage(EVENT, LATE, 3)
    for row in (usage(EVENT, IN_TIME, 5), gone, back(gone, LATE)):
        engine.deliver(row)
    assert outcome(engine) == [(0, "5", 1)]


def test_taken_back_after_the_horizon() -> None:
    """It is expired usage below zero, with an id of its own; a person decides."""
    engine = started()
    gone = usage(EVENT, TOO_LATE, 3)
    for row in (gone, back(gone, TOO_LATE)):
        engine.deliver(row)
    came, went = engine.rows
    assert isinstance(came, ExpiredUsage)
    assert isinstance(went, ExpiredUsage)
    assert (came.quantity, came.event_count, came.is_retraction) == (Decimal(3), 1, False)
    assert (went.quantity, went.event_count, went.is_retraction) == (Decimal(-3), -1, True)
    assert came.row_id != went.row_id


MEDIAN = AggregationOptions(percentile=Decimal(50))
BOUNDS = AggregationOptions(bounds=(Decimal(4),))
LEVEL = AggregationOptions(readings=Readings.DELTA, per_us=DAY_US)


@pytest.mark.parametrize(
    ("aggregation", "options", "parts", "quantities"),
    [
        (Aggregation.MAX, KEEPS_ALL, ("2", "5"), ("5", "2")),
        (Aggregation.MIN, KEEPS_ALL, ("5", "2"), ("2", "5")),
        (Aggregation.AVERAGE, AggregationOptions(), ("", ""), ("3.500000000", "2")),
        (Aggregation.UNIQUE_COUNT, KEEPS_ALL, ("=a", "=b"), ("2", "1")),
        (Aggregation.LATEST, KEEPS_ALL, ("0:1", "0:2"), ("5", "2")),
        (Aggregation.PERCENTILE, MEDIAN, ("5", "2"), ("2", "5")),
        (Aggregation.HISTOGRAM, BOUNDS, ("4", ""), ("2", "1")),
        (Aggregation.TIME_WEIGHTED_SUM, LEVEL, ("0:1", "0:2"), None),
    ],
)
def test_each_aggregation_goes_back(
    aggregation: Aggregation,
    options: AggregationOptions,
    parts: tuple[str, str],
    quantities: tuple[str, str] | None,
) -> None:
    """The second event is taken back after the close: what the first comes to is left."""
    meter = Meter(
        *("miles", "flight.departed", aggregation, "miles", "mile", (), HOUR_US, 3 * DAY_US),
        options,
        is_retractable=True,
    )
    engine = started(MeteringRules({"miles": meter}))
    # A part that is a value is the units themselves.
    values = [
        each if each.isdigit() else default for each, default in zip(parts, "25", strict=True)
    ]
    first = usage(EVENT, IN_TIME, values[0], part=parts[0])
    second = usage(EVENT, IN_TIME, values[1], part=parts[1])
    for row in (first, second, back(second, LATE)):
        engine.deliver(row)
    rows = outcome(engine)
    assert [(revision, count) for revision, _, count in rows[:2]] == [(0, 2), (1, 1)]
    alone = started(MeteringRules({"miles": meter}))
    alone.deliver(first)
    assert Decimal(rows[1][1]) == Decimal(outcome(alone)[0][1])
    if quantities is not None:
        assert [Decimal(quantity) for _, quantity, _ in rows] == list(map(Decimal, quantities))

"""Aggregations from usage to rows: closed, corrected, and with what they were formed from."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from schemas.account import Account
from schemas.aggregation import NO_OPTIONS, Aggregation, AggregationOptions, Readings
from schemas.instant import DAY_US, HOUR_US
from schemas.meter import Meter
from schemas.meter_state import EntryKey
from schemas.terms import TakesEffect
from schemas.usage_row import ClosedUsage, ExpiredUsage, UsageCorrection
from tests.udfs.engine import MONTHLY, Engine, at, started, usage
from udfs.aggregating import rounded
from udfs.metering import MeterChangedError, MeteringRules

AT_ONCE = TakesEffect.AT_ONCE
IN_TIME, LATE, LATER = "2013-01-20T10:01", "2013-02-01T01:10", "2013-02-01T02:10"
EVENT = "2013-01-20T10:00"
BOUNDS = AggregationOptions(bounds=(Decimal(1), Decimal(5)))
MEDIAN = AggregationOptions(percentile=Decimal(50))


def engine_of(aggregation: Aggregation, options: AggregationOptions = NO_OPTIONS) -> Engine:
    """Return an engine with one meter, `miles`."""
    meter = Meter(
        *("miles", "flight.departed", aggregation, "miles", "mile", (), HOUR_US, 3 * DAY_US),
        options,
    )
    return started(MeteringRules({"miles": meter}))


# Each row of usage: log window, quantity, number of events, part.
Parts = list[tuple[str, str, int, str]]


@pytest.mark.parametrize(
    ("aggregation", "options", "rows", "outcomes"),
    [
        (
            Aggregation.AVERAGE,
            NO_OPTIONS,
            [(IN_TIME, "2", 3, ""), (LATE, "1.5", 1, "")],
            [
                ("0.666666667", '{"sum":"2","count":3}'),
                ("0.875", '{"sum":"3.5","count":4}'),
            ],
        ),
        (
            Aggregation.UNIQUE_COUNT,
            NO_OPTIONS,
            [(IN_TIME, "2", 2, "=a"), (IN_TIME, "1", 1, "=b"), (LATE, "1", 1, "=a")],
            [("2", None), ("2", None)],
        ),
        (
            Aggregation.UNIQUE_COUNT,
            NO_OPTIONS,
            # Counted from its first receipt on, whichever row comes first.
            [(LATER, "1", 1, "=a"), (LATE, "1", 1, "=a"), (IN_TIME, "1", 1, "=b")],
            [("1", None), ("2", None), ("2", None)],
        ),
        (
            Aggregation.PERCENTILE,
            MEDIAN,
            [(IN_TIME, "6", 2, "3"), (IN_TIME, "10", 1, "10"), (LATE, "30", 3, "10")],
            [("3", None), ("10", None)],
        ),
        (
            Aggregation.HISTOGRAM,
            BOUNDS,
            [(IN_TIME, "2", 2, "1"), (IN_TIME, "9", 1, ""), (LATE, "5", 1, "5")],
            [
                ("3", '{"bounds":["1","5"],"counts":[2,0,1]}'),
                ("4", '{"bounds":["1","5"],"counts":[2,1,1]}'),
            ],
        ),
    ],
)
def test_rows_say_what_they_were_formed_from(
    aggregation: Aggregation,
    options: AggregationOptions,
    rows: Parts,
    outcomes: list[tuple[str, str | None]],
) -> None:
    """Closed rows count what came up to the cut, corrections what came up to theirs."""
    engine = engine_of(aggregation, options)
    for window_end, quantity, count, part in rows:
        engine.deliver(usage(EVENT, window_end, quantity, event_count=count, part=part))
    posted = engine.advance()
    assert [(row.quantity, row.breakdown) for row in posted] == [  # type: ignore[union-attr]
        (Decimal(quantity), breakdown) for quantity, breakdown in outcomes
    ]
    before = Decimal(0)
    for row in posted:
        if isinstance(row, UsageCorrection):
            assert row.quantity_delta == row.quantity - before
        assert isinstance(row, ClosedUsage | UsageCorrection)
        before = row.quantity


def test_latest_by_event_time_then_by_place() -> None:
    """The latest event counts; of equal times that of the higher partition, then offset."""
    engine = engine_of(Aggregation.LATEST)
    engine.deliver(usage("2013-01-20T10:00:30", IN_TIME, "7", part="0:9"))
    engine.deliver(usage("2013-01-20T10:00:30", IN_TIME, "8", part="1:2"))
    engine.deliver(usage("2013-01-20T10:00:29", IN_TIME, "9", part="1:10"))
    engine.deliver(usage("2013-01-20T10:00:30", LATE, "5", part="1:10"))
    engine.deliver(usage("2013-01-19T10:00", LATER, "4", part="2:11"))
    closed, first, second = engine.advance()
    assert isinstance(closed, ClosedUsage)
    time_us = at("2013-01-20T10:00:30")
    place = f'{{"event_time_us":{time_us},"kafka_partition":1,"kafka_offset":'
    assert (closed.quantity, closed.breakdown) == (Decimal(8), f"{place}2}}")
    assert isinstance(first, UsageCorrection)
    assert (first.quantity_delta, first.breakdown) == (Decimal(-3), f"{place}10}}")
    assert isinstance(second, UsageCorrection)
    assert (second.quantity_delta, second.event_count) == (Decimal(0), 5)


def test_new_terms_that_end_a_period_early_lose_no_part() -> None:
    """What counts for the closed row does so wherever the cut moves to."""
    engine = engine_of(Aggregation.HISTOGRAM, BOUNDS)
    engine.deliver(usage(EVENT, IN_TIME, part="1"))
    engine.advance(at("2013-01-21T00:00"))
    change = replace(
        MONTHLY, version=8, effective_from_us=at("2013-01-25T00:00"), takes_effect=AT_ONCE
    )
    engine.know(Account("A1", (MONTHLY, change)))
    engine.deliver(usage("2013-01-22T10:00", "2013-01-22T10:01", part="1"))
    (closed,) = engine.advance(at("2013-01-25T01:00"))
    assert isinstance(closed, ClosedUsage)
    assert (closed.period_end_us, closed.quantity) == (at("2013-01-25T00:00"), 2)


def test_parts_go_with_their_entry() -> None:
    """After the correction horizon nothing of a period is left in state."""
    engine = engine_of(Aggregation.UNIQUE_COUNT)
    for n in range(300):
        engine.deliver(usage(EVENT, IN_TIME, part=f"={n}"))
    assert len(engine.nodes) > 1
    (closed,) = engine.advance()
    assert isinstance(closed, ClosedUsage)
    assert closed.quantity == 300
    assert engine.nodes == {}


def test_expired_parts_have_rows_of_their_own() -> None:
    """Two values of one window expire as two rows, each with its part and its id."""
    engine = engine_of(Aggregation.UNIQUE_COUNT)
    for part in ("=a", "=b"):
        engine.deliver(usage(EVENT, "2013-02-04T01:00:10", part=part))
    assert all(isinstance(row, ExpiredUsage) for row in engine.rows)
    assert [row.part for row in engine.rows] == ["=a", "=b"]  # type: ignore[union-attr]
    assert len({row.row_id for row in engine.rows}) == 2


def test_other_options_need_another_meter() -> None:
    """A histogram whose bounds change while periods are open stops the job."""
    engine = engine_of(Aggregation.HISTOGRAM, BOUNDS)
    engine.deliver(usage(EVENT, IN_TIME, part="1"))
    other = engine_of(Aggregation.HISTOGRAM, AggregationOptions(bounds=(Decimal(2),)))
    other.entries = engine.entries
    with pytest.raises(MeterChangedError) as stopped:
        other.deliver(usage(EVENT, IN_TIME, part="2"))
    assert str(stopped.value) == (
        'meter miles: expected histogram of mile with [["1","5"],null] as in periods that account'
        ' A1 has open, found histogram of mile with [["2"],null]; give it a new meter_id or set it '
        "back, and restore from the newest checkpoint"
    )
    assert [EntryKey.decode(key).meter_id for key in engine.entries["A1"]] == ["miles"]


@pytest.mark.parametrize(
    ("aggregation", "options"),
    [
        (Aggregation.LATEST, NO_OPTIONS),
        (Aggregation.UNIQUE_COUNT, NO_OPTIONS),
        (Aggregation.PERCENTILE, MEDIAN),
        (
            Aggregation.TIME_WEIGHTED_SUM,
            AggregationOptions(readings=Readings.DELTA, per_us=HOUR_US),
        ),
    ],
)
def test_usage_on_its_way_from_before_a_change_is_refused(
    aggregation: Aggregation, options: AggregationOptions
) -> None:
    """What was added up has no part; no figure can be formed of it."""
    with pytest.raises(MeterChangedError, match="give it a new meter_id"):
        engine_of(aggregation, options).deliver(usage(EVENT, IN_TIME))


@pytest.mark.parametrize(
    ("numerator", "denominator", "quantity"),
    [
        (1, 2 * 10**9, "0.000000001"),
        (-1, 2 * 10**9, "-0.000000001"),
        (1, 3, "0.333333333"),
        (2, 3, "0.666666667"),
        (10**40, 1, "1" + "0" * 40),
    ],
)
def test_fractions_are_rounded_half_up(numerator: int, denominator: int, quantity: str) -> None:
    """Nine decimals; a half goes away from zero."""
    assert rounded(Fraction(numerator, denominator)) == Decimal(quantity)

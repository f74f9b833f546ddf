"""Levels over period ends, whatever the arrival: the rows are those of one long curve.

The naive outcome draws the level of all events that count by a log time as one curve over the
whole contract, and integrates it between the period's boundaries. It knows no carrying.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.account import Account
from schemas.aggregation import Aggregation, AggregationOptions, Readings
from schemas.cadence import Cadence
from schemas.instant import DAY_US, HOUR_US, MINUTE_US
from schemas.meter import Meter
from schemas.metered_usage import MeteredUsage
from schemas.terms import Recurring, Terms
from schemas.usage_row import ClosedUsage, ExpiredUsage
from tests.properties.test_metering import Posted, deliver, posted
from tests.udfs.engine import Engine, at
from udfs.metering import MeteringRules

START, OVER = at("2013-01-01T00:00"), at("2013-01-06T00:00")
AGAIN, END = at("2013-01-07T00:00"), at("2013-01-09T00:00")
GRACE_US, HORIZON_US = 90 * MINUTE_US, 30 * HOUR_US
_DAILY = Recurring(Cadence.DAY, datetime(2013, 1, 1))
# Five days, a day without a contract, two days.
ACCOUNT = Account(
    "A1",
    (
        Terms(1, START, "UTC", _DAILY, "standard", effective_until_us=OVER),
        Terms(2, AGAIN, "UTC", _DAILY, "standard", effective_until_us=END),
    ),
)
RUNS = ((START, OVER), (AGAIN, END))
Figures = tuple[int, int, int, Decimal, Decimal, int, int]
"""Period start, revision, due log time, quantity, delta, events, events added."""


@dataclass(frozen=True)
class Reading:
    """One event, with its log window's end."""

    event_us: int
    units: Decimal
    window_end_us: int
    place: int


@st.composite
def _readings(draw: st.DrawFn) -> Reading:
    day = draw(st.sampled_from([0, 1, 2, 3, 4, 6, 7]))
    start_us = START + day * DAY_US
    event_us = start_us + draw(st.sampled_from([0, MINUTE_US, 12 * HOUR_US, DAY_US - MINUTE_US]))
    edges = [-20 * HOUR_US, 0, HOUR_US, 25 * HOUR_US, HORIZON_US - 10_000_000, HORIZON_US]
    late_us = draw(st.sampled_from(edges)) + draw(st.integers(0, 2)) * 10_000_000
    window_end_us = start_us + DAY_US + GRACE_US + late_us
    return Reading(event_us, Decimal(draw(st.integers(-3, 3))), window_end_us, 0)


logs = st.lists(_readings(), max_size=9).map(
    lambda log: [replace(each, place=n) for n, each in enumerate(log)]
)
chances = st.randoms(use_true_random=False)


def _rules(readings: Readings) -> MeteringRules:
    options = AggregationOptions(readings=readings, per_us=7 * HOUR_US)
    kind = Aggregation.TIME_WEIGHTED_SUM
    meter = Meter("m", "disk", kind, "gb", "gb", (), GRACE_US, HORIZON_US, options)
    return MeteringRules({"m": meter}, unknown_account_wait_us=400 * DAY_US)


def _run(log: list[Reading], chance: random.Random, readings: Readings) -> Engine:
    engine = Engine(_rules(readings))
    rows = [
        MeteredUsage(
            "A1",
            "m",
            "{}",
            each.event_us,
            each.units,
            1,
            each.event_us,
            each.event_us,
            each.window_end_us - 1,
            each.window_end_us - 1,
            each.window_end_us,
            f"0:{each.place}",
        )
        for each in log
    ]
    deliver(engine, rows, chance, knows=0.0, account=ACCOUNT)
    return engine


@pytest.mark.parametrize("readings", list(Readings))
@given(log=logs, chance=chances)
def test_rows_are_those_of_one_long_curve(
    readings: Readings, log: list[Reading], chance: random.Random
) -> None:
    """Closed rows and corrections, of periods with events and of those carried into."""
    engine = _run(log, chance, readings)
    assert sorted(map(_figures_of, posted(engine))) == _naive(log, readings)
    late = [each for each in log if each.window_end_us > _cut_us(each) + HORIZON_US]
    assert sum(isinstance(row, ExpiredUsage) for row in engine.rows) == len(late)


@pytest.mark.parametrize("readings", list(Readings))
@given(log=logs, chance=chances)
def test_no_level_is_kept_after_the_contract(
    readings: Readings, log: list[Reading], chance: random.Random
) -> None:
    """No entry, part, chain or timer is left."""
    engine = _run(log, chance, readings)
    assert not any(engine.entries.values())
    assert not engine.nodes
    assert not engine.chains
    assert engine.timers == []


def _figures_of(row: Posted) -> Figures:
    if isinstance(row, ClosedUsage):
        value, events = row.quantity, row.event_count
        return (row.period_start_us, 0, row.cut_us, value, value, events, events)
    return (
        row.period_start_us,
        row.revision,
        row.correction_end_us,
        row.quantity,
        row.quantity_delta,
        row.event_count,
        row.event_count_delta,
    )


def _naive(log: list[Reading], readings: Readings) -> list[Figures]:
    counted = [each for each in log if each.window_end_us <= _cut_us(each) + HORIZON_US]
    rows: list[Figures] = []
    for run in RUNS:
        mine = [each for each in counted if run[0] <= each.event_us < run[1]]
        for start_us in range(run[0], run[1], DAY_US):
            rows += _rows_of(mine, start_us, readings)
    return sorted(rows)


def _rows_of(log: list[Reading], start_us: int, readings: Readings) -> list[Figures]:
    rows: list[Figures] = []
    cut_us = start_us + DAY_US + GRACE_US
    known: tuple[Decimal, ...] = (Decimal(0),) * 3
    so_far = 0
    hours = {-(-each.window_end_us // HOUR_US) * HOUR_US for each in log}
    dues = [cut_us, *sorted(hour for hour in hours if hour > cut_us)]
    for due_us in dues:
        by_then = [each for each in log if _due_us(each, cut_us) <= due_us]
        own = sum(start_us <= each.event_us < start_us + DAY_US for each in by_then)
        curve = _integrate(by_then, start_us, readings)
        if own != so_far or curve != known:
            revision = 0 if due_us == cut_us else len(rows) + (not rows or rows[0][1] > 0)
            quantity = _rounded(Fraction(curve[0]) / (7 * HOUR_US))
            delta = quantity - (rows[-1][3] if rows else 0)
            rows.append((start_us, revision, due_us, quantity, delta, own, own - so_far))
        known, so_far = curve, own
    return rows


def _integrate(log: list[Reading], start_us: int, readings: Readings) -> tuple[Decimal, ...]:
    """Return the integral over a day, and the level at its start and its end."""
    level = opening = area = Decimal(0)
    at_us, end_us = start_us, start_us + DAY_US
    for each in sorted(log, key=lambda each: (each.event_us, each.place)):
        if each.event_us >= end_us:
            break
        if each.event_us >= start_us:
            area += level * (each.event_us - at_us)
            at_us = each.event_us
        level = level + each.units if readings is Readings.DELTA else each.units
        if each.event_us < start_us:
            opening = level
    return area + level * (end_us - at_us), opening, level


def _rounded(exact: Fraction) -> Decimal:
    billionths = int(abs(exact) * 10**9 + Fraction(1, 2))
    return Decimal(-billionths if exact < 0 else billionths).scaleb(-9)


def _due_us(each: Reading, cut_us: int) -> int:
    bucket_us = -(-each.window_end_us // HOUR_US) * HOUR_US
    return cut_us if each.window_end_us <= cut_us else bucket_us


def _cut_us(each: Reading) -> int:
    return each.event_us // DAY_US * DAY_US + DAY_US + GRACE_US

"""Retractions, whatever the arrival: what is taken back is as if it had never been there.

Logs are those of random_log, some of whose events are taken back in a later log window.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from schemas.aggregation import KEEPS_ALL, must_keep_all
from schemas.metered_usage import MeteredUsage
from tests.properties.random_log import (
    METERS,
    WINDOW_US,
    Event,
    Name,
    by_entry,
    horizon_us,
    logs,
    pre_aggregate,
    result,
)
from tests.properties.test_metering import PATIENT, Posted, deliver, name, outcome, posted
from tests.udfs.engine import Engine

RETRACTABLE = {
    meter_id: replace(
        meter,
        is_retractable=True,
        options=KEEPS_ALL if must_keep_all(meter.aggregation) else meter.options,
    )
    for meter_id, meter in METERS.items()
}
RULES = replace(PATIENT, meters=RETRACTABLE)
delays_us = st.lists(st.none() | st.sampled_from([0, 1, 360, 100_000]), min_size=16, max_size=16)
chances = st.randoms(use_true_random=False)


def run(log: list[Event], delays: list[int | None], chance: random.Random) -> Engine:
    """Deliver events and retractions in any order that time allows."""
    engine = Engine(RULES)
    rows = [_row(event) for event in log]
    rows += [_taken_back(event, delay) for event, delay in _retracted(log, delays)]
    deliver(engine, rows, chance, knows=0)
    return engine


@given(logs, delays_us, chances)
def test_what_is_taken_back_was_never_there(
    log: list[Event], delays: list[int | None], chance: random.Random
) -> None:
    """The last row of each entry says what the events left to it come to."""
    gone = [event for event, delay in _retracted(log, delays) if _is_in_time(event, delay)]
    left = [each for each in log if each not in gone and each.window_end_us <= horizon_us(each)]
    wanted = {key: (len(each), result(each)) for key, each in by_entry(left).items()}
    last: dict[Name, Posted] = {}
    for row in posted(run(log, delays, chance)):
        last[name(row)] = row
    found = {key: (row.event_count, row.quantity) for key, row in last.items()}
    assert {key: each for key, each in found.items() if each != (0, Decimal(0))} == wanted


@given(logs, delays_us, chances, chances)
def test_no_arrival_of_retractions_changes_a_row(
    log: list[Event], delays: list[int | None], one: random.Random, other: random.Random
) -> None:
    """Neither order nor timers change a row."""
    assert outcome(run(log, delays, one)) == outcome(run(log, delays, other))


@given(logs, delays_us, chances)
def test_deltas_add_up_with_retractions(
    log: list[Event], delays: list[int | None], chance: random.Random
) -> None:
    """Each row is the one before it and its deltas, below zero or not."""
    quantities: dict[Name, Decimal] = defaultdict(Decimal)
    counts: dict[Name, int] = defaultdict(int)
    for row in posted(run(log, delays, chance)):
        quantities[name(row)] += getattr(row, "quantity_delta", row.quantity)
        counts[name(row)] += getattr(row, "event_count_delta", row.event_count)
        assert (row.quantity, row.event_count) == (quantities[name(row)], counts[name(row)])


def _retracted(log: list[Event], delays: list[int | None]) -> list[tuple[Event, int]]:
    pairs = zip(log, delays, strict=False)
    return [(event, delay) for event, delay in pairs if delay is not None]


def _is_in_time(event: Event, delay: int) -> bool:
    return event.window_end_us + delay * WINDOW_US <= horizon_us(event)


def _row(event: Event) -> MeteredUsage:
    (row,) = pre_aggregate([event], None)
    if event.meter_id in ("m-max", "m-min"):
        row = replace(row, part=f"{event.units.normalize():f}")
    return row


def _taken_back(event: Event, delay: int) -> MeteredUsage:
    later_us = delay * WINDOW_US
    again = replace(
        event, log_us=event.log_us + later_us, window_end_us=event.window_end_us + later_us
    )
    row = _row(again)
    return replace(row, quantity=-row.quantity, event_count=-row.event_count)

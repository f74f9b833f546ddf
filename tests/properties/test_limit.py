"""The limit of dimensions, whatever the arrival: which ones are kept is for the log to say.

The naive outcome renames the dimensions of the events first, and then is that of random_log.
"""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from schemas.instant import DAY_US
from schemas.usage_row import DimensionOverflow
from tests.properties.random_log import (
    METERS,
    Event,
    by_entry,
    figures,
    horizon_us,
    logs,
    pre_aggregate,
)
from tests.properties.test_metering import deliver, figures_of, posted
from tests.udfs.engine import Engine
from udfs.metering import OVERFLOW, MeteringRules

LIMIT = 2
RULES = MeteringRules(
    {name: replace(meter, max_dimensions=LIMIT) for name, meter in METERS.items()},
    unknown_account_wait_us=400 * DAY_US,
)
REST = f'{{"origin":"{OVERFLOW}"}}'
origins = st.lists(st.sampled_from("ABCDE"), min_size=16, max_size=16)
chances = st.randoms(use_true_random=False)


@given(logs, origins, chances)
def test_the_first_dimensions_are_kept(
    log: list[Event], names: list[str], chance: random.Random
) -> None:
    """All rows are those of a log whose further dimensions have the overflow value."""
    log = _named(log, names)
    renamed, _ = _rename(log)
    assert sorted(map(figures_of, posted(_run(log, chance)))) == figures(renamed)


@given(logs, origins, chances)
def test_each_overflow_is_one_row(
    log: list[Event], names: list[str], chance: random.Random
) -> None:
    """Of each meter and period with more dimensions than its limit, and of no other."""
    log = _named(log, names)
    rows = [row for row in _run(log, chance).rows if isinstance(row, DimensionOverflow)]
    _, passed = _rename(log)
    assert sorted((row.period_start_us, row.meter_id) for row in rows) == sorted(passed)
    assert {(row.max_dimensions, row.overflow_dimensions) for row in rows} <= {(LIMIT, REST)}


@given(logs, origins, chances)
def test_state_is_bounded_and_forgotten(
    log: list[Event], names: list[str], chance: random.Random
) -> None:
    """Of each meter and period stand no more entries than the limit and the overflow's."""
    engine = Engine(RULES)
    deliver(engine, [], chance, knows=0.0)
    rows = pre_aggregate(_named(log, names), None)
    groups = 2 * len({row.meter_id for row in rows})
    for row in sorted(rows, key=lambda row: row.log_window_end_us):
        engine.deliver(row)
        engine.advance(row.log_window_end_us)
        assert len(engine.entries.get("A1", {})) <= groups * (LIMIT + 1)
    engine.advance()
    assert not any(engine.entries.values())
    assert not engine.groups
    assert not engine.nodes


def _named(log: list[Event], names: list[str]) -> list[Event]:
    return [
        replace(event, dimensions=f'{{"origin":"{name}"}}')
        for event, name in zip(log, names, strict=False)
    ]


def _run(log: list[Event], chance: random.Random) -> Engine:
    engine = Engine(RULES)
    deliver(engine, pre_aggregate(log, chance), chance, knows=chance.random())
    return engine


def _rename(log: list[Event]) -> tuple[list[Event], list[tuple[int, str]]]:
    """Return the log with the overflow value, and the meters and periods that have it."""
    first: dict[tuple[int, str], dict[str, int]] = {}
    counted = [event for event in log if event.window_end_us <= horizon_us(event)]
    for (start_us, meter_id, dimensions), members in by_entry(counted).items():
        received_us = min(event.log_us for event in members)
        first.setdefault((start_us, meter_id), {})[dimensions] = received_us
    renamed: list[Event] = []
    for (start_us, meter_id, dimensions), members in by_entry(log).items():
        when = first.get((start_us, meter_id), {})
        kept = sorted(when, key=lambda each: (when[each], each))[:LIMIT]
        is_kept = dimensions in kept or dimensions not in when
        renamed += [event if is_kept else replace(event, dimensions=REST) for event in members]
    return renamed, [group for group, when in first.items() if len(when) > LIMIT]

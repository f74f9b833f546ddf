"""Simulates a seed and holds every row against a recompute of what was sent.

The recompute is the oracle's: it shares no code with the rules (tests/law/test_independence.py).
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from audit.budgets import read_budgets
from audit.counting import Clocks
from audit.judging import EPOCH
from audit.shapes import (
    Closed,
    Correction,
    Expired,
    Overflow,
    Unassigned,
    read_accounts,
    read_meters,
)
from schemas.budget import BudgetAlert
from schemas.running_total import RunningTotal
from schemas.usage_row import (
    ClosedUsage,
    DimensionOverflow,
    ExpiredUsage,
    UnassignedUsage,
    UsageCorrection,
    UsageRow,
)
from tests.oracle.budgets import Alert, Total
from tests.oracle.recompute import Expected, final_watermark, recompute
from tests.simulation.path import SLACK_MS, State
from tests.simulation.simulated_job import SimulatedJob, records_of
from tests.simulation.world import PARTITIONS, make_world

_SHAPES: tuple[tuple[type, type], ...] = (
    (ClosedUsage, Closed),
    (UsageCorrection, Correction),
    (ExpiredUsage, Expired),
    (UnassignedUsage, Unassigned),
    (DimensionOverflow, Overflow),
    (BudgetAlert, Alert),
    (RunningTotal, Total),
)


def audit(
    seed: int, folder: Path, kind: type[SimulatedJob] = SimulatedJob, later_ms: int = 0
) -> list[str]:
    """Simulate one seed; return each difference as a line, none if all is right.

    Args:
        seed: Decides everything.
        folder: An empty folder for the settings.
        kind: The job; one with a bug in it must be found out.
        later_ms: So much later the accounts become known; within a day, else.
    """
    world = make_world(seed, folder)
    known_at_ms = {name: at_ms + later_ms for name, at_ms in world.known_at_ms.items()}
    world = replace(world, known_at_ms=known_at_ms)
    job = kind(world, random.Random(seed))  # noqa: S311
    try:
        job.run()
    except (RuntimeError, AssertionError) as error:
        return [f"stopped: {type(error).__name__}: {error}"]
    records = records_of(world)
    clocks = Clocks(final_watermark(records, PARTITIONS, SLACK_MS))
    accounts = read_accounts(world.accounts)
    budgets = read_budgets(world.accounts)
    meters = read_meters(world.meters)
    known_at = {name: EPOCH + timedelta(milliseconds=ms) for name, ms in known_at_ms.items()}
    expected = recompute(records, meters, accounts, clocks, known_at=known_at, budgets=budgets)
    return find_differences(job.state, expected) + _left_over(job)


def find_differences(state: State, expected: Expected) -> list[str]:
    """Return each row that a run has and the oracle lacks, or the reverse, as a line.

    Args:
        state: The state of the run at its end, with all rows.
        expected: The oracle's answer.
    """
    wanted: dict[type, Sequence[object]] = {
        Closed: expected.closed,
        Correction: expected.corrections,
        Expired: expected.expired,
        Unassigned: expected.unassigned,
        Overflow: expected.overflows,
        Alert: expected.alerts,
        Total: expected.totals,
    }
    watcher = state.watcher
    emitted_rows = [*state.engine.rows, *watcher.alerts, *watcher.last_totals().values()]
    lines: list[str] = []
    for emitted, shape in _SHAPES:
        rows = (row for row in emitted_rows if isinstance(row, emitted))
        found = Counter(_columns(shape, row) for row in rows)
        lines += _compare(shape.__name__, found, Counter(_values(shape, wanted[shape])))
    rejects: Counter[Any] = Counter(
        [(f.partition, f.offset, f.index, None, f.reason) for f in expected.fates if f.reason]
        + [(r.partition, r.offset, r.index, r.meter_id, r.reason) for r in expected.meter_rejects]
    )
    places: Counter[Any] = Counter(
        (r.kafka_partition, r.kafka_offset, r.batch_index, r.meter_id, r.reason)
        for r in state.rejects
    )
    return lines + _compare("Reject", places, rejects)


def _compare(name: str, found: Counter[Any], right: Counter[Any]) -> list[str]:
    lines = [f"unexpected {name} {row}" for row in (found - right).elements()]
    return lines + [f"missing {name} {row}" for row in (right - found).elements()]


def _left_over(job: SimulatedJob) -> list[str]:
    """Return what state is left although every period and every contract is over."""
    engine = job.state.engine
    kept: dict[str, Sequence[object]] = {
        "entries": [each for each in engine.entries.values() if each],
        "parts": list(engine.nodes),
        "chains": list(engine.chains),
        "groups": list(engine.groups),
        "waiting usage": [each for each in engine.waiting.values() if each],
        "timers": engine.timers,
        "log windows": list(job.state.windows),
        "totals": [*job.state.watcher.pending, *job.state.watcher.periods],
    }
    return [f"left over: {len(held)} {name}" for name, held in kept.items() if held]


def _names(shape: type) -> list[str]:
    # When a limit or a threshold is passed nobody knows that new terms will end the period earlier.
    unknown = {"period_end"} if shape in (Overflow, Alert) else set()
    return [column.name for column in fields(shape) if column.name not in unknown]


def _columns(shape: type, row: UsageRow | BudgetAlert | RunningTotal) -> tuple[Any, ...]:
    return tuple(_column(row, name) for name in _names(shape))


def _column(row: UsageRow | BudgetAlert | RunningTotal, name: str) -> Any:
    instant_us = getattr(row, f"{name}_us", None)
    if instant_us is not None:
        return EPOCH + timedelta(microseconds=instant_us)
    value = getattr(row, name, None)
    return str(value) if name in ("aggregation", "reason") else value


def _values(shape: type, rows: Iterable[object]) -> list[tuple[Any, ...]]:
    return [tuple(getattr(row, name) for name in _names(shape)) for row in rows]

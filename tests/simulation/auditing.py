"""Simulates a seed and holds every row against a recompute of what was sent.

The recompute is the oracle's: it shares no code with the rules (tests/law/test_independence.py).
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

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
from tests.oracle.budgets import Alert, Total, read_budgets
from tests.oracle.counting import Clocks
from tests.oracle.judging import EPOCH
from tests.oracle.recompute import final_watermark, recompute
from tests.oracle.shapes import (
    Closed,
    Correction,
    Expired,
    Overflow,
    Unassigned,
    read_accounts,
    read_meters,
)
from tests.simulation.path import SLACK_MS, SimulatedJob, records_of
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


def audit(seed: int, folder: Path, kind: type[SimulatedJob] = SimulatedJob) -> list[str]:
    """Simulate one seed; return each difference as a line, none if all is right.

    Args:
        seed: Decides everything.
        folder: An empty folder for the settings.
        kind: The job; one with a bug in it must be found out.
    """
    world = make_world(seed, folder)
    job = kind(world, random.Random(seed))  # noqa: S311
    try:
        rows: list[UsageRow | BudgetAlert | RunningTotal] = [*job.run()]
    except (RuntimeError, AssertionError) as error:
        return [f"stopped: {type(error).__name__}: {error}"]
    watcher = job.state.watcher
    rows += [*watcher.alerts, *watcher.last_totals().values()]
    records = records_of(world)
    clocks = Clocks(final_watermark(records, PARTITIONS, SLACK_MS))
    accounts = read_accounts(world.accounts)
    budgets = read_budgets(world.accounts)
    meters = read_meters(world.meters)
    expected = recompute(records, meters, accounts, clocks, budgets=budgets)
    wanted: dict[type, Sequence[object]] = {
        Closed: expected.closed,
        Correction: expected.corrections,
        Expired: expected.expired,
        Unassigned: expected.unassigned,
        Overflow: expected.overflows,
        Alert: expected.alerts,
        Total: expected.totals,
    }
    lines: list[str] = []
    for emitted, shape in _SHAPES:
        found = Counter(_columns(shape, row) for row in rows if isinstance(row, emitted))
        right = Counter(_values(shape, wanted[shape]))
        lines += [f"unexpected {shape.__name__} {row}" for row in (found - right).elements()]
        lines += [f"missing {shape.__name__} {row}" for row in (right - found).elements()]
    return lines + _left_over(job)


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


def _columns(shape: type, row: UsageRow | BudgetAlert | RunningTotal) -> tuple[Any, ...]:
    return tuple(_column(row, column.name) for column in fields(shape))


def _column(row: UsageRow | BudgetAlert | RunningTotal, name: str) -> Any:
    instant_us = getattr(row, f"{name}_us", None)
    if instant_us is not None:
        return EPOCH + timedelta(microseconds=instant_us)
    value = getattr(row, name, None)
    return str(value) if name in ("aggregation", "reason") else value


def _values(shape: type, rows: Iterable[object]) -> list[tuple[Any, ...]]:
    return [tuple(getattr(row, column.name) for column in fields(shape)) for row in rows]

"""Metering, whatever the arrival: one log has one outcome, and it is the naive one.

A log is a list of events, each with its log window. The properties hand it to an engine in any
order that time allows, cut into any pre-aggregated rows, with timers in between at any moment and
with any jitter, with the account known from the start or only later; the state is bytes between
all steps. The naive outcome is that of random_log, which knows nothing of the rules.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from schemas.account import Account
from schemas.instant import DAY_US, HOUR_US
from schemas.metered_usage import MeteredUsage
from schemas.usage_row import ClosedUsage, ExpiredUsage, UnassignedUsage, UsageCorrection
from tests.properties.random_log import (
    JANUARY,
    METERS,
    Event,
    Figures,
    Name,
    by_entry,
    figures,
    horizon_us,
    logs,
    merge,
    pre_aggregate,
    result,
)
from tests.udfs.engine import A1, Engine
from udfs.metering import MeteringRules

Posted = ClosedUsage | UsageCorrection

chances = st.randoms(use_true_random=False)
PATIENT = MeteringRules(METERS, unknown_account_wait_us=400 * DAY_US)


@given(logs, chances)
def test_no_arrival_changes_a_row(log: list[Event], chance: random.Random) -> None:
    """Order, splits, timers, jitter and a late account change no row."""
    plain, other = run(log, None), run(log, chance)
    assert outcome(other) == outcome(plain)
    assert expired(other) == expired(plain)


@given(logs, chances)
def test_rows_are_the_naive_ones(log: list[Event], chance: random.Random) -> None:
    """Closed rows, corrections and expired usage are what a plain recompute of the log gives."""
    engine = run(log, chance)
    assert sorted(map(figures_of, posted(engine))) == figures(log)
    late = [event for event in log if event.window_end_us > horizon_us(event)]
    assert sum(count for count, _ in expired(engine).values()) == len(late)


@given(logs, chances)
def test_deltas_add_up(log: list[Event], chance: random.Random) -> None:
    """A closed row and the deltas after it are the total of all usage within the horizon."""
    quantities: dict[Name, Decimal] = defaultdict(Decimal)
    counts: dict[Name, int] = defaultdict(int)
    for row in posted(run(log, chance)):
        if isinstance(row, ClosedUsage):
            quantities[name(row)] += row.quantity
            counts[name(row)] += row.event_count
        else:
            quantities[name(row)] += row.quantity_delta
            counts[name(row)] += row.event_count_delta
    entries = by_entry(event for event in log if event.window_end_us <= horizon_us(event))
    assert quantities == {key: result(members) for key, members in entries.items()}
    assert counts == {key: len(members) for key, members in entries.items()}


@given(logs, chances)
def test_revisions_are_a_chain(log: list[Event], chance: random.Random) -> None:
    """Revisions count up by one as they are emitted; each names the one before."""
    last: dict[Name, Posted] = {}
    rows = posted(run(log, chance))
    for row in rows:
        before = last.get(name(row))
        if isinstance(row, ClosedUsage):
            assert before is None
            assert row.revision == 0
        else:
            assert row.revision == (1 if before is None else before.revision + 1)
            assert row.corrected_row_id == (None if before is None else before.row_id)
        last[name(row)] = row
    assert len({row.row_id for row in rows}) == len(rows)


@given(logs, chances)
def test_nothing_is_kept(log: list[Event], chance: random.Random) -> None:
    """After the last horizon no entry, no waiting usage and no timer is left."""
    engine = run(log, chance)
    assert not any(engine.entries.values())
    assert not any(engine.waiting.values())
    assert engine.timers == []


@given(logs, chances)
def test_no_event_is_lost_without_an_account(log: list[Event], chance: random.Random) -> None:
    """Usage of an account that never comes is unassigned, every event of it once."""
    engine = Engine(replace(PATIENT, unknown_account_wait_us=HOUR_US))
    deliver(engine, pre_aggregate(log, chance), chance)
    rows = [row for row in engine.rows if isinstance(row, UnassignedUsage)]
    assert len(rows) == len(engine.rows)
    assert sum(row.event_count for row in rows) == len(log)


def run(log: list[Event], chance: random.Random | None) -> Engine:
    """Deliver a log and let all its timers fire.

    Args:
        log: The events.
        chance: Decides order, splits, watermarks, jitter, and when the account is known. Without
            it rows come whole, in order of log time, and no timer fires before the end.
    """
    engine = Engine(PATIENT)
    if chance:
        deliver(engine, pre_aggregate(log, chance), chance, knows=chance.random())
        return engine
    engine.know(A1)
    for row in sorted(pre_aggregate(log, None), key=lambda row: row.log_window_end_us):
        engine.deliver(row)
    engine.advance()
    return engine


def deliver(
    engine: Engine,
    rows: list[MeteredUsage],
    chance: random.Random,
    knows: float | None = None,
    account: Account = A1,
) -> None:
    """Deliver rows in any order that time allows; timers fire in between.

    Args:
        engine: Receives them.
        rows: The rows, in any order.
        chance: Decides.
        knows: The share of rows after which the account is known; None for never.
        account: The account.
    """
    chance.shuffle(rows)
    known_at = None if knows is None else int(knows * (len(rows) + 1))
    watermark_us = JANUARY
    for n, row in enumerate(rows):
        if n == known_at:
            engine.know(account)
        engine.rules = replace(engine.rules, jitter_us=chance.choice([0, 1, 5 * HOUR_US]))
        engine.deliver(row)
        # The promise: no timer at or after the window's end of a row that is still to come.
        limit_us = min((each.log_window_end_us for each in rows[n + 1 :]), default=watermark_us) - 1
        if limit_us > watermark_us and chance.random() < 0.6:
            watermark_us = chance.choice([limit_us, chance.randint(watermark_us, limit_us)])
            engine.advance(watermark_us)
    if known_at == len(rows):
        engine.know(account)
    engine.advance()


def posted(engine: Engine) -> list[Posted]:
    """Return the closed rows and corrections as they were emitted."""
    return [row for row in engine.rows if isinstance(row, ClosedUsage | UsageCorrection)]


def outcome(engine: Engine) -> list[str]:
    """Return the closed rows and corrections, digit for digit, in one order."""
    return sorted(map(repr, posted(engine)))


def expired(engine: Engine) -> dict[str, tuple[int, Decimal]]:
    """Return the expired usage by id, its parts put together."""
    parts: dict[str, list[ExpiredUsage]] = defaultdict(list)
    for row in engine.rows:
        if isinstance(row, ExpiredUsage):
            parts[row.row_id].append(row)
    return {
        row_id: (
            sum(row.event_count for row in rows),
            merge(rows[0].meter_id, [row.quantity for row in rows]),
        )
        for row_id, rows in parts.items()
    }


def name(row: Posted) -> Name:
    """Return which entry a row is of."""
    return (row.period_start_us, row.meter_id, row.dimensions)


def figures_of(row: Posted) -> Figures:
    """Return what a row says, as the naive recompute puts it."""
    return (
        name(row),
        row.revision,
        row.cut_us if isinstance(row, ClosedUsage) else row.correction_end_us,
        row.quantity,
        row.event_count,
        (row.first_event_time_us, row.last_event_time_us),
        (row.first_log_time_us, row.last_log_time_us),
    )

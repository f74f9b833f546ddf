"""Running totals and alerts, whatever the arrival: one log has one outcome, the naive one."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from schemas.account import Account
from schemas.aggregation import HAS_PARTS
from schemas.budget import Budget, BudgetAlert
from schemas.instant import HOUR_US
from schemas.metered_usage import MeteredUsage
from tests.properties.random_log import (
    FEBRUARY,
    JANUARY,
    METERS,
    Event,
    horizon_us,
    logs,
    pre_aggregate,
    result,
)
from tests.udfs.engine import A1, NEVER_US, Engine
from tests.udfs.watching import Watcher
from udfs.metering import MeteringRules

PATIENT = MeteringRules(METERS, unknown_account_wait_us=1 << 60)
chances = st.randoms(use_true_random=False)
thresholds = st.sets(st.integers(1, 300), min_size=1, max_size=5).map(sorted).map(tuple)
budgets = st.builds(
    lambda count, total: (count, total),
    st.builds(Budget, st.just("m-count"), st.integers(1, 6).map(Decimal), thresholds),
    st.builds(
        Budget,
        st.just("m-sum"),
        (st.integers(1, 6) | st.integers(1, 10**24)).map(lambda n: Decimal(n).scaleb(-9)),
        thresholds,
    ),
)
Reached = tuple[str, int, int, Decimal, int]


@given(logs, budgets, chances)
def test_alerts_are_the_naive_ones(
    log: list[Event], given_budgets: tuple[Budget, ...], chance: random.Random
) -> None:
    """Each threshold once, with the first whole log window that reaches it, in any arrival."""
    watcher = run(log, given_budgets, chance)
    assert sorted(map(reached_of, watcher.alerts)) == naive_alerts(log, given_budgets)
    assert len({alert.row_id for alert in watcher.alerts}) == len(watcher.alerts)


@given(logs, budgets, chances)
def test_no_arrival_changes_an_alert_or_a_total(
    log: list[Event], given_budgets: tuple[Budget, ...], chance: random.Random
) -> None:
    """Order, splits, timers and a late account change no digit."""
    plain, other = run(log, given_budgets, None), run(log, given_budgets, chance)
    assert sorted(map(repr, other.alerts)) == sorted(map(repr, plain.alerts))
    assert sorted(map(repr, other.last_totals().values())) == sorted(
        map(repr, plain.last_totals().values())
    )


@given(logs, chances)
def test_last_totals_are_the_naive_ones(log: list[Event], chance: random.Random) -> None:
    """Over all dimensions, of all that was accepted in time, as of its last log window."""
    found = {
        (each.meter_id, each.period_start_us): (each.quantity, each.event_count, each.as_of_us)
        for each in run(log, (), chance).last_totals().values()
    }
    assert found == {
        name: (result(members), len(members), max(event.window_end_us for event in members))
        for name, members in by_total(log).items()
    }


@given(logs, chances)
def test_every_total_is_that_of_its_log_time(log: list[Event], chance: random.Random) -> None:
    """Also those in between: each holds exactly what log windows up to its `as_of` hold."""
    events = by_total(log)
    for total in run(log, (), chance).totals:
        members = [
            event
            for event in events[total.meter_id, total.period_start_us]
            if event.window_end_us <= total.as_of_us
        ]
        assert (total.quantity, total.event_count) == (result(members), len(members))


@given(logs, chances)
def test_state_of_totals_is_forgotten(log: list[Event], chance: random.Random) -> None:
    """After the last horizon nothing is left."""
    watcher = run(log, (), chance)
    assert watcher.pending == []
    assert watcher.periods == {}


def run(log: list[Event], budgets: tuple[Budget, ...], chance: random.Random | None) -> Watcher:
    """Deliver a log to an engine and a watcher behind it.

    Args:
        log: The events.
        budgets: Of the account.
        chance: Decides order, splits, watermarks and when the account is known. Without it rows
            come whole, in order of log time, and no timer fires before the end.
    """
    engine, watcher = Engine(PATIENT), Watcher()
    rows = sorted(pre_aggregate(log, chance), key=lambda row: row.log_window_end_us)
    known_at = chance.randint(0, len(rows)) if chance else 0
    if chance:
        chance.shuffle(rows)
    watermark_us = JANUARY
    for n, row in enumerate(rows):
        if n == known_at:
            engine.know(replace(A1, budgets=budgets))
        engine.deliver(row)
        watcher.take_from(engine)
        if chance and chance.random() < 0.6:
            watermark_us = _next_watermark(rows[n + 1 :], watermark_us, chance)
            engine.advance(watermark_us)
            # The second engine is a moment behind the first, or has caught up.
            watcher.advance(watermark_us - chance.choice([0, 0, HOUR_US]))
    if known_at == len(rows):
        engine.know(replace(A1, budgets=budgets))
        watcher.take_from(engine)
    engine.advance()
    watcher.advance(NEVER_US)
    return watcher


def _next_watermark(ahead: list[MeteredUsage], watermark_us: int, chance: random.Random) -> int:
    """Return a log time up to which nothing is to come."""
    limit_us = min((row.log_window_end_us for row in ahead), default=watermark_us) - 1
    if limit_us <= watermark_us:
        return watermark_us
    return chance.choice([limit_us, chance.randint(watermark_us, limit_us)])


def by_total(log: list[Event]) -> dict[tuple[str, int], list[Event]]:
    """Group what counts by meter and period; only meters that have running totals."""
    groups: dict[tuple[str, int], list[Event]] = defaultdict(list)
    for event in log:
        has_total = METERS[event.meter_id].aggregation not in HAS_PARTS
        if has_total and event.window_end_us <= horizon_us(event):
            start_us = JANUARY if event.event_us < FEBRUARY else FEBRUARY
            groups[event.meter_id, start_us].append(event)
    return groups


def naive_alerts(log: list[Event], budgets: tuple[Budget, ...]) -> list[Reached]:
    """Form the total anew for each log window and take the first that is enough."""
    found: list[Reached] = []
    for budget in budgets:
        for (meter_id, start_us), members in by_total(log).items():
            if meter_id != budget.meter_id:
                continue
            for percent in budget.thresholds:
                for end_us in sorted({event.window_end_us for event in members}):
                    so_far = sum(
                        (event.units for event in members if event.window_end_us <= end_us),
                        Decimal(),
                    )
                    if so_far * 100 >= budget.quantity * percent:
                        found.append((meter_id, start_us, percent, so_far, end_us))
                        break
    return sorted(found)


def reached_of(alert: BudgetAlert) -> Reached:
    """Return what an alert says, as the naive recompute puts it."""
    return (
        alert.meter_id,
        alert.period_start_us,
        alert.threshold_percent,
        alert.quantity,
        alert.reached_us,
    )


def test_a_log_of_several_budgets_alerts() -> None:
    """The property is not empty: what it draws does reach thresholds."""
    account = Account("A1", A1.terms, (Budget("m-count", Decimal(1), (100,)),))
    event = Event("m-count", '{"origin":"JFK"}', JANUARY, Decimal(1), 0, 10_000_000, (0, 0))
    assert len(run([event], account.budgets, None).alerts) == 1

"""Adding usage to running totals, window by window, and judging thresholds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from schemas.aggregation import Aggregation
from schemas.budget import Budget, BudgetAlert
from schemas.running_total import (
    NO_WINDOW_US,
    CountedUsage,
    RunningPeriod,
    RunningTotal,
    TotalKey,
)
from udfs.aggregating import EXACT, merge, plain_text, rounded
from udfs.identifying import digest


@dataclass(frozen=True, slots=True)
class Folded:
    """What usage that is due comes to.

    Attributes:
        period: What to remember.
        total: The running total; None where nothing has been used yet.
        alerts: Of each threshold reached, ordered by log window, budget and percent.
    """

    period: RunningPeriod
    total: RunningTotal | None
    alerts: tuple[BudgetAlert, ...] = ()


def move(period: RunningPeriod | None, moved: CountedUsage) -> Folded:
    """Give a running total the new end of its period.

    Args:
        period: What is remembered; None if nothing is.
        moved: From `moved_periods`.
    """
    period = replace(
        period or _opened(moved),
        period_end_us=moved.period_end_us,
        horizon_us=max(moved.horizon_us, period.horizon_us if period else 0),
    )
    return Folded(period, _total(moved.key, period))


def fold(period: RunningPeriod | None, usage: Iterable[CountedUsage]) -> Folded:
    """Add usage that is due to a running total, and judge the thresholds of its budgets.

    Args:
        period: What is remembered; None if nothing is.
        usage: At least one row, all of one running total, in any order: all that is to come of
            their log windows.

    Raises:
        decimal.Inexact: A total has more than 100 digits.
    """
    windows: dict[int, list[CountedUsage]] = defaultdict(list)
    for each in usage:
        windows[each.log_window_end_us].append(each)
    first = next(iter(windows.values()))[0]
    key, before = first.key, period or _opened(first)
    quantity, event_count, horizon_us = before.quantity, before.event_count, before.horizon_us
    alerts: list[BudgetAlert] = []
    alerted = set(before.alerted)
    for end_us in sorted(windows):
        rows = windows[end_us]
        for row in rows:
            quantity = _merge(before.aggregation, quantity, row.quantity)
            event_count += row.event_count
            horizon_us = max(horizon_us, row.horizon_us)
        reached = _reached(quantity, rows, alerted)
        alerted.update(reached)
        if not any(row.is_silent for row in rows):
            alerts += [
                _alert(key, replace(before, quantity=quantity), *threshold, end_us)
                for threshold in reached
            ]
    after = replace(
        before,
        quantity=quantity,
        event_count=event_count,
        as_of_us=max(before.as_of_us, *windows),
        horizon_us=horizon_us,
        alerted=tuple(sorted(alerted)),
    )
    return Folded(after, _total(key, after), tuple(alerts))


def is_over(period: RunningPeriod, now_us: int) -> bool:
    """Return whether a running total can be forgotten: no usage of its period counts any more."""
    return period.horizon_us < now_us


def _opened(usage: CountedUsage) -> RunningPeriod:
    return RunningPeriod(
        usage.period_end_us,
        usage.timezone,
        usage.aggregation,
        usage.unit,
        None,
        0,
        NO_WINDOW_US,
        usage.horizon_us,
        (),
    )


def _merge(aggregation: Aggregation, a: Decimal | None, b: Decimal) -> Decimal:
    return b if a is None else merge(aggregation, a, b)


def _reached(
    quantity: Decimal | None, rows: Iterable[CountedUsage], alerted: set[tuple[Decimal, int]]
) -> list[tuple[Decimal, int]]:
    """Return budget and percent of all thresholds that a total reaches for the first time."""
    budgets: list[Budget] = []
    for row in rows:
        if row.budget is not None and row.budget not in budgets:
            budgets.append(row.budget)
    if quantity is None or not budgets:
        return []
    share = EXACT.multiply(quantity, Decimal(100))
    reached = {
        (each.quantity, percent)
        for each in budgets
        for percent in each.thresholds
        if share >= EXACT.multiply(each.quantity, percent)
    }
    return sorted(reached - alerted)


def _alert(
    key: TotalKey, period: RunningPeriod, budget_quantity: Decimal, percent: int, end_us: int
) -> BudgetAlert:
    assert period.quantity is not None
    names = (key.account_id, key.meter_id, str(key.period_start_us))
    return BudgetAlert(
        row_id=digest("budget", *names, plain_text(budget_quantity), str(percent)),
        account_id=key.account_id,
        meter_id=key.meter_id,
        period_start_us=key.period_start_us,
        period_end_us=period.period_end_us,
        timezone=period.timezone,
        budget_quantity=budget_quantity,
        threshold_percent=percent,
        quantity=Decimal(plain_text(period.quantity)),
        unit=period.unit,
        reached_us=end_us,
    )


def _total(key: TotalKey, period: RunningPeriod) -> RunningTotal | None:
    if period.quantity is None:
        return None
    quantity: Decimal | None = period.quantity
    if period.aggregation is Aggregation.AVERAGE:
        count = period.event_count
        quantity = rounded(Fraction(period.quantity) / count) if count else None
    return RunningTotal(
        key.account_id,
        key.meter_id,
        key.period_start_us,
        period.period_end_us,
        period.timezone,
        period.aggregation,
        None if quantity is None else Decimal(plain_text(quantity)),
        period.unit,
        period.event_count,
        period.as_of_us,
    )

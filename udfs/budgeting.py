"""Running totals and the thresholds of budgets, as the log alone has them.

An engine hands over each row of usage that an entry took (`counted_usage`), and each period whose
end new terms moved (`moved_periods`). Where entries were there before anyone took this, it begins
with what they hold (`held_usage`). It owes:

1. Usage is kept until log time has passed its log window. Usage of one log window comes in any
   order, that of later ones may come before.
2. Then `fold` gets what is due of one running total, all of it, and what is remembered of it.
   Windows count one after the other, each as a whole, so no order of arrival shows.
3. A moved period goes to `move` at once.
4. What is remembered is forgotten when log time has passed its `horizon_us`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from schemas.account import Account
from schemas.aggregation import HAS_PARTS, Aggregation
from schemas.budget import Budget, BudgetAlert
from schemas.meter import Meter
from schemas.meter_state import EntryKey, PeriodEntry
from schemas.metered_usage import MeteredUsage
from schemas.running_total import (
    NO_WINDOW_US,
    CountedUsage,
    RunningPeriod,
    RunningTotal,
    TotalKey,
)
from udfs.aggregating import EXACT, merge, plain_text, rounded
from udfs.identifying import digest

ADDS_UP = frozenset({Aggregation.COUNT, Aggregation.SUM})
"""Aggregations that a budget can be of."""


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


def find_bad_budget(budgets: Iterable[Budget], meters: Mapping[str, Meter]) -> str | None:
    """Return what is wrong with the first budget that cannot be watched; None if all can.

    Args:
        budgets: Of an account.
        meters: The configured meters by meter_id.

    Returns:
        One line: where, what was expected and found.
    """
    for n, budget in enumerate(budgets):
        where = f"budgets[{n}].meter"
        meter = meters.get(budget.meter_id)
        if meter is None:
            return f"{where}: expected a configured meter, found {budget.meter_id!r}"
        if meter.aggregation not in ADDS_UP:
            kinds = " or ".join(sorted(ADDS_UP))
            return (
                f"{where}: expected a meter of {kinds}, found {meter.aggregation} of "
                f"{budget.meter_id!r}"
            )
    return None


def counted_usage(
    account: Account, key: EntryKey, entry: PeriodEntry, usage: MeteredUsage
) -> tuple[CountedUsage, ...]:
    """Return a row of usage that an entry took; nothing where there are no running totals of it.

    Args:
        account: Whose usage it is.
        key: Of the entry.
        entry: The entry.
        usage: The row.
    """
    if entry.aggregation in HAS_PARTS:
        return ()
    amount = (usage.quantity, usage.event_count, usage.log_window_end_us)
    return (_counted(account, key, entry, amount),)


def held_usage(
    account: Account, key: EntryKey, entry: PeriodEntry, log_window_us: int, is_silent: bool
) -> tuple[CountedUsage, ...]:
    """Return all that an entry has taken as one row, for running totals that begin only now.

    It stands in the log window of its last event: the windows before are not remembered.

    Args:
        account: Whose usage it is.
        key: Of the entry.
        entry: The entry.
        log_window_us: Usage is gathered by windows of so much log time.
        is_silent: Whether there were running totals before: they have alerted already.
    """
    held = [added for _, added in entry.pending]
    if entry.total is not None:
        held.append(entry.total)
    if entry.aggregation in HAS_PARTS or not held:
        return ()
    quantity, event_count = held[0].quantity, held[0].event_count
    for each in held[1:]:
        quantity = merge(entry.aggregation, quantity, each.quantity)
        event_count += each.event_count
    last_log_us = max(each.last_log_us for each in held)
    end_us = (last_log_us // log_window_us + 1) * log_window_us
    usage = _counted(account, key, entry, (quantity, event_count, end_us))
    return (replace(usage, is_silent=is_silent),)


def moved_periods(
    account: Account, moved: Iterable[tuple[EntryKey, PeriodEntry]]
) -> tuple[CountedUsage, ...]:
    """Return each period that has a new end once, ordered; those that have running totals.

    Args:
        account: The account, under its new terms.
        moved: Entries by their new keys, in any order.
    """
    nothing = (Decimal(0), 0, NO_WINDOW_US)
    each = [
        _counted(account, key, entry, nothing)
        for key, entry in moved
        if entry.aggregation not in HAS_PARTS
    ]
    # Of several dimensions, the one whose entry is kept longest.
    latest = {one.key: one for one in sorted(each, key=lambda one: one.horizon_us)}
    return tuple(latest[key] for key in sorted(latest))


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


def _counted(
    account: Account, key: EntryKey, entry: PeriodEntry, amount: tuple[Decimal, int, int]
) -> CountedUsage:
    quantity, event_count, log_window_end_us = amount
    cut_us = key.period_end_us + entry.grace_us
    budgets = (budget for budget in account.budgets if budget.meter_id == key.meter_id)
    return CountedUsage(
        account.account_id,
        key.meter_id,
        key.period_start_us,
        key.period_end_us,
        entry.timezone,
        entry.aggregation,
        entry.unit,
        quantity,
        event_count,
        log_window_end_us,
        cut_us + entry.correction_horizon_us,
        next(budgets, None),
    )


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

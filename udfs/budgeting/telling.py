"""What an engine tells of usage for running totals, and which budgets can be watched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from schemas.account import Account
from schemas.aggregation import Aggregation
from schemas.budget import Budget
from schemas.meter import Meter
from schemas.meter_state import EntryKey, PeriodEntry
from schemas.metered_usage import MeteredUsage
from schemas.running_total import NO_WINDOW_US, CountedUsage
from udfs.aggregating import merge

ADDS_UP = frozenset({Aggregation.COUNT, Aggregation.SUM})
"""Aggregations that a budget can be of."""


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
    if entry.has_parts:
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
    if entry.has_parts or not held:
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
    each = [_counted(account, key, entry, nothing) for key, entry in moved if not entry.has_parts]
    # Of several dimensions, the one whose entry is kept longest.
    latest = {one.key: one for one in sorted(each, key=lambda one: one.horizon_us)}
    return tuple(latest[key] for key in sorted(latest))


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

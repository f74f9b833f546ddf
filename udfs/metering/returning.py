"""Where an event that is taken back goes: out of its period, or out of the unassigned usage.

Usage of an account that became known too late is in no period: it went to `unassigned_usage`. What
takes it back goes there, too, below zero, else a period would lose what it never had. Usage of a
log window goes as a whole, and the earlier ones before it: so of each account one log time tells
which of its events that were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from schemas.aggregation import Aggregation
from schemas.metered_usage import MeteredUsage, TakenBack
from schemas.usage_row import UnassignedReason, UnassignedUsage
from udfs.aggregating import EXACT
from udfs.metering.emitting import unassigned_row
from udfs.metering.rules import MeteringRules

_OF_ALL = {Aggregation.MAX: EXACT.min, Aggregation.MIN: EXACT.max}


def part_ways(
    rules: MeteringRules, usage: MeteredUsage, given_up_us: int | None
) -> tuple[tuple[UnassignedUsage, ...], MeteredUsage | None]:
    """Tell what a row of usage takes back of unassigned usage from what it takes back of a period.

    Args:
        rules: The settings.
        usage: A row of a known account.
        given_up_us: What `given_up` returned last for the account; None: nothing yet.

    Returns:
        Rows to emit, and the row of usage that is left, if any.
    """
    if given_up_us is None or not usage.taken_back:
        return (), usage
    gone = [each for each in usage.taken_back if each.received_us <= given_up_us]
    if not gone:
        return (), usage
    kept = [each for each in usage.taken_back if each.received_us > given_up_us]
    reason = UnassignedReason.UNKNOWN_ACCOUNT
    rows = (unassigned_row(rules, _some_of(rules, usage, gone), reason),)
    return rows, _some_of(rules, usage, kept) if kept else None


def given_up(rules: MeteringRules, rows: Iterable[UnassignedUsage]) -> dict[str, int]:
    """Return up to which log window an account's usage is unassigned, as far as it matters.

    Args:
        rules: The settings.
        rows: What `expire_waiting` returned.

    Returns:
        By account the end of a log window; only of those that may take some of it back. An engine
        keeps it for as long as a retraction finds its event.
    """
    until_us: dict[str, int] = {}
    for row in rows:
        meter = rules.meters.get(row.meter_id)
        if meter is not None and meter.is_retractable and not row.is_retraction:
            known_us = until_us.get(row.account_id, row.log_window_end_us)
            until_us[row.account_id] = max(known_us, row.log_window_end_us)
    return until_us


def _some_of(rules: MeteringRules, usage: MeteredUsage, some: Sequence[TakenBack]) -> MeteredUsage:
    """Return the row of some of the events that a row takes back."""
    meter = rules.meters.get(usage.meter_id)
    merge = EXACT.add if meter is None else _OF_ALL.get(meter.aggregation, EXACT.add)
    quantity = some[0].quantity
    for each in some[1:]:
        quantity = merge(quantity, each.quantity)
    return replace(
        usage,
        quantity=quantity,
        event_count=sum(each.event_count for each in some),
        first_event_us=min(each.first_event_us for each in some),
        last_event_us=max(each.last_event_us for each in some),
        first_log_us=min(each.first_log_us for each in some),
        last_log_us=max(each.last_log_us for each in some),
        taken_back=tuple(some),
    )

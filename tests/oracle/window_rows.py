"""The rows of usage by log window: running, expired and unassigned."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from audit.counting import Clocks, Unit, count_of, part_of, quantity
from audit.periods import Period
from audit.shapes import Expired, Unassigned, Window


def window_row(units: Sequence[Unit], clocks: Clocks) -> Window:
    """Return the row of metering_windows."""
    first = units[0]
    return Window(
        *first.subject,
        first.event_window_start,
        clocks.event_window // timedelta(seconds=1),
        part_of(first),
        first.meter.aggregation,
        quantity(units),
        first.meter.unit,
        count_of(units),
        min(unit.event_time for unit in units),
        max(unit.event_time for unit in units),
        min(unit.log_time for unit in units),
        max(unit.log_time for unit in units),
        first.window_end,
        first.is_retraction,
    )


def subject_and_times(units: Sequence[Unit]) -> dict[str, Any]:
    """Return whose usage it is, and its first and last times, by the names of columns."""
    events = [unit.event_time for unit in units]
    logs = [unit.log_time for unit in units]
    return {
        "account_id": units[0].account_id,
        "meter_id": units[0].meter.meter_id,
        "dimensions": units[0].dimensions,
        "unit": units[0].meter.unit,
        "first_event_time": min(events),
        "last_event_time": max(events),
        "first_log_time": min(logs),
        "last_log_time": max(logs),
    }


def expired_row(units: Sequence[Unit], period: Period) -> Expired:
    """Return the row of expired_usage."""
    return Expired(
        **subject_and_times(units),
        period_start=period.start,
        period_end=period.end,
        timezone=period.terms.timezone,
        event_window_start=units[0].event_window_start,
        part=part_of(units[0]),
        quantity=quantity(units),
        event_count=count_of(units),
        log_window_end=units[0].window_end,
        is_retraction=units[0].is_retraction,
    )


def unassigned_row(units: Sequence[Unit], reason: str) -> Unassigned:
    """Return the row of unassigned_usage."""
    return Unassigned(
        **subject_and_times(units),
        reason=reason,
        event_window_start=units[0].event_window_start,
        part=part_of(units[0]),
        quantity=quantity(units),
        event_count=count_of(units),
        log_window_end=units[0].window_end,
        is_retraction=units[0].is_retraction,
    )

"""A row of running usage, as `metering_windows` has it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from schemas.aggregation import Aggregation


@dataclass(frozen=True, slots=True)
class UsageWindow:
    """What one log window brought for one event window; field for column, as in `usage_row`.

    Attributes:
        account_id: Whose usage it is.
        meter_id: Which meter.
        dimensions: Canonical JSON text.
        event_window_start_us: Start of the event window.
        event_window_s: Its width in seconds.
        part: Value or place of what cannot be summed up; None or empty of what can.
        aggregation: How the quantity is formed.
        quantity: Exact.
        unit: Name of the unit.
        event_count: Number of events; below zero where they are taken back.
        first_event_time_us: Earliest event time.
        last_event_time_us: Latest event time.
        first_log_time_us: Earliest log time.
        last_log_time_us: Latest log time.
        log_window_end_us: End of the log window that gathered the events.
        is_retraction: Whether the events are taken back; None is no.
        is_rolled_up: Whether it took the place of narrower rows.
    """

    account_id: str
    meter_id: str
    dimensions: str
    event_window_start_us: int
    event_window_s: int
    part: str | None
    aggregation: Aggregation
    quantity: Decimal
    unit: str
    event_count: int
    first_event_time_us: int
    last_event_time_us: int
    first_log_time_us: int
    last_log_time_us: int
    log_window_end_us: int
    is_retraction: bool | None
    is_rolled_up: bool

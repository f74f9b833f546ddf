"""Metered usage: one pre-aggregated row of the SQL hot path, the input of the metering rules."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


class TakenBack(NamedTuple):
    """Those events of a row of usage taken back that had been received in one log window.

    Attributes:
        received_us: Exclusive end of the log window in which the events had been received.
        quantity: As that of the row, of these events.
        event_count: At most -1.
        first_event_us: Earliest event time.
        last_event_us: Latest event time.
        first_log_us: Earliest log time of the retractions.
        last_log_us: Latest log time of the retractions.
    """

    received_us: int
    quantity: Decimal
    event_count: int
    first_event_us: int
    last_event_us: int
    first_log_us: int
    last_log_us: int


@dataclass(frozen=True, slots=True)
class MeteredUsage:
    """The events of one account, meter, dimensions, part and event window in one log window.

    Events that are taken back in a log window are a row of their own, below zero.

    Attributes:
        account_id: Whose usage it is.
        meter_id: Which meter counted it.
        dimensions: Canonical JSON text, keys in the meter's order, `{"origin":"JFK"}`; `{}` when
            the meter has none; a missing property is null.
        event_window_start_us: Start of their window of event time; decides the period.
        quantity: Maximum or minimum of the events' units for meters that ask for it, else their
            sum; negated where events are taken back.
        event_count: Number of events, at least 1; of those taken back, at most -1.
        first_event_us: Earliest event time.
        last_event_us: Latest event time.
        first_log_us: Earliest log time: of receipt, or of the retraction's.
        last_log_us: Latest log time.
        log_window_end_us: Exclusive end of the log window; decides revision 0 or correction.
        part: What usage is told apart by that cannot be summed up: a value, a histogram's bucket,
            or an event's place as `partition:offset`; empty for all other.
        taken_back: Of events that are taken back, when they had been received; empty for all other,
            and of what a build before 2026-12 had read.
    """

    account_id: str
    meter_id: str
    dimensions: str
    event_window_start_us: int
    quantity: Decimal
    event_count: int
    first_event_us: int
    last_event_us: int
    first_log_us: int
    last_log_us: int
    log_window_end_us: int
    part: str = ""
    taken_back: tuple[TakenBack, ...] = ()

    @property
    def is_retraction(self) -> bool:
        """Whether the events are taken back."""
        return self.event_count < 0

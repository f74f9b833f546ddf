"""Running totals: what an account has used of a meter in a period so far, over all dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from schemas.aggregation import Aggregation
from schemas.budget import Budget

NO_WINDOW_US = 0
"""Stands for the end of a log window where there is no usage."""


@dataclass(frozen=True, slots=True)
class CountedUsage:
    """One row of usage that an entry took, or only the new end of an entry's period.

    Attributes:
        account_id: Whose usage it is.
        meter_id: Which meter counted it.
        period_start_us: First instant of the period; with account and meter it names the period.
        period_end_us: First instant after the period.
        timezone: IANA zone of the period's boundaries.
        aggregation: How quantities merge; one without parts.
        unit: Name of the unit.
        quantity: Of the row; 0 where there is none.
        event_count: Number of events; 0 where there is no usage.
        log_window_end_us: End of the log window; `NO_WINDOW_US` where there is no usage.
        horizon_us: Last log time that counts for the period.
        budget: The account's budget of the meter, if it has one.
        is_silent: Whether the thresholds that it reaches were alerted before, or not watched then.
    """

    account_id: str
    meter_id: str
    period_start_us: int
    period_end_us: int
    timezone: str
    aggregation: Aggregation
    unit: str
    quantity: Decimal
    event_count: int
    log_window_end_us: int
    horizon_us: int
    budget: Budget | None
    is_silent: bool = False

    @property
    def key(self) -> TotalKey:
        """Which running total it belongs to."""
        return TotalKey(self.account_id, self.meter_id, self.period_start_us)


@dataclass(frozen=True, slots=True, order=True)
class TotalKey:
    """Which running total; new terms may move a period's end, never its start.

    Attributes:
        account_id: Whose usage it is.
        meter_id: Which meter.
        period_start_us: First instant of the period.
    """

    account_id: str
    meter_id: str
    period_start_us: int


@dataclass(frozen=True, slots=True)
class RunningPeriod:
    """What is remembered of one meter in one billing period of one account.

    Attributes:
        period_end_us: First instant after the period.
        timezone: IANA zone of the period's boundaries.
        aggregation: How quantities merge.
        unit: Name of the unit.
        quantity: Count, sum, maximum or minimum so far, the sum for an average; None of nothing.
        event_count: Number of events.
        as_of_us: End of the last log window that is in it; `NO_WINDOW_US` before the first.
        horizon_us: Last log time that counts for the period.
        alerted: Budget quantity and percent of each threshold that was reached, ordered.
    """

    period_end_us: int
    timezone: str
    aggregation: Aggregation
    unit: str
    quantity: Decimal | None
    event_count: int
    as_of_us: int
    horizon_us: int
    alerted: tuple[tuple[Decimal, int], ...]


@dataclass(frozen=True, slots=True)
class RunningTotal:
    """What an account has used of a meter in a period, as of a log time.

    Attributes:
        account_id: Whose usage it is.
        meter_id: Which meter counted it.
        period_start_us: First instant of the period, event time.
        period_end_us: First instant after the period, event time.
        timezone: IANA zone of the period's boundaries.
        aggregation: How the quantity is formed.
        quantity: In `unit`; None of an average of no events.
        unit: Name of the unit.
        event_count: Number of events in the quantity.
        as_of_us: End of the last log window that is in it.
    """

    account_id: str
    meter_id: str
    period_start_us: int
    period_end_us: int
    timezone: str
    aggregation: Aggregation
    quantity: Decimal | None
    unit: str
    event_count: int
    as_of_us: int

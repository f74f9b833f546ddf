"""The four rows that metering emits.

Field for column, in the order of the tables of the same name; a column that holds an instant has
the field's name without `_us`. The programs add `job_version`. Ids are explained in udfs/metering.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from schemas.aggregation import Aggregation


class UnassignedReason(StrEnum):
    """Why usage belongs to no billing period."""

    UNKNOWN_ACCOUNT = "unknown_account"
    NO_TERMS = "no_terms"  # before the first terms
    CONTRACT_ENDED = "contract_ended"
    NO_PERIOD = "no_period"  # outside of the boundaries that the terms list
    UNKNOWN_METER = "unknown_meter"


@dataclass(frozen=True, slots=True)
class ClosedUsage:
    """What one account used of one meter in one period, as received up to the cut.

    Attributes:
        row_id: 32 hex digits, the same in every run over the same log.
        account_id: Whose usage it is.
        meter_id: Which meter counted it.
        dimensions: Canonical JSON text.
        period_start_us: First instant of the period, event time.
        period_end_us: First instant after the period, event time.
        timezone: IANA zone of the period's boundaries.
        aggregation: How the quantity was formed.
        quantity: In `unit`.
        breakdown: What the quantity was formed from, canonical JSON; None where it says all.
        unit: Name of the unit.
        event_count: Number of events in the quantity, those taken back left out.
        revision: Always 0.
        cut_us: Last log time that counts for this row.
        first_event_time_us: Earliest event time; None, as the other three, of no events.
        last_event_time_us: Latest event time.
        first_log_time_us: Earliest log time.
        last_log_time_us: Latest log time.
        terms_version: Version of the account's terms.
    """

    row_id: str
    account_id: str
    meter_id: str
    dimensions: str
    period_start_us: int
    period_end_us: int
    timezone: str
    aggregation: Aggregation
    quantity: Decimal
    breakdown: str | None
    unit: str
    event_count: int
    revision: int
    cut_us: int
    first_event_time_us: int | None
    last_event_time_us: int | None
    first_log_time_us: int | None
    last_log_time_us: int | None
    terms_version: int


@dataclass(frozen=True, slots=True)
class UsageCorrection:
    """What late usage changed in a closed period; the sum of deltas explains every quantity.

    Attributes:
        row_id: 32 hex digits, the same in every run over the same log.
        corrected_row_id: Id of the previous revision's row; None when nothing was closed.
        account_id: Whose usage it is.
        meter_id: Which meter counted it.
        dimensions: Canonical JSON text.
        period_start_us: First instant of the original period, event time.
        period_end_us: First instant after the original period, event time.
        timezone: IANA zone of the period's boundaries.
        aggregation: How the quantity was formed.
        quantity: New cumulative value, in `unit`.
        quantity_delta: `quantity` less that of the row corrected (less 0 when there is none).
        breakdown: What the quantity was formed from, canonical JSON; None where it says all.
        unit: Name of the unit.
        event_count: New cumulative number of events.
        event_count_delta: Number of events that this row adds, less those that it takes back.
        revision: 1 for the first correction, then one more each.
        cut_us: Last log time that counted for the closed row.
        correction_end_us: Last log time that counts for this row.
        first_event_time_us: Earliest event time of the events that this row adds or takes back;
            None, as the other three, of no events.
        last_event_time_us: Latest event time of the events that this row adds.
        first_log_time_us: Earliest log time of the events that this row adds.
        last_log_time_us: Latest log time of the events that this row adds.
        terms_version: Version of the account's terms.
    """

    row_id: str
    corrected_row_id: str | None
    account_id: str
    meter_id: str
    dimensions: str
    period_start_us: int
    period_end_us: int
    timezone: str
    aggregation: Aggregation
    quantity: Decimal
    quantity_delta: Decimal
    breakdown: str | None
    unit: str
    event_count: int
    event_count_delta: int
    revision: int
    cut_us: int
    correction_end_us: int
    first_event_time_us: int | None
    last_event_time_us: int | None
    first_log_time_us: int | None
    last_log_time_us: int | None
    terms_version: int


@dataclass(frozen=True, slots=True)
class ExpiredUsage:
    """Usage received after the correction horizon: a person decides.

    Attributes:
        row_id: 32 hex digits, the same in every run over the same log.
        account_id: Whose usage it is.
        meter_id: Which meter counted it.
        dimensions: Canonical JSON text.
        period_start_us: First instant of the period, event time.
        period_end_us: First instant after the period, event time.
        timezone: IANA zone of the period's boundaries.
        event_window_start_us: Start of the events' window.
        part: What tells usage apart that cannot be summed up; None of what can.
        quantity: In `unit`; negated where the events are taken back.
        unit: Name of the unit.
        event_count: Number of events; below zero where they are taken back.
        first_event_time_us: Earliest event time.
        last_event_time_us: Latest event time.
        first_log_time_us: Earliest log time.
        last_log_time_us: Latest log time.
        log_window_end_us: End of the log window in which it was received.
        is_retraction: Whether the events are taken back.
    """

    row_id: str
    account_id: str
    meter_id: str
    dimensions: str
    period_start_us: int
    period_end_us: int
    timezone: str
    event_window_start_us: int
    part: str | None
    quantity: Decimal
    unit: str
    event_count: int
    first_event_time_us: int
    last_event_time_us: int
    first_log_time_us: int
    last_log_time_us: int
    log_window_end_us: int
    is_retraction: bool


@dataclass(frozen=True, slots=True)
class UnassignedUsage:
    """Usage that belongs to no billing period: never lost, never guessed.

    Attributes:
        row_id: 32 hex digits, the same in every run over the same log.
        account_id: The account that the events name.
        meter_id: Which meter counted it.
        dimensions: Canonical JSON text.
        reason: Why it has no period.
        event_window_start_us: Start of the events' window.
        part: What tells usage apart that cannot be summed up; None of what can.
        quantity: In `unit`; negated where the events are taken back.
        unit: Name of the unit; empty when the meter is no longer configured.
        event_count: Number of events; below zero where they are taken back.
        first_event_time_us: Earliest event time.
        last_event_time_us: Latest event time.
        first_log_time_us: Earliest log time.
        last_log_time_us: Latest log time.
        log_window_end_us: End of the log window in which it was received.
        is_retraction: Whether the events are taken back.
    """

    row_id: str
    account_id: str
    meter_id: str
    dimensions: str
    reason: UnassignedReason
    event_window_start_us: int
    part: str | None
    quantity: Decimal
    unit: str
    event_count: int
    first_event_time_us: int
    last_event_time_us: int
    first_log_time_us: int
    last_log_time_us: int
    log_window_end_us: int
    is_retraction: bool


@dataclass(frozen=True, slots=True)
class DimensionOverflow:
    """An account has more dimensions of a meter in a period than its limit: alert on it.

    Attributes:
        row_id: 32 hex digits, the same in every run over the same log.
        account_id: The account.
        meter_id: Which meter.
        overflow_dimensions: Under which dimensions all further usage counts, canonical JSON text.
        period_start_us: First instant of the period, event time.
        period_end_us: First instant after the period, event time, by the terms of that moment: new
            ones may end the period earlier.
        timezone: IANA zone of the period's boundaries.
        max_dimensions: The limit.
        full_since_us: Log time from which on every new dimension counts under the overflow's.
    """

    row_id: str
    account_id: str
    meter_id: str
    overflow_dimensions: str
    period_start_us: int
    period_end_us: int
    timezone: str
    max_dimensions: int
    full_since_us: int


UsageRow = ClosedUsage | UsageCorrection | ExpiredUsage | UnassignedUsage | DimensionOverflow

"""A row of usage that a person brought back, who did so, and why a row cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from schemas.aggregation import Aggregation
from schemas.usage_row import ExpiredUsage, UnassignedUsage

SourceRow = ExpiredUsage | UnassignedUsage
"""Usage that counts nowhere until a person decides."""


class SourceTable(StrEnum):
    """The tables of source rows."""

    EXPIRED_USAGE = "expired_usage"
    UNASSIGNED_USAGE = "unassigned_usage"
    USAGE_ADJUSTMENTS = "usage_adjustments"


@dataclass(frozen=True, slots=True)
class PeriodKey:
    """What a quantity is kept for: one account, meter, dimensions and period."""

    account_id: str
    meter_id: str
    dimensions: str
    period_start_us: int
    period_end_us: int


@dataclass(frozen=True, slots=True)
class BringBackDecision:
    """Who brings usage back, why and when.

    Attributes:
        decided_by: The person, in the words of the caller.
        reason: Why, in the words of the person.
        decided_at_us: When, wall clock.
    """

    decided_by: str
    reason: str
    decided_at_us: int


@dataclass(frozen=True, slots=True)
class BroughtBackUsage:
    """Usage that counts by the decision of a person; field for column, as in `usage_row`.

    Attributes:
        row_id: 32 hex digits, made of `source_row_id` alone.
        source_table: Where the usage stood.
        source_row_id: Its row there; it is brought back once.
        account_id: Whose usage it is.
        meter_id: Which meter counted it.
        dimensions: Canonical JSON text.
        period_start_us: First instant of the period it counts in, event time.
        period_end_us: First instant after that period, event time.
        timezone: IANA zone of the period's boundaries.
        aggregation: How it joins the period's quantity.
        quantity: Of an average the sum of its events; below zero where events are taken back.
        unit: Name of the unit.
        event_count: Number of events; below zero where they are taken back.
        first_event_time_us: Earliest event time.
        last_event_time_us: Latest event time.
        first_log_time_us: Earliest log time.
        last_log_time_us: Latest log time.
        terms_version: Of the terms that gave the period; None where the row had its period.
        decided_by: Who brought it back.
        reason: Why.
        decided_at_us: When, wall clock.
    """

    row_id: str
    source_table: SourceTable
    source_row_id: str
    account_id: str
    meter_id: str
    dimensions: str
    period_start_us: int
    period_end_us: int
    timezone: str
    aggregation: Aggregation
    quantity: Decimal
    unit: str
    event_count: int
    first_event_time_us: int
    last_event_time_us: int
    first_log_time_us: int
    last_log_time_us: int
    terms_version: int | None
    decided_by: str
    reason: str
    decided_at_us: int


class BringBackRefusal(StrEnum):
    """Why a row is not brought back: a closed list."""

    NO_SUCH_ROW = "no_such_row"
    BROUGHT_BACK_BEFORE = "brought_back_before"
    UNKNOWN_METER = "unknown_meter"
    HAS_PARTS = "has_parts"
    OTHER_UNIT = "other_unit"
    OTHER_AGGREGATION = "other_aggregation"
    NO_EXTREME = "no_extreme"
    NO_TERMS = "no_terms"
    NO_PERIOD = "no_period"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not brought back.

    Attributes:
        row_id: As it was asked for.
        reason: Why not.
        detail: What was expected and found, in one line.
    """

    row_id: str
    reason: BringBackRefusal
    detail: str

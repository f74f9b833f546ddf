"""Usage as pricing reads it from the tables: totals of a period, and their detail."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from schemas.aggregation import Aggregation


@dataclass(frozen=True, slots=True)
class UsageTotal:
    """What an account used of one meter and dimensions in a period, corrections included.

    Attributes:
        account_id: Who.
        period_start_us: First instant of the period.
        period_end_us: First instant after it.
        timezone: IANA zone of its boundaries.
        meter_id: Which meter.
        dimensions: Canonical JSON text.
        unit: Name of the unit.
        quantity: Exact.
        event_count: Number of events.
        aggregation: How the quantity was formed.
        row_ids: Rows of closed usage, corrections and usage brought back, ordered.
    """

    account_id: str
    period_start_us: int
    period_end_us: int
    timezone: str
    meter_id: str
    dimensions: str
    unit: str
    quantity: Decimal
    event_count: int
    aggregation: Aggregation
    row_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsageDetail:
    """A part of a total: what was used in one event window, of one value where values are kept.

    Attributes:
        meter_id: Which meter.
        dimensions: Canonical JSON text; those beyond the meter's limit are not folded here.
        at_us: Start of the event window, or of what was brought back the first event.
        part: Value or bucket of what is kept by value; else empty.
        quantity: Exact.
        event_count: Number of events; below zero where events were taken back.
    """

    meter_id: str
    dimensions: str
    at_us: int
    part: str
    quantity: Decimal
    event_count: int


@dataclass(frozen=True, slots=True)
class UsedMeter:
    """A meter that an account used in a billing period.

    Attributes:
        account_id: Who.
        start_us: First instant of the period.
        end_us: First instant after it.
        meter_id: Which meter.
    """

    account_id: str
    start_us: int
    end_us: int
    meter_id: str

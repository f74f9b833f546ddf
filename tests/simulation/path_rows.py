"""Rows that the simulated path writes by itself: what the engine knows nothing of."""

from decimal import Decimal
from typing import NamedTuple


class Reject(NamedTuple):
    """A row of rejected_events."""

    log_time_us: int
    kafka_partition: int
    kafka_offset: int
    reason: str
    meter_id: str | None
    event_source: str | None
    event_id: str | None
    account_id: str | None
    batch_index: int | None


class RefusedAccount(NamedTuple):
    """A row of rejected_accounts."""

    log_time_us: int
    account_id: str
    reason: str
    detail: str


class Asked(NamedTuple):
    """A row of retractions."""

    event_source: str | None
    event_id: str | None
    account_id: str | None
    retracted_source: str | None
    retracted_id: str | None
    kafka_partition: int
    kafka_offset: int
    log_time_us: int
    batch_index: int | None


class TakenBackEvent(NamedTuple):
    """A row of retracted_usage."""

    account_id: str
    meter_id: str
    dimensions: str
    event_source: str | None
    event_id: str | None
    kafka_partition: int
    kafka_offset: int
    batch_index: int | None
    event_time_us: int
    quantity: Decimal
    log_time_us: int

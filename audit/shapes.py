"""What the oracle reads and what it returns. It shares no code with the product, on purpose."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class RawRecord:
    """One Kafka record, from the topic or raw_events; or an event of a batch, with its bytes."""

    partition: int
    offset: int
    log_time_ms: int
    value: bytes | None
    index: int | None = None


def log_time_of(record: RawRecord) -> datetime:
    """Return when a record was received."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=record.log_time_ms)


@dataclass(frozen=True)
class OracleMeter:
    """One entry of the meters file."""

    meter_id: str
    event_type: str
    aggregation: str
    property: str | None
    unit: str
    dimensions: tuple[str, ...]
    grace_s: int
    horizon_s: int
    bounds: tuple[str, ...] = ()
    percentile: str = ""
    readings: str = ""
    per: str = ""
    max_dimensions: int = 10_000
    retractable: bool = False


@dataclass(frozen=True)
class OracleTerms:
    """One entry of an account's terms."""

    version: int
    effective_from: datetime
    timezone: str
    cadence: str | None = None
    anchor: datetime | None = None
    boundaries: tuple[datetime, ...] = ()
    at_once: bool = False
    until: datetime | None = None


@dataclass(frozen=True)
class Fate:
    """What became of one record, or event of a batch: then it has an index.

    It is counted, duplicate, heartbeat, retraction, rejected with its payload, or a batch.
    """

    partition: int
    offset: int
    fate: str
    reason: str | None = None
    index: int | None = None
    payload: bytes | None = None


@dataclass(frozen=True)
class MeterReject:
    """An event that one meter could not count."""

    partition: int
    offset: int
    meter_id: str
    reason: str
    index: int | None = None


@dataclass(frozen=True, order=True)
class Closed:
    """One row of closed_usage, by the names of its columns; instants are aware datetimes."""

    account_id: str
    meter_id: str
    dimensions: str
    period_start: datetime
    period_end: datetime
    timezone: str
    aggregation: str
    quantity: Decimal
    breakdown: str | None
    unit: str
    event_count: int
    revision: int
    cut: datetime
    first_event_time: datetime | None
    last_event_time: datetime | None
    first_log_time: datetime | None
    last_log_time: datetime | None
    terms_version: int


@dataclass(frozen=True, order=True)
class Correction:
    """One row of usage_corrections, by the names of its columns."""

    account_id: str
    meter_id: str
    dimensions: str
    period_start: datetime
    period_end: datetime
    timezone: str
    aggregation: str
    quantity: Decimal
    quantity_delta: Decimal
    breakdown: str | None
    unit: str
    event_count: int
    event_count_delta: int
    revision: int
    cut: datetime
    correction_end: datetime
    first_event_time: datetime | None
    last_event_time: datetime | None
    first_log_time: datetime | None
    last_log_time: datetime | None
    terms_version: int


@dataclass(frozen=True, order=True)
class Expired:
    """One row of expired_usage, by the names of its columns."""

    account_id: str
    meter_id: str
    dimensions: str
    period_start: datetime
    period_end: datetime
    timezone: str
    event_window_start: datetime
    part: str | None
    quantity: Decimal
    unit: str
    event_count: int
    first_event_time: datetime
    last_event_time: datetime
    first_log_time: datetime
    last_log_time: datetime
    log_window_end: datetime
    is_retraction: bool


@dataclass(frozen=True, order=True)
class Unassigned:
    """One row of unassigned_usage, by the names of its columns."""

    account_id: str
    meter_id: str
    dimensions: str
    reason: str
    event_window_start: datetime
    part: str | None
    quantity: Decimal
    unit: str
    event_count: int
    first_event_time: datetime
    last_event_time: datetime
    first_log_time: datetime
    last_log_time: datetime
    log_window_end: datetime
    is_retraction: bool


@dataclass(frozen=True, order=True)
class Window:
    """One row of metering_windows, by the names of its columns."""

    account_id: str
    meter_id: str
    dimensions: str
    event_window_start: datetime
    event_window_s: int
    part: str | None
    aggregation: str
    quantity: Decimal
    unit: str
    event_count: int
    first_event_time: datetime
    last_event_time: datetime
    first_log_time: datetime
    last_log_time: datetime
    log_window_end: datetime
    is_retraction: bool


@dataclass(frozen=True)
class Retraction:
    """One row of retractions, by the names of its columns."""

    event_source: str
    event_id: str
    account_id: str
    retracted_source: str
    retracted_id: str
    kafka_partition: int
    kafka_offset: int
    log_time: datetime
    batch_index: int | None


@dataclass(frozen=True)
class RetractedUsage:
    """One row of retracted_usage, by the names of its columns."""

    account_id: str
    meter_id: str
    dimensions: str
    event_source: str
    event_id: str
    kafka_partition: int
    kafka_offset: int
    batch_index: int | None
    event_time: datetime
    quantity: Decimal
    log_time: datetime


@dataclass(frozen=True, order=True)
class Overflow:
    """One row of dimension_overflows, by the names of its columns."""

    account_id: str
    meter_id: str
    overflow_dimensions: str
    period_start: datetime
    period_end: datetime
    timezone: str
    max_dimensions: int
    full_since: datetime


def read_meters(path: Path) -> list[OracleMeter]:
    """Read the meters file, which is known to be right."""
    return [
        OracleMeter(
            meter_id=entry["meter"],
            event_type=entry["event_type"],
            aggregation=entry["aggregation"],
            property=None if entry["aggregation"] == "count" else entry.get("property", "units"),
            unit=entry["unit"],
            dimensions=tuple(entry.get("dimensions", [])),
            grace_s=entry.get("grace_hours", 1) * 3600,
            horizon_s=entry.get("correction_horizon_days", 90) * 86_400,
            bounds=tuple(map(str, entry.get("bounds", ()))),
            percentile=str(entry.get("percentile", "")),
            readings=entry.get("readings", ""),
            per=entry.get("per", ""),
            max_dimensions=entry.get("max_dimensions", 10_000),
            retractable=entry.get("retractable", False),
        )
        for entry in yaml.safe_load(path.read_text())["meters"]
    ]


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def read_accounts(path: Path) -> dict[str, list[OracleTerms]]:
    """Read the accounts file, which is known to be right."""
    accounts = yaml.safe_load(path.read_text())["accounts"]
    return {entry["account_id"]: read_terms(entry["terms"]) for entry in accounts}


def read_terms(members: list[dict[str, Any]]) -> list[OracleTerms]:
    """Read the terms of an account, which are known to be right."""
    return [
        OracleTerms(
            version=terms["version"],
            effective_from=datetime.fromisoformat(terms["effective_from"]),
            timezone=terms["timezone"],
            cadence=terms.get("cadence"),
            anchor=_moment(terms.get("anchor")),
            boundaries=tuple(map(datetime.fromisoformat, terms.get("boundaries", ()))),
            at_once=terms.get("takes_effect") == "at_once",
            until=_moment(terms.get("effective_until")),
        )
        for terms in members
    ]

"""Corrections of usage that a person decides on: what was lost, and what was counted wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from schemas.aggregation import Aggregation
from schemas.brought_back_usage import PeriodKey


class AdjustmentKind(StrEnum):
    """Why usage is adjusted: a closed list."""

    LOST_USAGE = "lost_usage"
    """Events that should have been counted and were not."""
    REPEAT_BEYOND_HORIZON = "repeat_beyond_horizon"
    """Repeats of events that were counted again, as the job had forgotten the first by then."""
    WRONGLY_COUNTED = "wrongly_counted"
    """Events that a person says should never have been sent."""


class AdjustmentRefusal(StrEnum):
    """Why a total stays as it is, though it is not what it should be: a closed list."""

    HAS_PARTS = "has_parts"
    """The aggregation does not add up without its single events."""
    NO_EXTREME = "no_extreme"
    """Without an event the greatest or least is not known from the total."""
    CANNOT_TELL_WHICH = "cannot_tell_which"
    """Some events of a window were counted and some were not."""
    UNEXPLAINED = "unexplained"
    """No set of events accounts for the difference."""


@dataclass(frozen=True, slots=True, order=True)
class EventName:
    """An event and the place of its record: what no two adjustments of a meter may share.

    Attributes:
        source: CloudEvents source.
        id: CloudEvents id.
        kafka_partition: Of its record.
        kafka_offset: Of its record.
        batch_index: In the record's batch; -1: it is none.
    """

    source: str
    id: str
    kafka_partition: int
    kafka_offset: int
    batch_index: int = -1


@dataclass(frozen=True, slots=True)
class MeteredEvent:
    """One event as one meter counts it.

    Attributes:
        name: Which.
        dimensions: Its own, before any limit of dimensions.
        window_start_us: Start of its event window.
        log_window_end_us: End of the log window that gathered it.
        event_time_us: When it happened.
        log_time_us: When it was received.
        quantity: Its units, not negated.
        is_retraction: Whether it is taken back here.
        terms_version: Of the terms that gave its period.
    """

    name: EventName
    dimensions: str
    window_start_us: int
    log_window_end_us: int
    event_time_us: int
    log_time_us: int
    quantity: Decimal
    is_retraction: bool
    terms_version: int


@dataclass(frozen=True, slots=True)
class KnownTotal:
    """What a period comes to.

    Attributes:
        event_count: Number of events.
        quantity: Of them; of an average the sum.
    """

    event_count: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class WindowTotal:
    """What the job has gathered in one window of usage.

    Attributes:
        dimensions: Of the usage.
        start_us: Start of the event window.
        width_us: Its length; longer than an event window where it was rolled up.
        log_window_end_us: End of the log window; of what was rolled up, of the last one.
        is_retraction: Whether the events are taken back.
        event_count: How many; of those taken back below zero.
        is_rolled_up: Whether it is wider than an event window.
    """

    dimensions: str
    start_us: int
    width_us: int
    log_window_end_us: int
    is_retraction: bool
    event_count: int
    is_rolled_up: bool = False


@dataclass(frozen=True, slots=True)
class DifferingTotal:
    """A period whose total is not what the events come to, and all that may tell why.

    Attributes:
        key: Which.
        timezone: IANA zone of its boundaries.
        aggregation: Of the meter.
        unit: Of the quantity.
        has_parts: Whether it does not add up without its single events.
        expected: What the events come to.
        told: What the tables say, adjustments of before included.
        is_metered: Whether the job has written any row of it.
        events: That count in it.
        repeats: Records that repeat some of them, as they would count.
        wrong: Events of it that a person says are wrong, each once; still among `events`.
        adjusted: By kind, direction and name, what was adjusted before.
        windows: What the job has gathered of the meter in the period.
    """

    key: PeriodKey
    timezone: str
    aggregation: Aggregation
    unit: str
    has_parts: bool
    expected: KnownTotal
    told: KnownTotal
    is_metered: bool
    events: tuple[MeteredEvent, ...]
    repeats: tuple[MeteredEvent, ...] = ()
    wrong: tuple[MeteredEvent, ...] = ()
    adjusted: frozenset[tuple[AdjustmentKind, bool, EventName]] = frozenset()
    windows: tuple[WindowTotal, ...] = ()


@dataclass(frozen=True, slots=True)
class UsageAdjustment:
    """A correction of one event window of a period; field for column.

    Attributes:
        row_id: 32 hex digits, made of what it adjusts and the names of its events.
        kind: Why.
        account_id: Whose usage it is.
        meter_id: Which meter counts it.
        dimensions: Canonical JSON text.
        period_start_us: First instant of the period it counts in, event time.
        period_end_us: First instant after that period, event time.
        timezone: IANA zone of the period's boundaries.
        aggregation: How it joins the period's quantity.
        quantity: Of an average the sum of its events; below zero where they are taken out.
        unit: Name of the unit.
        event_count: Number of events; below zero where they are taken out.
        first_event_time_us: Earliest event time.
        last_event_time_us: Latest event time.
        first_log_time_us: Earliest log time.
        last_log_time_us: Latest log time.
        terms_version: Of the terms that gave the period.
        is_taken_out: Whether events are taken out.
        events: Their names, canonical JSON: lists of source, id, partition, offset, index in batch.
        proposal_id: Hash of the proposal that was approved; empty until then.
        decided_by: Who approved it; empty until then.
        reason: Why; empty until then.
        decided_at_us: When, wall clock; 0 until then.
    """

    row_id: str
    kind: AdjustmentKind
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
    terms_version: int
    is_taken_out: bool
    events: str
    proposal_id: str = ""
    decided_by: str = ""
    reason: str = ""
    decided_at_us: int = 0


@dataclass(frozen=True, slots=True)
class RefusedTotal:
    """A total that is not adjusted, though it is not what it should be.

    Attributes:
        key: Which.
        reason: Why not.
        detail: What was expected and found, in one line.
    """

    key: PeriodKey
    reason: AdjustmentRefusal
    detail: str

"""The rows that metering emits, and their ids.

An id is a hash of the row's natural key, so every run over the same log gives the same ids and a
reader can take each once, however often a storage layer repeats a commit.
"""

from __future__ import annotations

from hashlib import blake2b

from schemas.aggregation import Aggregation
from schemas.billing_period import BillingPeriod
from schemas.meter_state import Accumulator, EntryKey, PeriodEntry
from schemas.metered_usage import MeteredUsage
from schemas.usage_row import (
    ClosedUsage,
    DimensionOverflow,
    ExpiredUsage,
    UnassignedReason,
    UnassignedUsage,
    UsageCorrection,
)
from udfs.aggregating import Result, difference, result_of
from udfs.metering.rules import MeteringRules


def row_id(account_id: str, key: EntryKey, revision: int) -> str:
    """Return the id of a closed row (revision 0) or of a correction."""
    return digest(
        account_id,
        key.meter_id,
        key.dimensions,
        str(key.period_start_us),
        str(key.period_end_us),
        str(revision),
    )


def is_emitted(entry: PeriodEntry) -> bool:
    """Return whether an entry has a closed row or a correction."""
    if entry.revision > 0 or not entry.closed or entry.total is None:
        return entry.revision > 0
    # A level has rows without events, and no total where it has none.
    is_level = entry.aggregation is Aggregation.TIME_WEIGHTED_SUM
    return is_level or entry.total.event_count != 0


def closed_row(
    account_id: str, key: EntryKey, entry: PeriodEntry, total: Accumulator, result: Result
) -> ClosedUsage:
    """Return revision 0 of an entry.

    Args:
        account_id: Whose usage it is.
        key: Which entry.
        entry: The entry as it stands at its cut.
        total: Its total, which is not None.
        result: What that comes to.
    """
    return ClosedUsage(
        row_id=row_id(account_id, key, 0),
        account_id=account_id,
        meter_id=key.meter_id,
        dimensions=key.dimensions,
        period_start_us=key.period_start_us,
        period_end_us=key.period_end_us,
        timezone=entry.timezone,
        aggregation=entry.aggregation,
        quantity=result.quantity,
        breakdown=result.breakdown,
        unit=entry.unit,
        event_count=total.event_count,
        revision=0,
        cut_us=key.period_end_us + entry.grace_us,
        **_times(total),
        terms_version=entry.terms_version,
    )


def correction_row(
    account_id: str, key: EntryKey, entry: PeriodEntry, after: Accumulator, result: Result
) -> UsageCorrection:
    """Return the correction of an entry by its first pending bucket.

    Args:
        account_id: Whose usage it is.
        key: Which entry.
        entry: The entry as it stands before the correction.
        after: Its total with the usage of the bucket.
        result: What that comes to.
    """
    correction_end_us, added = entry.pending[0]
    before = entry.total if is_emitted(entry) else None
    revision, delta = entry.revision + 1, result.quantity
    if before is not None:
        delta = difference(delta, result_of(entry.aggregation, before).quantity)
    return UsageCorrection(
        row_id=row_id(account_id, key, revision),
        corrected_row_id=None if before is None else row_id(account_id, key, revision - 1),
        account_id=account_id,
        meter_id=key.meter_id,
        dimensions=key.dimensions,
        period_start_us=key.period_start_us,
        period_end_us=key.period_end_us,
        timezone=entry.timezone,
        aggregation=entry.aggregation,
        quantity=result.quantity,
        quantity_delta=delta,
        breakdown=result.breakdown,
        unit=entry.unit,
        event_count=after.event_count,
        event_count_delta=added.event_count,
        revision=revision,
        cut_us=key.period_end_us + entry.grace_us,
        correction_end_us=correction_end_us,
        **_times(added),
        terms_version=entry.terms_version,
    )


def overflow_row(
    account_id: str, key: EntryKey, entry: PeriodEntry, limit: int, full_since_us: int
) -> DimensionOverflow:
    """Return the row that says that a meter's limit of dimensions was passed.

    Args:
        account_id: Whose usage it is.
        key: Of the overflow's entry.
        entry: Any entry of the meter in the period.
        limit: The limit.
        full_since_us: End of the log window of the last dimension that is kept.
    """
    return DimensionOverflow(
        row_id=digest("overflow", account_id, key.meter_id, str(key.period_start_us)),
        account_id=account_id,
        meter_id=key.meter_id,
        overflow_dimensions=key.dimensions,
        period_start_us=key.period_start_us,
        period_end_us=key.period_end_us,
        timezone=entry.timezone,
        max_dimensions=limit,
        full_since_us=full_since_us,
    )


def expired_row(usage: MeteredUsage, period: BillingPeriod, unit: str) -> ExpiredUsage:
    """Return the row of usage that came after the correction horizon of its period."""
    return ExpiredUsage(
        row_id=_usage_id("expired", usage),
        account_id=usage.account_id,
        meter_id=usage.meter_id,
        dimensions=usage.dimensions,
        period_start_us=period.start_us,
        period_end_us=period.end_us,
        timezone=period.timezone,
        event_window_start_us=usage.event_window_start_us,
        part=usage.part or None,
        quantity=usage.quantity,
        unit=unit,
        event_count=usage.event_count,
        first_event_time_us=usage.first_event_us,
        last_event_time_us=usage.last_event_us,
        first_log_time_us=usage.first_log_us,
        last_log_time_us=usage.last_log_us,
        log_window_end_us=usage.log_window_end_us,
        is_retraction=usage.is_retraction,
    )


def unassigned_row(
    rules: MeteringRules, usage: MeteredUsage, reason: UnassignedReason
) -> UnassignedUsage:
    """Return the row of usage that has no billing period."""
    meter = rules.meters.get(usage.meter_id)
    return UnassignedUsage(
        row_id=_usage_id("unassigned", usage),
        account_id=usage.account_id,
        meter_id=usage.meter_id,
        dimensions=usage.dimensions,
        reason=reason,
        event_window_start_us=usage.event_window_start_us,
        part=usage.part or None,
        quantity=usage.quantity,
        unit="" if meter is None else meter.unit,
        event_count=usage.event_count,
        first_event_time_us=usage.first_event_us,
        last_event_time_us=usage.last_event_us,
        first_log_time_us=usage.first_log_us,
        last_log_time_us=usage.last_log_us,
        log_window_end_us=usage.log_window_end_us,
        is_retraction=usage.is_retraction,
    )


def _times(events: Accumulator) -> dict[str, int | None]:
    """Return when the first and last of a row's events were; None of nothing."""
    is_any = not events.is_empty
    return {
        "first_event_time_us": events.first_event_us if is_any else None,
        "last_event_time_us": events.last_event_us if is_any else None,
        "first_log_time_us": events.first_log_us if is_any else None,
        "last_log_time_us": events.last_log_us if is_any else None,
    }


def _usage_id(fate: str, usage: MeteredUsage) -> str:
    # The grouping key of the hot path, which therefore has one row of each.
    key = (
        fate,
        usage.account_id,
        usage.meter_id,
        usage.dimensions,
        str(usage.event_window_start_us),
        str(usage.log_window_end_us),
    )
    if usage.is_retraction:
        return digest(*key, usage.part, "retraction")
    return digest(*key, usage.part) if usage.part else digest(*key)


def digest(*parts: str) -> str:
    """Hash a tuple of texts; each carries its length, so no two tuples share an encoding."""
    encoded = [part.encode() for part in parts]
    message = b"".join(len(part).to_bytes(4, "little") + part for part in encoded)
    return blake2b(message, digest_size=16).hexdigest()

"""Whether a person may bring a row of usage back, and what it then counts as.

A row that expired has its period. One that was unassigned gets the period that its account's terms
give by now. Either is added to what its period came to, so only what can be added without knowing
each event can be brought back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from schemas.account import AccountError, decode_account
from schemas.account_record import AccountRecord
from schemas.aggregation import Aggregation, has_parts
from schemas.billing_period import BillingPeriod
from schemas.brought_back_usage import (
    BringBackDecision,
    BringBackRefusal,
    BroughtBackUsage,
    PeriodKey,
    RefusedRow,
    SourceRow,
    SourceTable,
)
from schemas.instant import to_text
from schemas.meter import Meter
from schemas.terms import Terms
from schemas.usage_row import ExpiredUsage, UnassignedReason
from udfs.aligning import misalignment
from udfs.identifying import digest
from udfs.scheduling import period_containing

_EXTREMES = (Aggregation.MAX, Aggregation.MIN)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when rows are asked for.

    Attributes:
        sources: The rows that may be brought back, by row_id.
        brought_back: What was brought back before, by source_row_id.
        meters: The configured ones, by meter_id.
        terms: By account_id: its terms, or a line that says why there are none.
        counted_as: Aggregation and unit of what is metered already.
    """

    sources: Mapping[str, SourceRow]
    brought_back: Mapping[str, BroughtBackUsage]
    meters: Mapping[str, Meter]
    terms: Mapping[str, tuple[Terms, ...] | str]
    counted_as: Mapping[PeriodKey, tuple[str, str]]


def bring_back(
    row_ids: Iterable[str], known: Known, decision: BringBackDecision
) -> tuple[BroughtBackUsage, ...] | RefusedRow:
    """Return what the rows count as, in the order asked for, or the first that is refused.

    Args:
        row_ids: Which rows; one that is named twice is brought back once.
        known: What stands in the tables, the meters and the accounts topic.
        decision: Who, why and when.
    """
    rows = []
    for row_id in dict.fromkeys(row_ids):
        row = _bring_back_row(row_id, known, decision)
        if isinstance(row, RefusedRow):
            return row
        rows.append(row)
    return tuple(rows)


def accepted_terms(
    records: Iterable[AccountRecord], refused: Collection[tuple[int, int]], window_us: int
) -> tuple[Terms, ...] | str:
    """Return the terms of an account: those of its last record that the job has not refused.

    Args:
        records: The account's records, as far as the compacted topic still has them, in order.
        refused: Partition and offset of those that the job has refused.
        window_us: Length of an event window, on which the job wants all boundaries.

    Returns:
        The terms, or what was expected and found, in one line.
    """
    found = list(records)
    places = [(each.kafka_partition, each.kafka_offset) for each in found]
    accepted = [each for each, at in zip(found, places, strict=True) if at not in refused]
    if not accepted:
        which = "only records that the job refused" if found else "none"
        return f"expected terms on the accounts topic, found {which}"
    last = accepted[-1]
    where = f"at partition {last.kafka_partition}, offset {last.kafka_offset}"
    if last.terms is None:
        return f"expected terms on the accounts topic, found a tombstone {where}"
    try:
        account = decode_account(last.terms)
    except AccountError as error:
        return f"expected terms on the accounts topic, found {where}: {error}"
    if account.account_id != last.account_id:
        return f"expected terms under the account's key, found {account.account_id} {where}"
    # The job will refuse these, too, once it has read so far.
    problem = misalignment(account.terms, window_us)
    if problem is not None:
        return f"expected terms on the accounts topic, found {where}: {problem}"
    return account.terms


def _bring_back_row(
    row_id: str, known: Known, decision: BringBackDecision
) -> BroughtBackUsage | RefusedRow:
    source = known.sources.get(row_id)
    if source is None:
        tables = f"{SourceTable.EXPIRED_USAGE} or {SourceTable.UNASSIGNED_USAGE}"
        return _refuse(row_id, BringBackRefusal.NO_SUCH_ROW, f"a row of {tables}", "none")
    before = known.brought_back.get(row_id)
    if before is not None:
        found = f"that {before.decided_by} did so at {to_text(before.decided_at_us)}"
        expected = "one that was not brought back before"
        return _refuse(row_id, BringBackRefusal.BROUGHT_BACK_BEFORE, expected, found)
    meter = known.meters.get(source.meter_id)
    if meter is None:
        expected, found = f"the meter {source.meter_id} in the meters file", "none"
        return _refuse(row_id, BringBackRefusal.UNKNOWN_METER, expected, found)
    refused = _refuse_quantity(source, meter)
    if refused is not None:
        return refused
    period = _period_of(source, known.terms)
    if isinstance(period, RefusedRow):
        return period
    start_us, end_us, timezone, terms_version = period
    key = PeriodKey(source.account_id, source.meter_id, source.dimensions, start_us, end_us)
    as_configured = (meter.aggregation.value, meter.unit)
    counted_as = known.counted_as.get(key, as_configured)
    if counted_as != as_configured:
        expected = f"the meter to be {' of '.join(counted_as)}, as its period is counted"
        found = f"{' of '.join(as_configured)} in the meters file"
        return _refuse(row_id, BringBackRefusal.OTHER_AGGREGATION, expected, found)
    return BroughtBackUsage(
        row_id=digest("brought_back", row_id),
        source_table=_table_of(source),
        source_row_id=row_id,
        account_id=source.account_id,
        meter_id=source.meter_id,
        dimensions=source.dimensions,
        period_start_us=start_us,
        period_end_us=end_us,
        timezone=timezone,
        aggregation=meter.aggregation,
        quantity=source.quantity,
        unit=meter.unit,
        event_count=source.event_count,
        first_event_time_us=source.first_event_time_us,
        last_event_time_us=source.last_event_time_us,
        first_log_time_us=source.first_log_time_us,
        last_log_time_us=source.last_log_time_us,
        terms_version=terms_version,
        decided_by=decision.decided_by,
        reason=decision.reason,
        decided_at_us=decision.decided_at_us,
    )


def _refuse_quantity(source: SourceRow, meter: Meter) -> RefusedRow | None:
    """Return why a row's quantity cannot be added to that of a period; None if it can."""
    row_id, aggregation = source.row_id, meter.aggregation
    again = "send the events again under new identities"
    if isinstance(source, ExpiredUsage):
        again += ", with a time in an open period"
    if source.part is not None or has_parts(aggregation, meter.options):
        expected = f"usage that adds up without its parts, for {aggregation} of {meter.meter_id}"
        return _refuse(row_id, BringBackRefusal.HAS_PARTS, expected, f"a part of it; {again}")
    # Usage of a meter that was not configured was read by no meter: it has no unit, and is a sum.
    was_read = source.unit != ""
    if was_read and source.unit != meter.unit:
        expected = f"the unit {meter.unit}, as the meters file has it"
        return _refuse(row_id, BringBackRefusal.OTHER_UNIT, expected, source.unit)
    if aggregation in _EXTREMES and source.is_retraction:
        expected, found = f"usage for {aggregation}", "usage that was taken back"
        return _refuse(row_id, BringBackRefusal.NO_EXTREME, expected, f"{found}; {again}")
    if aggregation in _EXTREMES and not was_read:
        expected, found = f"the {aggregation} of its events", "their sum: the meter was not there"
        return _refuse(row_id, BringBackRefusal.NO_EXTREME, expected, f"{found}; {again}")
    return None


def _period_of(
    source: SourceRow, terms: Mapping[str, tuple[Terms, ...] | str]
) -> tuple[int, int, str, int | None] | RefusedRow:
    """Return start, end, zone and version of terms of the period that a row counts in."""
    if isinstance(source, ExpiredUsage):
        return source.period_start_us, source.period_end_us, source.timezone, None
    found = terms[source.account_id]
    if isinstance(found, str):
        detail = f"account {source.account_id}: {found}"
        return RefusedRow(source.row_id, BringBackRefusal.NO_TERMS, detail)
    period = period_containing(found, source.event_window_start_us)
    if isinstance(period, UnassignedReason):
        at = to_text(source.event_window_start_us)
        expected = f"a period of account {source.account_id} at {at}"
        return _refuse(source.row_id, BringBackRefusal.NO_PERIOD, expected, f"none ({period})")
    assert isinstance(period, BillingPeriod)
    return period.start_us, period.end_us, period.timezone, period.terms_version


def _table_of(source: SourceRow) -> SourceTable:
    is_expired = isinstance(source, ExpiredUsage)
    return SourceTable.EXPIRED_USAGE if is_expired else SourceTable.UNASSIGNED_USAGE


def _refuse(row_id: str, reason: BringBackRefusal, expected: str, found: str) -> RefusedRow:
    return RefusedRow(row_id, reason, f"expected {expected}, found {found}")

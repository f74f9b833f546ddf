"""Computes from the records alone what the job must have written: simple, slow, independent.

Nothing here is imported from the product. Where a rule can be written in two ways, this is the
other one: lists and sorting instead of state and timers.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.budgets import Alert, OracleBudget, Total, watch
from tests.oracle.counting import Clocks, Unit, outcome, part_of, quantity, units_in
from tests.oracle.judging import (
    EPOCH,
    Event,
    Heartbeat,
    Limits,
    Rejected,
    judge,
)
from tests.oracle.levels import level_rows
from tests.oracle.limits import fold_overflow
from tests.oracle.periods import Period, period_of
from tests.oracle.shapes import (
    Closed,
    Correction,
    Expired,
    Fate,
    MeterReject,
    OracleMeter,
    OracleTerms,
    Overflow,
    RawRecord,
    Unassigned,
    Window,
)

__all__ = ["Clocks", "Expected", "final_watermark", "judge_all", "recompute"]


@dataclass
class Expected:
    """All that must have been written, each list in its rows' own order."""

    fates: list[Fate] = field(default_factory=list)
    meter_rejects: list[MeterReject] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    expired: list[Expired] = field(default_factory=list)
    unassigned: list[Unassigned] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    overflows: list[Overflow] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)


_Groups = Mapping[Any, Sequence[tuple[Unit, Period | None]]]


def final_watermark(records: Iterable[RawRecord], partitions: int, slack_ms: int) -> datetime:
    """Return the log time that the job reaches when it has read all records."""
    last = dict.fromkeys(range(partitions), 0)
    for record in records:
        last[record.partition] = max(last[record.partition], record.log_time_ms)
    return EPOCH + timedelta(milliseconds=min(last.values()) - slack_ms)


def recompute(
    records: Sequence[RawRecord],
    meters: Sequence[OracleMeter],
    accounts: Mapping[str, list[OracleTerms]],
    clocks: Clocks,
    limits: Limits | None = None,
    budgets: Mapping[str, Sequence[OracleBudget]] | None = None,
) -> Expected:
    """Return the fate of each record and every row that they lead to."""
    expected = Expected()
    in_period: Any = defaultdict(list)
    in_window: Any = defaultdict(list)
    windows: dict[Any, list[Unit]] = defaultdict(list)
    for record, event in judge_all(records, meters, limits or Limits(), expected):
        units = units_in(record, event, meters, clocks, expected.meter_rejects)
        if not units or units[0].window_end > clocks.watermark:
            continue
        terms_list = accounts.get(event.subject)
        period = None if terms_list is None else period_of(terms_list, units[0].event_window_start)
        why_not = "no_terms" if period is None else period.why_not
        period = None if why_not else period
        for unit in units:
            window = (*unit.subject, unit.event_window_start, part_of(unit), unit.window_end)
            windows[window].append(unit)
            if period is not None and unit.window_end <= _horizon(unit, period):
                in_period[*unit.subject, period.start].append((unit, period))
            elif period is not None:
                in_window[*window, "expired"].append((unit, period))
            elif terms_list is not None:
                in_window[*window, why_not].append((unit, None))
            elif unit.window_end + clocks.unknown_account_wait <= clocks.watermark:
                in_window[*window, "unknown_account"].append((unit, None))
    accepted = (member for members in in_period.values() for member in members)
    expected.alerts, expected.totals = watch(accepted, budgets or {})
    expected.windows = [_window(units, clocks) for units in windows.values()]
    for (account_id, *_), members in _take_levels(in_period).items():
        closed, corrections = level_rows(members, accounts[account_id], clocks)
        expected.closed += closed
        expected.corrections += corrections
    folded, expected.overflows = fold_overflow(in_period)
    _write_rows(folded, in_window, clocks, expected)
    return expected


def _take_levels(in_period: dict[Any, Any]) -> dict[tuple[str, str, str], list[Unit]]:
    """Take out what meters over time count: periods by themselves do not give their rows."""
    levels: dict[tuple[str, str, str], list[Unit]] = defaultdict(list)
    for key, members in list(in_period.items()):
        if members[0][0].meter.aggregation == "time_weighted_sum":
            levels[members[0][0].subject] += [unit for unit, _ in in_period.pop(key)]
    return levels


def _write_rows(in_period: _Groups, in_window: _Groups, clocks: Clocks, expected: Expected) -> None:
    for members in in_period.values():
        period = members[0][1]
        assert period is not None
        _close([unit for unit, _ in members], period, clocks, expected)
    for (*_, why), members in in_window.items():
        units, period = [unit for unit, _ in members], members[0][1]
        if period is not None:
            expected.expired.append(_expired(units, period))
        else:
            expected.unassigned.append(_unassigned(units, why))
    expected.closed.sort()
    expected.corrections.sort()
    expected.expired.sort()
    expected.unassigned.sort()


def judge_all(
    records: Sequence[RawRecord],
    meters: Sequence[OracleMeter],
    limits: Limits,
    expected: Expected,
) -> list[tuple[RawRecord, Event]]:
    """Note the fate of each record; return the first record of each identity with its event."""
    types = {meter.event_type for meter in meters}
    first: dict[tuple[str, str], RawRecord] = {}
    counted = []
    for record in sorted(records, key=lambda each: (each.partition, each.offset)):
        place = (record.partition, record.offset)
        try:
            event = judge(record, types, limits)
        except Rejected as verdict:
            expected.fates.append(Fate(*place, "rejected", str(verdict)))
            continue
        except Heartbeat:
            expected.fates.append(Fate(*place, "heartbeat"))
            continue
        earlier = first.setdefault((event.source, event.id), record)
        # Which of two partitions' records comes first is not for the log to say.
        assert earlier.partition == record.partition, f"{event.id} is in two partitions"
        if earlier is record:
            counted.append((record, event))
        expected.fates.append(Fate(*place, "counted" if earlier is record else "duplicate"))
    return counted


def _window(units: Sequence[Unit], clocks: Clocks) -> Window:
    first = units[0]
    return Window(
        *first.subject,
        first.event_window_start,
        clocks.event_window // timedelta(seconds=1),
        part_of(first),
        first.meter.aggregation,
        quantity(units),
        first.meter.unit,
        len(units),
        min(unit.event_time for unit in units),
        max(unit.event_time for unit in units),
        min(unit.log_time for unit in units),
        max(unit.log_time for unit in units),
        first.window_end,
    )


def _cut(unit: Unit, period: Period) -> datetime:
    return period.end + timedelta(seconds=unit.meter.grace_s)


def _horizon(unit: Unit, period: Period) -> datetime:
    return _cut(unit, period) + timedelta(seconds=unit.meter.horizon_s)


def _close(units: Sequence[Unit], period: Period, clocks: Clocks, expected: Expected) -> None:
    """Add the closed row and the corrections of one period, as far as log time got."""
    cut = _cut(units[0], period)
    if cut > clocks.watermark:
        return
    base = [unit for unit in units if unit.window_end <= cut]
    if base:
        amount, breakdown = outcome(base)
        row = Closed(
            **_common(base, period),
            quantity=amount,
            breakdown=breakdown,
            event_count=len(base),
            revision=0,
            cut=cut,
        )
        expected.closed.append(row)
    buckets = defaultdict(list)
    for unit in units:
        if unit.window_end > cut:
            size = clocks.correction_bucket
            buckets[EPOCH - (EPOCH - unit.window_end) // size * size].append(unit)
    so_far = list(base)
    before = outcome(base)[0] if base else Decimal(0)
    for revision, bucket_end in enumerate(sorted(buckets), start=1):
        if bucket_end > clocks.watermark:
            return
        added = buckets[bucket_end]
        so_far += added
        amount, breakdown = outcome(so_far)
        correction = Correction(
            **_common(added, period),
            quantity=amount,
            quantity_delta=amount - before,
            breakdown=breakdown,
            event_count=len(so_far),
            event_count_delta=len(added),
            revision=revision,
            cut=cut,
            correction_end=bucket_end,
        )
        expected.corrections.append(correction)
        before = amount


def _common(units: Sequence[Unit], period: Period) -> dict[str, Any]:
    return {
        **_subject_and_times(units),
        "period_start": period.start,
        "period_end": period.end,
        "timezone": period.terms.timezone,
        "terms_version": period.terms.version,
        "aggregation": units[0].meter.aggregation,
    }


def _subject_and_times(units: Sequence[Unit]) -> dict[str, Any]:
    events = [unit.event_time for unit in units]
    logs = [unit.log_time for unit in units]
    return {
        "account_id": units[0].account_id,
        "meter_id": units[0].meter.meter_id,
        "dimensions": units[0].dimensions,
        "unit": units[0].meter.unit,
        "first_event_time": min(events),
        "last_event_time": max(events),
        "first_log_time": min(logs),
        "last_log_time": max(logs),
    }


def _expired(units: Sequence[Unit], period: Period) -> Expired:
    return Expired(
        **_subject_and_times(units),
        period_start=period.start,
        period_end=period.end,
        timezone=period.terms.timezone,
        event_window_start=units[0].event_window_start,
        part=part_of(units[0]),
        quantity=quantity(units),
        event_count=len(units),
        log_window_end=units[0].window_end,
    )


def _unassigned(units: Sequence[Unit], reason: str) -> Unassigned:
    return Unassigned(
        **_subject_and_times(units),
        reason=reason,
        event_window_start=units[0].event_window_start,
        part=part_of(units[0]),
        quantity=quantity(units),
        event_count=len(units),
        log_window_end=units[0].window_end,
    )

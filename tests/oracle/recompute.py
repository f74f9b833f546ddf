"""Computes from the records alone what the job must have written: simple, slow, independent.

Nothing here is imported from the product. Where a rule can be written in two ways, this is the
other one: lists and sorting instead of state and timers.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from audit.budgets import OracleBudget
from audit.counting import Clocks, Unit, live, outcome
from audit.judging import (
    EPOCH,
    RETRACTION,
    Event,
    Heartbeat,
    Limits,
    Rejected,
    judge,
    order_of,
    take_apart,
    types_of,
)
from audit.levels import level_rows
from audit.periods import Period, period_of
from audit.shapes import (
    Closed,
    Correction,
    Expired,
    Fate,
    MeterReject,
    OracleMeter,
    OracleTerms,
    Overflow,
    RawRecord,
    RetractedUsage,
    Retraction,
    Unassigned,
    Window,
)
from tests.oracle.budgets import Alert, Total, watch
from tests.oracle.limits import fold_overflow
from tests.oracle.retractions import all_units, requests, retracted_rows
from tests.oracle.window_rows import expired_row, subject_and_times, unassigned_row, window_row

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
    retractions: list[Retraction] = field(default_factory=list)
    retracted: list[RetractedUsage] = field(default_factory=list)
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
    known_at: Mapping[str, datetime] | None = None,
    budgets: Mapping[str, Sequence[OracleBudget]] | None = None,
) -> Expected:
    """Return the fate of each record and every row that they lead to.

    Args:
        records: All of them, in any order.
        meters: The configured ones.
        accounts: Each with the terms that were accepted.
        clocks: The settings about log time, and how far it got.
        limits: What is refused.
        known_at: Log time at which an account became known; those that are missing always were.
        budgets: Of each account.
    """
    expected = Expected()
    in_period: Any = defaultdict(list)
    in_window: Any = defaultdict(list)
    windows: dict[Any, list[Unit]] = defaultdict(list)
    counted = judge_all(records, meters, limits or Limits(), expected)
    expected.retractions = requests(counted)
    expected.retracted = retracted_rows(counted, meters, clocks)
    for unit in all_units(counted, meters, clocks, expected.meter_rejects):
        if unit.window_end > clocks.watermark:
            continue
        terms_list = accounts.get(unit.account_id)
        known = (known_at or {}).get(unit.account_id, EPOCH)
        waited_until = unit.window_end + clocks.unknown_account_wait
        # What is taken back of an account that is known waits for nothing, wherever it goes.
        is_waiting = clocks.watermark < waited_until and (
            terms_list is None or waited_until <= known
        )
        # And it goes where its event went.
        if (unit.first_window_end or unit.window_end) + clocks.unknown_account_wait <= known:
            terms_list = None
        period = None if terms_list is None else period_of(terms_list, unit.event_window_start)
        why_not = "no_terms" if period is None else period.why_not
        period = None if why_not else period
        windows[unit.window].append(unit)
        if period is not None and unit.window_end <= _horizon(unit, period):
            in_period[*unit.subject, period.start].append((unit, period))
        elif period is not None:
            in_window[*unit.window, "expired"].append((unit, period))
        elif terms_list is not None:
            in_window[*unit.window, why_not].append((unit, None))
        elif not is_waiting:
            in_window[*unit.window, "unknown_account"].append((unit, None))
    accepted = (member for members in in_period.values() for member in members)
    expected.alerts, expected.totals = watch(accepted, budgets or {})
    expected.windows = [window_row(units, clocks) for units in windows.values()]
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
            expected.expired.append(expired_row(units, period))
        else:
            expected.unassigned.append(unassigned_row(units, why))
    lists: tuple[list[Any], ...] = (
        expected.closed,
        expected.corrections,
        expected.expired,
        expected.unassigned,
    )
    for rows in lists:
        rows.sort(key=_order)


def _order(row: Any) -> list[tuple[bool, Any]]:
    """Return the order of a row: by its columns, nothing before all else."""
    values = [getattr(row, column.name) for column in fields(row)]
    return [(value is not None, value) for value in values]


def judge_all(
    records: Sequence[RawRecord],
    meters: Sequence[OracleMeter],
    limits: Limits,
    expected: Expected,
) -> list[tuple[RawRecord, Event]]:
    """Note each fate; return the first record, or event of a batch, of each identity."""
    types = types_of(meters)
    first: dict[tuple[str, str], RawRecord] = {}
    counted = []
    alone: list[RawRecord] = []
    for record in records:
        events = take_apart(record, limits)
        if events is not None:
            expected.fates.append(Fate(record.partition, record.offset, "batch"))
        alone += [record] if events is None else events
    for record in sorted(alone, key=order_of):
        place = (record.partition, record.offset)
        index = record.index
        try:
            event = judge(record, types, limits)
        except Rejected as verdict:
            fate = Fate(*place, "rejected", str(verdict), index, record.value)
            expected.fates.append(fate)
            continue
        except Heartbeat:
            expected.fates.append(Fate(*place, "heartbeat", None, index))
            continue
        earlier = first.setdefault((event.source, event.id), record)
        # Which of two partitions' records comes first is not for the log to say.
        assert earlier.partition == record.partition, f"{event.id} is in two partitions"
        if earlier is record:
            counted.append((record, event))
        word = "retraction" if event.type == RETRACTION else "counted"
        word = word if earlier is record else "duplicate"
        expected.fates.append(Fate(*place, word, None, index))
    return counted


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
    if live(base):
        amount, breakdown = outcome(base)
        row = Closed(
            **_common(base, period),
            quantity=amount,
            breakdown=breakdown,
            event_count=len(live(base)),
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
    before, known, revision = outcome(base), len(live(base)), 0
    for bucket_end in sorted(buckets):
        if bucket_end > clocks.watermark:
            return
        added = buckets[bucket_end]
        so_far += added
        amount, breakdown = outcome(so_far)
        count = len(live(so_far))
        if count == known and (amount, breakdown) == before:
            continue
        revision += 1
        correction = Correction(
            **_common(added, period),
            quantity=amount,
            quantity_delta=amount - before[0],
            breakdown=breakdown,
            event_count=count,
            event_count_delta=count - known,
            revision=revision,
            cut=cut,
            correction_end=bucket_end,
        )
        expected.corrections.append(correction)
        before, known = (amount, breakdown), count


def _common(units: Sequence[Unit], period: Period) -> dict[str, Any]:
    return {
        **subject_and_times(units),
        "period_start": period.start,
        "period_end": period.end,
        "timezone": period.terms.timezone,
        "terms_version": period.terms.version,
        "aggregation": units[0].meter.aggregation,
    }

"""What is due when a timer fires: closes, corrections, and the end of waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from schemas.aggregation import Aggregation
from schemas.meter_state import NO_EVENTS, Accumulator, EntryKey, GroupKey, Part, PeriodEntry
from schemas.metered_usage import MeteredUsage
from schemas.usage_row import UnassignedReason, UnassignedUsage, UsageRow
from udfs.aggregating import NOTHING, Result, combine, result_of
from udfs.grouping import result_of_parts
from udfs.metering.emitting import closed_row, correction_row, is_emitted, unassigned_row
from udfs.metering.rules import MeteringRules
from udfs.weighting import weigh


@dataclass(frozen=True, slots=True)
class TimerDecision:
    """What a timer does to the entries of an account.

    Attributes:
        emit: Rows to emit, ordered by period, meter, dimensions and revision.
        changed: Entries to store.
        removed: Entries to delete, with their parts; `retire` those of a level.
        forgotten: Groups of which no entry is left.
        levels: Entries of a level that closed and are not removed yet: `carry_level`.
    """

    emit: tuple[UsageRow, ...]
    changed: tuple[tuple[EntryKey, PeriodEntry], ...]
    removed: tuple[tuple[EntryKey, PeriodEntry], ...]
    forgotten: tuple[GroupKey, ...] = ()
    levels: tuple[tuple[EntryKey, PeriodEntry], ...] = ()


ReadParts = Callable[[EntryKey], Iterable[Part]]


def on_timer(
    account_id: str,
    entries: Iterable[tuple[EntryKey, PeriodEntry]],
    read_parts: ReadParts,
    now_us: int,
) -> TimerDecision:
    """Close, correct and remove what is due.

    Args:
        account_id: Whose timer fired.
        entries: All entries of the account, in any order.
        read_parts: Reads all parts of an entry, in any order; asked only for what is due.
        now_us: The time of the timer, log time; no usage of a log window up to it is to come.
    """
    # Jitter is not asked here: it only delays timers, and what is due at a late timer is complete.
    emit: list[UsageRow] = []
    changed: list[tuple[EntryKey, PeriodEntry]] = []
    removed: list[tuple[EntryKey, PeriodEntry]] = []
    levels: list[tuple[EntryKey, PeriodEntry]] = []
    groups, kept = set[GroupKey](), set[GroupKey]()
    for key, entry in sorted(entries, key=_by_key):
        group = GroupKey(key.period_start_us, key.meter_id)
        cut_us = key.period_end_us + entry.grace_us
        if now_us < cut_us:
            kept.add(group)
            continue
        rows, after = _emit_due(account_id, key, entry, read_parts, now_us)
        emit.extend(rows)
        if entry.aggregation is Aggregation.TIME_WEIGHTED_SUM and not entry.closed:
            levels.append((key, after))
        if not after.pending and cut_us + entry.correction_horizon_us <= now_us:
            removed.append((key, after))
            if key.dimensions != "{}":
                groups.add(group)
            continue
        kept.add(group)
        if after is not entry:
            changed.append((key, after))
    forgotten = sorted(groups - kept)
    return TimerDecision(
        tuple(emit), tuple(changed), tuple(removed), tuple(forgotten), tuple(levels)
    )


def expire_waiting(
    rules: MeteringRules, waiting: Iterable[MeteredUsage], now_us: int
) -> tuple[tuple[UnassignedUsage, ...], tuple[MeteredUsage, ...]]:
    """Give up waiting for the account of usage whose time is over.

    Args:
        rules: The settings.
        waiting: All waiting usage of one account, in any order.
        now_us: The time of the timer, log time.

    Returns:
        The rows to emit, ordered by log window, event window, meter and dimensions, and the usage
        that still waits, in its given order.
    """
    over: list[MeteredUsage] = []
    kept: list[MeteredUsage] = []
    for usage in waiting:
        is_over = usage.log_window_end_us + rules.unknown_account_wait_us <= now_us
        (over if is_over else kept).append(usage)
    over.sort(
        key=lambda each: (
            each.log_window_end_us,
            each.event_window_start_us,
            each.meter_id,
            each.dimensions,
        )
    )
    rows = tuple(unassigned_row(rules, usage, UnassignedReason.UNKNOWN_ACCOUNT) for usage in over)
    return rows, tuple(kept)


def _emit_due(
    account_id: str, key: EntryKey, entry: PeriodEntry, read_parts: ReadParts, now_us: int
) -> tuple[list[UsageRow], PeriodEntry]:
    """Return the rows due by now, and the entry after them: the same one if nothing changed."""
    rows: list[UsageRow] = []
    if entry.closed and not (entry.pending and entry.pending[0][0] <= now_us):
        return rows, entry
    parts = tuple(read_parts(key)) if entry.has_parts else ()
    if not entry.closed:
        cut_us = key.period_end_us + entry.grace_us
        total = entry.total or NO_EVENTS
        result = _result(key, entry, entry.total, parts, cut_us)
        if total.event_count or result != _standing(key, entry, parts, cut_us):
            rows.append(closed_row(account_id, key, entry, total, result))
            entry = replace(entry, total=_emitted(entry, total, result))
        elif entry.aggregation is Aggregation.TIME_WEIGHTED_SUM:
            entry = replace(entry, total=None)
        entry = replace(entry, closed=True)
    while entry.pending and entry.pending[0][0] <= now_us:
        bucket_end_us, added = entry.pending[0]
        pending = entry.pending[1:]
        total = combine(entry.aggregation, entry.total, added, entry.has_parts)
        result = _result(key, entry, total, parts, bucket_end_us)
        if not added.event_count and result == _standing(key, entry, parts, bucket_end_us):
            entry = replace(entry, total=_unchanged(entry, total), pending=pending)
            continue
        row = correction_row(account_id, key, entry, total, result)
        rows.append(row)
        total = _emitted(entry, total, result)
        entry = replace(entry, revision=row.revision, total=total, pending=pending)
    return rows, entry


def _result(
    key: EntryKey,
    entry: PeriodEntry,
    total: Accumulator | None,
    parts: Iterable[Part],
    until_us: int,
) -> Result:
    """Return what a total comes to, as received by a log time."""
    if entry.aggregation is Aggregation.TIME_WEIGHTED_SUM:
        period_us = (key.period_start_us, key.period_end_us)
        return weigh(entry.options, period_us, parts, until_us)
    if total is None or not total.event_count:
        return NOTHING
    if entry.has_parts:
        return result_of_parts(entry.aggregation, entry.options, parts, until_us)
    return result_of(entry.aggregation, total)


def _standing(key: EntryKey, entry: PeriodEntry, parts: Iterable[Part], due_us: int) -> Result:
    """Return what the rows so far say, before the one that is due: the cut's, or a bucket's.

    A row without events is due only where it says something else: a level that was carried in, or
    an event that came while another was taken back.
    """
    if not is_emitted(entry):
        return _result(key, entry, None, (), due_us)
    return _result(key, entry, entry.total, parts, due_us - 1)


def _unchanged(entry: PeriodEntry, total: Accumulator) -> Accumulator | None:
    """Return the total to keep where no row is due: with when its first event was received."""
    # Of a level, which has no limit of dimensions, a total says that a row was emitted.
    return entry.total if entry.aggregation is Aggregation.TIME_WEIGHTED_SUM else total


def _emitted(entry: PeriodEntry, total: Accumulator, result: Result) -> Accumulator:
    """Return the total to keep of a row: with parts, the quantity that was emitted."""
    return replace(total, quantity=result.quantity) if entry.has_parts else total


def _by_key(pair: tuple[EntryKey, PeriodEntry]) -> EntryKey:
    return pair[0]

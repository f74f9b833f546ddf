"""The limit of dimensions: how many an account's meter may have in a billing period.

The first ones are kept, in the order of the log time of their first event, then of their text; the
usage of all others counts under the overflow value. Which come first is certain only when log time
has passed: until then others stand by themselves, and are folded into the overflow before any row
of theirs is due. So the log alone decides, not the order of arrival.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace

from schemas.account import Account
from schemas.meter_state import Accumulator, EntryKey, Group, GroupKey, Part, PeriodEntry
from schemas.metered_usage import MeteredUsage
from schemas.usage_row import DimensionOverflow, UnassignedReason
from udfs.aggregating import combine
from udfs.metering.account_state import AccountState
from udfs.metering.emitting import is_emitted, overflow_row
from udfs.metering.receiving import PartReceipt, locate
from udfs.metering.rules import MeteringRules, jitter_us

OVERFLOW = "__overflow__"
"""The value of each dimension beyond the limit."""

Entries = list[tuple[EntryKey, PeriodEntry]]


@dataclass(frozen=True, slots=True)
class Settled:
    """What is left of an account's entries when those beyond the limit are folded.

    Attributes:
        entries: All entries of the account.
        emit: One row for each period and meter whose limit was passed, once.
    """

    entries: Entries
    emit: tuple[DimensionOverflow, ...]


def find_entry(
    rules: MeteringRules, account: Account | None, usage: MeteredUsage, state: AccountState
) -> tuple[EntryKey | UnassignedReason, PeriodEntry | None]:
    """Return where a row of usage belongs, and the entry that is there.

    Args:
        rules: The settings.
        account: The account the usage names; None while it is unknown.
        usage: The row.
        state: The account's state.
    """
    key = locate(account, usage)
    if isinstance(key, UnassignedReason):
        return key, None
    entry = state.entry(key)
    if entry is None and _limit(rules, key) is not None:
        group = state.group(_group_of(key))
        if group is not None and group.is_full:
            key = replace(key, dimensions=overflow_dimensions(key.dimensions))
            entry = state.entry(key)
    return key, entry


def note_opened(
    rules: MeteringRules, account_id: str, key: EntryKey, log_us: int, state: AccountState
) -> None:
    """Count an entry that was opened; past the limit, ask for a timer to settle.

    Args:
        rules: The settings.
        account_id: Whose entry it is.
        key: Of the entry.
        log_us: End of the log window that opened it.
        state: The account's state.
    """
    limit = _limit(rules, key)
    if limit is None or _is_overflow(key):
        return
    group = state.group(_group_of(key))
    count = 1 if group is None else group.count + 1
    state.put_group(_group_of(key), Group(count, group is not None and group.is_full))
    if count > limit:
        state.wake(log_us + jitter_us(rules, account_id))


def settle(
    rules: MeteringRules, account_id: str, entries: Entries, state: AccountState, now_us: int
) -> Settled:
    """Fold what is beyond the limit into the overflow, as far as log time tells which it is.

    Called before `on_timer`, so nothing beyond the limit is emitted by itself.

    Args:
        rules: The settings.
        account_id: Whose timer fired.
        entries: All entries of the account, in any order.
        state: The account's state.
        now_us: The time of the timer, log time.
    """
    groups: dict[GroupKey, Entries] = defaultdict(list)
    for key, entry in entries:
        if _limit(rules, key) is not None and not _is_overflow(key):
            groups[_group_of(key)].append((key, entry))
    emit: list[DimensionOverflow] = []
    folded: dict[EntryKey, PeriodEntry | None] = {}
    for group_key in sorted(groups):
        limit = rules.meters[group_key.meter_id].max_dimensions
        if limit is None or len(groups[group_key]) <= limit:
            continue
        members = sorted(groups[group_key], key=_by_first_log)
        full_us = max(_window_end_us(rules, entry) for _, entry in members[:limit])
        if full_us > now_us:
            state.wake(full_us + jitter_us(rules, account_id))
            continue
        group = state.group(group_key)
        if group is None or not group.is_full:
            first_key, first = members[0]
            target = replace(first_key, dimensions=overflow_dimensions(first_key.dimensions))
            emit.append(overflow_row(account_id, target, first, limit, full_us))
        state.put_group(group_key, Group(limit, True))
        excess = [member for member in members[limit:] if not is_emitted(member[1])]
        folded |= _fold(rules, account_id, excess, state)
    kept = [(key, entry) for key, entry in entries if key not in folded]
    kept += [(key, entry) for key, entry in folded.items() if entry is not None]
    return Settled(kept, tuple(emit))


def overflow_dimensions(dimensions: str) -> str:
    """Return the overflow's dimensions: each name of the given ones, with the overflow value."""
    names = dict.fromkeys(json.loads(dimensions), OVERFLOW)
    return json.dumps(names, separators=(",", ":"), ensure_ascii=False)


def _is_overflow(key: EntryKey) -> bool:
    # Reading JSON is left to the few that can be it: a timer asks this of all entries.
    dimensions = key.dimensions
    return OVERFLOW in dimensions and dimensions == overflow_dimensions(dimensions)


def _fold(
    rules: MeteringRules, account_id: str, excess: Entries, state: AccountState
) -> dict[EntryKey, PeriodEntry | None]:
    """Move entries into the overflow's; return what became of each, None: gone."""
    after: dict[EntryKey, PeriodEntry | None] = {}
    for key, entry in excess:
        target_key = replace(key, dimensions=overflow_dimensions(key.dimensions))
        target = state.entry(target_key)
        delay_us = jitter_us(rules, account_id)
        if target is None:
            target = replace(entry, closed=False, revision=0, total=None, pending=())
            cut_us = key.period_end_us + entry.grace_us
            state.wake(cut_us + delay_us)
            state.wake(cut_us + entry.correction_horizon_us + delay_us)
        for part in state.parts(key):
            _move_part(target_key, target, part, state)
        target = _merge(target, entry)
        for bucket_end_us, _ in entry.pending:
            state.wake(bucket_end_us + delay_us)
        state.put_entry(target_key, target)
        state.remove_entry(key, entry)
        after[key], after[target_key] = None, target
    return after


def _move_part(key: EntryKey, entry: PeriodEntry, part: Part, state: AccountState) -> None:
    for counts_from_us, text in part.received:
        state.receive(key, entry, PartReceipt(part.name, counts_from_us, text))


def _merge(target: PeriodEntry, entry: PeriodEntry) -> PeriodEntry:
    total = target.total
    if entry.total is not None:
        total = combine(entry.aggregation, total, entry.total, entry.has_parts)
    pending: dict[int, Accumulator] = dict(target.pending)
    for bucket_end_us, added in entry.pending:
        before = pending.get(bucket_end_us)
        pending[bucket_end_us] = combine(entry.aggregation, before, added, entry.has_parts)
    ordered = tuple((end_us, pending[end_us]) for end_us in sorted(pending))
    return replace(target, total=total, pending=ordered)


def _limit(rules: MeteringRules, key: EntryKey) -> int | None:
    meter = rules.meters.get(key.meter_id)
    return None if meter is None or not meter.dimensions else meter.max_dimensions


def _group_of(key: EntryKey) -> GroupKey:
    return GroupKey(key.period_start_us, key.meter_id)


def _by_first_log(member: tuple[EntryKey, PeriodEntry]) -> tuple[bool, int, str]:
    # What was emitted stays: only a limit that was lowered since puts it behind others.
    return not is_emitted(member[1]), _first_log_us(member[1]), member[0].dimensions


def _first_log_us(entry: PeriodEntry) -> int:
    events = [added for _, added in entry.pending]
    if entry.total is not None:
        events.append(entry.total)
    return min(each.first_log_us for each in events)


def _window_end_us(rules: MeteringRules, entry: PeriodEntry) -> int:
    """Return the end of the log window in which the entry's first event was received."""
    window_us = rules.log_window_us
    return (_first_log_us(entry) // window_us + 1) * window_us

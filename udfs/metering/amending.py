"""New terms of an account that is metered already: accepted in time, or refused.

What has been metered stays: new terms may change boundaries only after all usage seen. A period
that new terms end early, or late, keeps its usage and gets its new end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

from schemas.billing_period import BillingPeriod
from schemas.instant import to_text
from schemas.meter_state import EntryKey, PeriodEntry
from schemas.terms import Terms
from udfs.metering.rules import MeteringRules, jitter_us
from udfs.scheduling import Span, period_containing, spans_of


@dataclass(frozen=True, slots=True)
class Amendment:
    """What accepted terms change.

    Attributes:
        moved: Entries whose period has a new end: old key, new key, entry.
        wake_at_us: Timers to register.
    """

    moved: tuple[tuple[EntryKey, EntryKey, PeriodEntry], ...] = ()
    wake_at_us: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TooLate:
    """Terms that would change what has been metered.

    Attributes:
        detail: One line: what was expected, and found.
    """

    detail: str


def amend(
    rules: MeteringRules,
    account_id: str,
    terms: tuple[tuple[Terms, ...], tuple[Terms, ...]],
    entries: Iterable[tuple[EntryKey, PeriodEntry]],
    now_us: int,
) -> Amendment | TooLate:
    """Decide on new terms of a known account.

    Args:
        rules: The settings.
        account_id: Whose terms they are.
        terms: The terms so far, and the new ones.
        entries: All entries of the account, in any order.
        now_us: The log time of the new terms, or that of the stream where it is later.
    """
    before, after = terms
    change_us = first_change_us(before, after)
    if change_us is None:
        return Amendment()
    ordered = sorted(entries, key=lambda pair: pair[0])
    used_us = max((_last_used_us(key, entry) for key, entry in ordered), default=now_us)
    if change_us < now_us or change_us <= used_us:
        found = f"a change at {to_text(change_us)}"
        return TooLate(f"expected no change up to {to_text(max(now_us, used_us))}, found {found}")
    moved: list[tuple[EntryKey, EntryKey, PeriodEntry]] = []
    wake_at_us: list[int] = []
    for key, entry in ordered:
        period = period_containing(after, key.period_start_us)
        if not isinstance(period, BillingPeriod) or period.start_us != key.period_start_us:
            raise AssertionError(f"{account_id}: no period of {after} begins as {key} does")
        if period.end_us != key.period_end_us:
            target = EntryKey(period.start_us, period.end_us, key.meter_id, key.dimensions)
            moved.append((key, target, entry))
            cut_us = period.end_us + entry.grace_us + jitter_us(rules, account_id)
            wake_at_us += (cut_us, cut_us + entry.correction_horizon_us)
    return Amendment(tuple(moved), tuple(sorted(set(wake_at_us))))


def first_change_us(before: tuple[Terms, ...], after: tuple[Terms, ...]) -> int | None:
    """Return the first instant from which on two lists of terms differ; None if they do not."""
    for old, new in zip_longest(spans_of(before), spans_of(after)):
        starts = [span.start_us for span in (old, new) if span is not None]
        if len(starts) < 2 or _identity(old) != _identity(new):
            return min(starts)
        if old.end_us != new.end_us:
            return min(span.end_us for span in (old, new) if span.end_us is not None)
    return None


def _identity(span: Span) -> tuple[object, ...]:
    terms = span.terms
    return span.start_us, terms.version, terms.timezone, terms.calendar, terms.plan


def _last_used_us(key: EntryKey, entry: PeriodEntry) -> int:
    """Return the latest event time that an entry holds; its start if a level alone opened it."""
    parts = [each for _, each in entry.pending]
    if entry.total is not None:
        parts.append(entry.total)
    events_us = [each.last_event_us for each in parts if not each.is_empty]
    return max([key.period_start_us, *events_us])

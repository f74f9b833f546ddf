"""Which events account for a total that is not what it should be, and the rows that adjust it.

The job leaves no list of the events that it counted, but how many it gathered of each event window
and log window. An event whose window it never gathered was lost; where it gathered more than there
are, the repeats in that window were counted. A total is adjusted only if the events found so make
it exactly what it should be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from schemas.aggregation import Aggregation
from schemas.instant import DAY_US, HOUR_US, to_text
from schemas.usage_adjustment import (
    AdjustmentKind,
    AdjustmentRefusal,
    DifferingTotal,
    KnownTotal,
    MeteredEvent,
    RefusedTotal,
    UsageAdjustment,
    WindowTotal,
)
from udfs.aggregating import EXACT, plain_text
from udfs.writing_adjustments import Change, write_adjustments

_EXTREMES = (Aggregation.MAX, Aggregation.MIN)
_Group = tuple[str, bool, int, int]
"""Dimensions, direction, start of the window, and end of the log window, or minus its width."""


def adjust_total(total: DifferingTotal) -> tuple[UsageAdjustment, ...] | RefusedTotal:
    """Return the rows that make a total what it should be, or why there are none.

    Args:
        total: Expected and told differ.
    """
    if total.has_parts:
        found = f"{total.aggregation} of {total.key.meter_id}"
        expected = "a total that adds up without its single events"
        again = "send the events again under new identities"
        return _refuse(total, AdjustmentRefusal.HAS_PARTS, expected, f"{found}; {again}")
    changes = _find_changes(total)
    if isinstance(changes, RefusedTotal):
        return changes
    if total.wrong and total.aggregation in _EXTREMES:
        expected, found = "a total that events can be taken out of", str(total.aggregation)
        return _refuse(total, AdjustmentRefusal.NO_EXTREME, expected, found)
    changes += [Change(AdjustmentKind.WRONGLY_COUNTED, each) for each in total.wrong]
    after = _total_with(total, changes)
    if after != total.expected:
        return _refuse(
            total, AdjustmentRefusal.UNEXPLAINED, _told(total.expected), f"{_told(after)} with all"
        )
    return write_adjustments(total, changes)


def _find_changes(total: DifferingTotal) -> list[Change] | RefusedTotal:
    """Return the events that were lost, and the repeats that were counted."""
    lost = [
        Change(AdjustmentKind.LOST_USAGE, each)
        for each in total.events
        if not _was_adjusted(total, AdjustmentKind.LOST_USAGE, each)
    ]
    if not total.is_metered:
        return lost
    groups = _Windows(total.windows)
    events, repeats = groups.grouped(total.events), groups.grouped(total.repeats)
    changes: list[Change] = []
    for name in sorted(events.keys() | repeats.keys()):
        found = _of_window(
            total, events.get(name, ()), repeats.get(name, ()), groups.counts.get(name, 0)
        )
        if isinstance(found, RefusedTotal):
            return found
        changes += found
    return changes


def _of_window(
    total: DifferingTotal,
    events: Sequence[MeteredEvent],
    repeats: Sequence[MeteredEvent],
    gathered: int,
) -> list[Change] | RefusedTotal:
    """Return what was lost of a window, or counted again; `gathered` is how many the job has."""
    lost, repeat = AdjustmentKind.LOST_USAGE, AdjustmentKind.REPEAT_BEYOND_HORIZON
    free = [each for each in events if not _was_adjusted(total, lost, each)]
    again = [each for each in repeats if not _was_adjusted(total, repeat, each)]
    counted = gathered + len(events) - len(free) - (len(repeats) - len(again))
    if counted == len(events):
        return []
    if counted > len(events):
        if counted - len(events) == len(again):
            return [Change(repeat, each) for each in again]
    elif counted == len(events) - len(free):
        return [Change(lost, each) for each in free]
    first = (events or repeats)[0]
    where = f"of the window from {to_text(first.window_start_us)}"
    expected = f"{len(events)} events {where}"
    found = f"{counted}, and {len(again)} repeats"
    return _refuse(total, AdjustmentRefusal.CANNOT_TELL_WHICH, expected, found)


def _was_adjusted(total: DifferingTotal, kind: AdjustmentKind, event: MeteredEvent) -> bool:
    return (kind, Change(kind, event).is_taken_out, event.name) in total.adjusted


@dataclass(frozen=True, slots=True)
class _Widths:
    """The wide windows that there are, by dimensions, direction, start and width."""

    known: frozenset[tuple[str, bool, int, int]]

    def of(self, event: MeteredEvent) -> int | None:
        """Return the width of the wide window that an event is in; None: it is in none."""
        for width_us in (DAY_US, HOUR_US):
            start_us = event.window_start_us - event.window_start_us % width_us
            if (event.dimensions, event.is_retraction, start_us, width_us) in self.known:
                return width_us
        return None


class _Windows:
    """How many events the job has gathered by window; a wide one takes in all log windows."""

    def __init__(self, windows: Iterable[WindowTotal]) -> None:
        listed = list(windows)
        # An event window has at most an hour, so nothing that is wider was not rolled up.
        self._widths = _Widths(
            frozenset(
                (each.dimensions, each.is_retraction, each.start_us, each.width_us)
                for each in listed
                if each.is_rolled_up
            )
        )
        self.counts: dict[_Group, int] = defaultdict(int)
        for each in listed:
            self.counts[self._name_of(each)] += abs(each.event_count)

    def _name_of(self, window: WindowTotal) -> _Group:
        kind = (window.dimensions, window.is_retraction)
        if window.is_rolled_up:
            return (*kind, window.start_us, -window.width_us)
        for width_us in (DAY_US, HOUR_US):
            start_us = window.start_us - window.start_us % width_us
            if (*kind, start_us, width_us) in self._widths.known:
                return (*kind, start_us, -width_us)
        return (*kind, window.start_us, window.log_window_end_us)

    def grouped(self, events: Iterable[MeteredEvent]) -> Mapping[_Group, list[MeteredEvent]]:
        """Return events by the window that the job would have gathered them in."""
        found: dict[_Group, list[MeteredEvent]] = defaultdict(list)
        for each in events:
            width_us = self._widths.of(each)
            kind = (each.dimensions, each.is_retraction)
            if width_us is None:
                name = (*kind, each.window_start_us, each.log_window_end_us)
            else:
                start_us = each.window_start_us - each.window_start_us % width_us
                name = (*kind, start_us, -width_us)
            found[name].append(each)
        return found


def _total_with(total: DifferingTotal, changes: Sequence[Change]) -> KnownTotal:
    """Return what a total is once changes are in it."""
    count = total.told.event_count + sum(-1 if each.is_taken_out else 1 for each in changes)
    if total.aggregation in _EXTREMES:
        of = max if total.aggregation is Aggregation.MAX else min
        # A quantity of no events is no extreme.
        known = [total.told.quantity] if total.told.event_count else []
        return KnownTotal(count, of([*known, *(each.event.quantity for each in changes)]))
    quantities = (each.quantity for each in changes)
    return KnownTotal(count, reduce(EXACT.add, quantities, total.told.quantity))


def _told(total: KnownTotal) -> str:
    return f"{plain_text(total.quantity)} of {total.event_count} events"


def _refuse(
    total: DifferingTotal, reason: AdjustmentRefusal, expected: str, found: str
) -> RefusedTotal:
    return RefusedTotal(total.key, reason, f"expected {expected}, found {found}")

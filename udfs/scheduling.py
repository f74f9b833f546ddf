"""Which billing period an instant falls in.

Every boundary is counted from the anchor, never from the boundary before it, so a month that had
to be clamped (anchor day 31) does not shorten the ones after it, and no error adds up. Months and
days are counted on the account's wall clock: days have 23, 24 or 25 hours. A wall-clock time that
the zone skips moves forward by the gap; of one that occurs twice the first counts. Hours, minutes
and seconds of a cadence are elapsed time, counted last.

Source of nominal days and exact hours: RFC 5545, 3.3.6.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from schemas.billing_period import BillingPeriod
from schemas.instant import DAY_US, to_us
from schemas.terms import Listed, Recurring, TakesEffect, Terms
from schemas.usage_row import UnassignedReason

# The mean month of the Gregorian calendar: 146,097 days in 4,800 months.
_MONTH_US = 146_097 * DAY_US // 4_800


@dataclass(frozen=True, slots=True)
class Span:
    """The time in which some terms hold.

    Attributes:
        start_us: First instant.
        end_us: First instant after; None: for ever.
        terms: What holds.
    """

    start_us: int
    end_us: int | None
    terms: Terms


def period_containing(terms: tuple[Terms, ...], event_us: int) -> BillingPeriod | UnassignedReason:
    """Return the billing period of an event, or why it has none.

    Where terms begin or end between two boundaries, their first or last period is a stub.

    Args:
        terms: The account's terms, ordered by `effective_from_us`.
        event_us: Event time; for a row of usage the start of its event window.

    Returns:
        The period with `start_us <= event_us < end_us`.
    """
    for span in reversed(spans_of(terms)):
        if span.start_us <= event_us:
            break
    else:
        return UnassignedReason.NO_TERMS
    if span.end_us is not None and span.end_us <= event_us:
        return UnassignedReason.CONTRACT_ENDED
    whole = _whole_period(span.terms.timezone, span.terms.calendar, event_us)
    if whole is None:
        return UnassignedReason.NO_PERIOD
    start_us, end_us = max(whole[0], span.start_us), whole[1]
    if span.end_us is not None:
        end_us = min(end_us, span.end_us)
    return BillingPeriod(start_us, end_us, span.terms.timezone, span.terms.version)


@lru_cache(maxsize=65_536)
def spans_of(terms: tuple[Terms, ...]) -> tuple[Span, ...]:
    """Return when which of an account's terms hold: ordered, none overlapping.

    New terms hold from the first boundary, at or after their `effective_from`, of the terms that
    they find there, or at once where they say so. Terms that later ones overtake before they would
    have begun have no span.

    Raises:
        OverflowError, ValueError: A boundary is outside the years 1 to 9999.
    """
    spans: list[Span] = []
    for each in terms:
        start_us = _start_us(spans, each)
        spans = [_cut(span, start_us) for span in spans if span.start_us < start_us]
        if each.effective_until_us is None or start_us < each.effective_until_us:
            spans.append(Span(start_us, each.effective_until_us, each))
    return tuple(spans)


def next_period(terms: tuple[Terms, ...], period: BillingPeriod) -> BillingPeriod | None:
    """Return the period that begins where another ends; None where the contract has a gap."""
    following = period_containing(terms, period.end_us)
    return following if isinstance(following, BillingPeriod) else None


def whole_period(terms: tuple[Terms, ...], event_us: int) -> tuple[int, int] | None:
    """Return the boundaries around an instant as its calendar has them, whatever cuts a stub.

    Args:
        terms: The account's terms.
        event_us: An instant; where it lies in no period there is no answer.
    """
    for span in reversed(spans_of(terms)):
        if span.start_us <= event_us:
            is_over = span.end_us is not None and span.end_us <= event_us
            calendar, timezone = span.terms.calendar, span.terms.timezone
            return None if is_over else _whole_period(timezone, calendar, event_us)
    return None


def periods_between(
    terms: tuple[Terms, ...], since_us: int, until_us: int
) -> Iterator[BillingPeriod]:
    """Yield the billing periods that start before an instant, in order, gaps left out.

    Args:
        terms: The account's terms.
        since_us: The first one holds this instant, or starts after it.
        until_us: All start before it.
    """
    at_us = since_us
    while at_us < until_us:
        period = period_containing(terms, at_us)
        if isinstance(period, BillingPeriod):
            yield period
            at_us = period.end_us
            continue
        later = [each for each in _starts_us(terms) if each > at_us]
        if not later:
            return
        at_us = min(later)


def _starts_us(terms: tuple[Terms, ...]) -> list[int]:
    """Return the instants at which periods may begin again after a gap."""
    starts = []
    for span in spans_of(terms):
        starts.append(span.start_us)
        if isinstance(span.terms.calendar, Listed):
            first_us = _listed_us(span.terms.timezone, span.terms.calendar)[0]
            starts.append(max(span.start_us, first_us))
    return starts


@lru_cache(maxsize=65_536)
def run_start_us(terms: tuple[Terms, ...], event_us: int) -> int:
    """Return since when an account's periods follow one another without a gap.

    Args:
        terms: The account's terms.
        event_us: An instant that lies in a period.
    """
    start_us = event_us
    for span in reversed(spans_of(terms)):
        if span.start_us > event_us:
            continue
        first_us, over_us = span.start_us, span.end_us
        if isinstance(span.terms.calendar, Listed):
            boundaries = _listed_us(span.terms.timezone, span.terms.calendar)
            first_us = max(first_us, boundaries[0])
            over_us = boundaries[-1] if over_us is None else min(over_us, boundaries[-1])
        if over_us is not None and over_us < start_us:
            break
        start_us = first_us
        if first_us > span.start_us:
            break
    return start_us


def boundary_us(timezone: str, calendar: Recurring, n: int) -> int:
    """Return the n-th period boundary, counted from the anchor (n = 0; before it n < 0).

    Raises:
        OverflowError, ValueError: The boundary is outside the years 1 to 9999.
    """
    anchor, cadence = calendar.anchor, calendar.cadence
    years, month_index = divmod(anchor.month - 1 + n * cadence.months, 12)
    year, month = anchor.year + years, month_index + 1
    day = min(anchor.day, monthrange(year, month)[1])
    wall_clock = anchor.replace(year=year, month=month, day=day) + n * timedelta(days=cadence.days)
    return _instant_us(timezone, wall_clock) + n * cadence.time_us


def _start_us(spans: list[Span], terms: Terms) -> int:
    """Return when terms begin to hold, after the spans of those before them."""
    at_us = terms.effective_from_us
    for span in reversed(spans):
        if span.start_us <= at_us:
            break
    else:
        return at_us
    is_over = span.end_us is not None and span.end_us <= at_us
    if is_over or terms.takes_effect is TakesEffect.AT_ONCE:
        return at_us
    whole = _whole_period(span.terms.timezone, span.terms.calendar, at_us)
    if whole is None or at_us in (whole[0], span.start_us):
        return at_us
    return whole[1] if span.end_us is None else min(whole[1], span.end_us)


def _cut(span: Span, end_us: int) -> Span:
    return (
        span if span.end_us is not None and span.end_us <= end_us else replace(span, end_us=end_us)
    )


def _whole_period(
    timezone: str, calendar: Recurring | Listed, instant_us: int
) -> tuple[int, int] | None:
    """Return the boundaries around an instant; None outside of listed ones."""
    if isinstance(calendar, Listed):
        boundaries = _listed_us(timezone, calendar)
    elif calendar.cadence.months or calendar.cadence.days:
        boundaries = _boundaries_around(timezone, calendar, instant_us // DAY_US)
    else:
        first_us, time_us = boundary_us(timezone, calendar, 0), calendar.cadence.time_us
        start_us = instant_us - (instant_us - first_us) % time_us
        return start_us, start_us + time_us
    place = bisect_right(boundaries, instant_us)
    if place in (0, len(boundaries)):
        return None
    return boundaries[place - 1], boundaries[place]


# The hot path asks twice per row, and its rows lie on few days.
@lru_cache(maxsize=65_536)
def _boundaries_around(timezone: str, calendar: Recurring, utc_day: int) -> tuple[int, ...]:
    """Return the boundaries of a day of UTC, with the last before it and the first after."""
    cadence = calendar.cadence
    day_us, next_day_us = utc_day * DAY_US, (utc_day + 1) * DAY_US
    length_us = cadence.months * _MONTH_US + cadence.days * DAY_US + cadence.time_us
    n = (day_us - boundary_us(timezone, calendar, 0)) // length_us + 1
    while boundary_us(timezone, calendar, n) > day_us:
        n -= 1
    while boundary_us(timezone, calendar, n + 1) <= day_us:
        n += 1
    boundaries = [boundary_us(timezone, calendar, n)]
    while boundaries[-1] < next_day_us:
        n += 1
        boundaries.append(boundary_us(timezone, calendar, n))
    return tuple(boundaries)


@lru_cache(maxsize=4_096)
def _listed_us(timezone: str, calendar: Listed) -> tuple[int, ...]:
    """Return listed boundaries as instants; one that a gap moved past the next gives it its own."""
    return tuple(accumulate((_instant_us(timezone, each) for each in calendar.boundaries), max))


def _instant_us(timezone: str, wall_clock: datetime) -> int:
    # fold=0 is the rule for both changes of clocks (PEP 495): it reads a wall-clock time that
    # does not exist with the offset before the gap, and one that occurs twice as the first.
    return to_us(wall_clock.replace(fold=0, tzinfo=ZoneInfo(timezone)))

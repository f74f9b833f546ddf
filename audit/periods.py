"""The oracle's own calendar: walks through an account's life, one period after the other."""

import re
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from audit.shapes import OracleTerms

_NAMED = {
    "day": "P1D",
    "week": "P7D",
    "month": "P1M",
    "quarter": "P3M",
    "half_year": "P6M",
    "year": "P1Y",
}
_AFTER = timedelta(days=800)


class Period(NamedTuple):
    """A stretch of an account's life, half open: a billing period, or why there is none."""

    start: datetime
    end: datetime
    terms: OracleTerms
    why_not: str = ""


def stretches_of(terms_list: Sequence[OracleTerms], until: datetime) -> list[Period]:
    """Return an account's whole life until an instant, in order, gaps with their reason included.

    The last one may end too early: ask for more than is needed.
    """
    return _life(tuple(terms_list), until)


def period_of(terms_list: list[OracleTerms], moment: datetime) -> Period | None:
    """Return the period or the gap of an event; None before the first terms."""
    if not terms_list or moment < terms_list[0].effective_from:
        return None
    year_end = datetime(moment.year + 3, 1, 1, tzinfo=UTC)
    for stretch in _life(tuple(terms_list), year_end):
        if stretch.start <= moment < stretch.end:
            return stretch
    raise AssertionError(f"the walk did not reach {moment}")


@lru_cache(maxsize=1000)
def _life(terms_list: tuple[OracleTerms, ...], until: datetime) -> list[Period]:
    return list(_walk(list(terms_list), until))


def _walk(later: list[OracleTerms], until: datetime) -> Iterator[Period]:
    """Go from boundary to boundary; at each look which terms begin there."""
    now, current = later[0].effective_from.astimezone(UTC), later.pop(0)
    while now < until:
        over = current.until is not None and now >= current.until
        if over:
            end, why_not = until, "contract_ended"
        else:
            end, why_not = _next_boundary(current, now, until)
            if current.until is not None:
                end = min(end, current.until.astimezone(UTC))
        following = current
        while later and (later[0].effective_from < end or later[0].effective_from == end):
            change = later[0].effective_from.astimezone(UTC)
            if over or why_not == "no_period" or later[0].at_once:
                if change > now:
                    end = change
                following = later.pop(0)
                break
            following = later.pop(0)
        if end > now:
            yield Period(now, end, current, why_not)
        now, current = end, following


def _next_boundary(terms: OracleTerms, now: datetime, until: datetime) -> tuple[datetime, str]:
    """Return the first boundary after an instant, and whether there is no period until then."""
    if terms.boundaries:
        latest, instants = None, []
        for wall_clock in terms.boundaries:
            instant = instant_at(terms.timezone, wall_clock)
            latest = instant if latest is None or instant > latest else latest
            instants.append(latest)
        after = [instant for instant in instants if instant > now]
        if not after:
            return until, "no_period"
        return after[0], "no_period" if len(after) == len(instants) else ""
    boundaries = _boundaries(terms, now.year)
    after_now = bisect_right(boundaries, now)
    assert after_now < len(boundaries), f"no boundary of {terms} after {now}"
    return boundaries[after_now], ""


@lru_cache(maxsize=1000)
def _boundaries(terms: OracleTerms, year: int) -> list[datetime]:
    """Return all boundaries that can matter in a year, by walking both ways from the anchor."""
    earliest = datetime(year - 1, 12, 1, tzinfo=UTC)
    latest = datetime(year + 1, 1, 1, tzinfo=UTC) + _AFTER
    boundaries = [_boundary(terms, 0)]
    steps = 0
    while boundaries[-1] < latest:
        steps += 1
        boundaries.append(_boundary(terms, steps))
    backwards = []
    steps, boundary = 0, boundaries[0]
    while boundary > earliest:
        steps -= 1
        boundary = _boundary(terms, steps)
        backwards.append(boundary)
    return backwards[::-1] + boundaries


def _boundary(terms: OracleTerms, steps: int) -> datetime:
    assert terms.cadence is not None
    assert terms.anchor is not None
    days_text, _, time_text = _NAMED.get(terms.cadence, terms.cadence).partition("T")
    of_date = {unit: int(number) for number, unit in re.findall(r"(\d+)([YMWD])", days_text)}
    of_time = {unit: int(number) for number, unit in re.findall(r"(\d+)([HMS])", time_text)}
    year, month = terms.anchor.year, terms.anchor.month
    for _ in range(abs(steps) * (of_date.get("Y", 0) * 12 + of_date.get("M", 0))):
        month += 1 if steps > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    day = min(terms.anchor.day, monthrange(year, month)[1])
    wall_clock = terms.anchor.replace(year=year, month=month, day=day)
    wall_clock += timedelta(days=(of_date.get("W", 0) * 7 + of_date.get("D", 0)) * steps)
    elapsed = timedelta(
        hours=of_time.get("H", 0), minutes=of_time.get("M", 0), seconds=of_time.get("S", 0)
    )
    return instant_at(terms.timezone, wall_clock) + elapsed * steps


@lru_cache(maxsize=100_000)
def instant_at(timezone: str, local: datetime) -> datetime:
    """Return a wall-clock time as UTC: forward by the gap where skipped, the first where twice."""
    zone = ZoneInfo(timezone)
    # Every instant that shows this wall-clock time lies within a day of it read as UTC.
    candidates = {
        (local - offset).replace(tzinfo=UTC)
        for hours in range(-24, 25)
        for offset in [
            (local.replace(tzinfo=UTC) + timedelta(hours=hours)).astimezone(zone).utcoffset()
        ]
        if offset is not None
    }
    shown = [
        instant
        for instant in sorted(candidates)
        if instant.astimezone(zone).replace(tzinfo=None) == local
    ]
    # In a gap no instant shows it: the offset before the gap, which is the smaller, decides.
    return shown[0] if shown else max(candidates)

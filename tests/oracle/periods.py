"""The oracle's own calendar: walks from the anchor, one period at a time."""

from bisect import bisect_right
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.shapes import OracleTerms

_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_DAYS = {"day": 1, "week": 7}


class Period(NamedTuple):
    """A billing period, half open, and the terms that made it."""

    start: datetime
    end: datetime
    terms: OracleTerms


def period_of(terms_list: list[OracleTerms], moment: datetime) -> Period | None:
    """Return the period of an event; None before the first terms."""
    valid = [terms for terms in terms_list if terms.effective_from <= moment]
    if not valid:
        return None
    terms = max(valid, key=lambda each: each.effective_from)
    starts = _period_starts(terms, moment.year)
    place = bisect_right(starts, moment)
    start = max(starts[place - 1], terms.effective_from.astimezone(UTC))
    return Period(start, starts[place], terms)


@lru_cache(maxsize=1000)
def _period_starts(terms: OracleTerms, year: int) -> list[datetime]:
    """Return all period starts that can matter in a year, by walking both ways from the anchor."""
    earliest = datetime(year - 2, 1, 1, tzinfo=UTC)
    latest = datetime(year + 2, 12, 31, tzinfo=UTC)
    starts = [_midnight(terms, terms.anchor)]
    steps = 0
    while starts[-1] < latest:
        steps += 1
        starts.append(_midnight(terms, _date(terms, steps)))
    steps = 0
    while starts[0] > earliest:
        steps -= 1
        starts.insert(0, _midnight(terms, _date(terms, steps)))
    return starts


def _date(terms: OracleTerms, steps: int) -> date:
    if terms.cadence in _DAYS:
        return terms.anchor + timedelta(days=_DAYS[terms.cadence] * steps)
    year, month = terms.anchor.year, terms.anchor.month
    for _ in range(abs(steps) * _MONTHS[terms.cadence]):
        month += 1 if steps > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    return date(year, month, min(terms.anchor.day, monthrange(year, month)[1]))


def _midnight(terms: OracleTerms, day: date) -> datetime:
    """Return local midnight as UTC: forward by the gap where skipped, the first where twice."""
    zone = ZoneInfo(terms.timezone)
    local = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall-clock time
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

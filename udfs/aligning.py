"""Whether the boundaries of an account's periods fall on event windows.

Usage reaches the rules summed by event window, so a boundary within one could not be kept. With
windows of an hour, an account in a zone half an hour off UTC cannot be metered.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas.account import Account
from schemas.instant import DAY_US, EPOCH, MICROSECOND, SECOND_US, to_text, to_us
from schemas.terms import Recurring, Terms
from udfs.scheduling import spans_of

_LAST_DAY = to_us(datetime(2100, 1, 1, tzinfo=UTC)) // DAY_US


class EventWindowError(RuntimeError):
    """Accounts or usage in state do not fit the event windows as they are configured now."""


def check_alignment(account: Account, window_us: int) -> None:
    """Check that the boundaries of an account that is metered fall on the event windows.

    They did when its terms were accepted; the windows may have been changed since.

    Raises:
        EventWindowError: They do not: one line with the account and what to do.
    """
    problem = misalignment(account.terms, window_us)
    if problem is not None:
        raise EventWindowError(
            f"account {account.account_id}, {problem}; set metering.event_window_s back to what "
            "it was when the account's terms were accepted, and restore from the newest checkpoint"
        )


def misalignment(terms: tuple[Terms, ...], window_us: int) -> str | None:
    """Return what keeps an account's boundaries off its windows; None if nothing does.

    Args:
        terms: The account's terms, ordered.
        window_us: Length of an event window: a divisor of a day; windows begin at 1970.

    Returns:
        One line `where: expected, found`.
    """
    try:
        spans = spans_of(terms)
    except (OverflowError, ValueError):
        return "terms: expected boundaries within the years 1 to 9999, found some outside"
    for span in spans:
        at = f"terms of version {span.terms.version}"
        expected = f"a multiple of the event window of {window_us // SECOND_US} s"
        for name, length_us, text in _lengths(span.terms):
            if length_us % window_us:
                return f"{at}, {name}: expected {expected}, found {text}"
        for edge_us in (span.start_us, span.end_us or 0):
            if edge_us % window_us:
                return f"{at}: expected {expected} as first and last instant, found " + to_text(
                    edge_us
                )
        for first_day, last_day, offset_us in _offsets(span.terms.timezone):
            begins = span.end_us is None or first_day <= span.end_us // DAY_US
            if offset_us % window_us and begins and span.start_us // DAY_US <= last_day:
                found = f"{offset_us // SECOND_US} s from UTC on {_date_text(first_day)}"
                return f"{at}, timezone: expected {expected}, found {found}"
    return None


def _lengths(terms: Terms) -> list[tuple[str, int, str]]:
    """Return what must be whole windows: name, microseconds, text."""
    calendar = terms.calendar
    if isinstance(calendar, Recurring):
        time_us = calendar.cadence.time_us
        cadence = ("cadence", time_us, f"{time_us // SECOND_US} s")
        return [cadence, ("anchor", _time_of_day_us(calendar.anchor), str(calendar.anchor))]
    return [("boundaries", _time_of_day_us(each), str(each)) for each in calendar.boundaries]


def _time_of_day_us(wall_clock: datetime) -> int:
    return (wall_clock - datetime.combine(wall_clock.date(), datetime.min.time())) // MICROSECOND


@lru_cache(maxsize=1_024)
def _offsets(timezone: str) -> tuple[tuple[int, int, int], ...]:
    """Return first day, last day and microseconds of each offset from UTC since 1970, in order.

    A look at noon of each day finds all: no zone has kept an offset for less than a day since.
    """
    zone = ZoneInfo(timezone)
    offsets: list[tuple[int, int, int]] = []
    noon = EPOCH + timedelta(hours=12)
    for day in range(_LAST_DAY):
        offset = (noon + timedelta(days=day)).astimezone(zone).utcoffset() or timedelta()
        offset_us = offset // MICROSECOND
        if offsets and offsets[-1][2] == offset_us:
            offsets[-1] = (offsets[-1][0], day, offset_us)
        else:
            offsets.append((day, day, offset_us))
    return tuple(offsets)


def _date_text(day: int) -> str:
    return (EPOCH + timedelta(days=day)).date().isoformat()

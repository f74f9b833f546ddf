"""Terms whose boundaries do not fall on event windows are found, with one line that says why."""

from __future__ import annotations

from datetime import datetime

import pytest

from schemas.account import Account
from schemas.cadence import Cadence
from schemas.instant import HOUR_US, MINUTE_US, SECOND_US
from schemas.terms import Listed, Recurring, TakesEffect, Terms
from tests.udfs.engine import at
from udfs.aligning import EventWindowError, check_alignment, misalignment

MONTHS = Recurring(Cadence.MONTH, datetime(2013, 1, 1))


def terms(
    timezone: str = "UTC",
    calendar: Recurring | Listed = MONTHS,
    since: str = "2013-01-01T00:00",
    until: str | None = None,
) -> tuple[Terms, ...]:
    """Return version 1 of some terms."""
    until_us = None if until is None else at(until)
    return (Terms(1, at(since), timezone, calendar, "gold", TakesEffect.NEXT_BOUNDARY, until_us),)


@pytest.mark.parametrize(
    ("which", "window_us"),
    [
        (terms(), HOUR_US),
        (terms("America/New_York"), HOUR_US),
        (terms("Asia/Kathmandu"), MINUTE_US),
        (terms("Australia/Lord_Howe"), MINUTE_US),
        (terms(calendar=Recurring(Cadence(time_us=SECOND_US), datetime(2013, 1, 1))), SECOND_US),
        (terms(calendar=Recurring(Cadence.DAY, datetime(2013, 1, 1, 6))), HOUR_US),
        # Monrovia was 44 min 30 s behind UTC until 1972: of no matter to terms of today.
        (terms("Africa/Monrovia"), HOUR_US),
        # Pyongyang was half an hour off from 2015 to 2018.
        (terms("Asia/Pyongyang", since="2018-06-01T00:00"), HOUR_US),
        (terms("Asia/Pyongyang", since="2013-01-01T00:00", until="2014-01-01T00:00"), HOUR_US),
    ],
)
def test_boundaries_on_windows(which: tuple[Terms, ...], window_us: int) -> None:
    """Nothing is found where every boundary falls on a window."""
    assert misalignment(which, window_us) is None


@pytest.mark.parametrize(
    ("which", "window_us", "problem"),
    [
        (
            terms("Asia/Kathmandu"),
            HOUR_US,
            "timezone: expected a multiple of the event window of 3600 s, "
            "found 20700 s from UTC on 1986-01-01",
        ),
        (
            terms("Asia/Pyongyang", since="2013-01-01T00:00"),
            HOUR_US,
            "timezone: expected a multiple of the event window of 3600 s, "
            "found 30600 s from UTC on 2015-08-15",
        ),
        (
            terms("Asia/Pyongyang", since="2016-01-01T00:00", until="2017-01-01T00:00"),
            HOUR_US,
            "timezone: expected a multiple of the event window of 3600 s, "
            "found 30600 s from UTC on 2015-08-15",
        ),
        (
            terms("Africa/Monrovia", since="1971-01-01T00:00"),
            MINUTE_US,
            "timezone: expected a multiple of the event window of 60 s, "
            "found -2670 s from UTC on 1970-01-01",
        ),
        (
            terms(calendar=Recurring(Cadence(time_us=90 * SECOND_US), datetime(2013, 1, 1))),
            MINUTE_US,
            "cadence: expected a multiple of the event window of 60 s, found 90 s",
        ),
        (
            terms(calendar=Recurring(Cadence.DAY, datetime(2013, 1, 1, 6, 30))),
            HOUR_US,
            "anchor: expected a multiple of the event window of 3600 s, found 2013-01-01 06:30:00",
        ),
        (
            terms(calendar=Listed((datetime(2013, 1, 1), datetime(2013, 1, 9, 0, 0, 1)))),
            MINUTE_US,
            "boundaries: expected a multiple of the event window of 60 s, "
            "found 2013-01-09 00:00:01",
        ),
    ],
)
def test_boundaries_off_windows(which: tuple[Terms, ...], window_us: int, problem: str) -> None:
    """The line says where, what was expected and what was found."""
    assert misalignment(which, window_us) == f"terms of version 1, {problem}"


@pytest.mark.parametrize(
    ("which", "edge"),
    [
        (terms(since="2013-01-01T00:00:30"), "2013-01-01T00:00:30Z"),
        (terms(until="2013-05-01T00:00:30"), "2013-05-01T00:00:30Z"),
    ],
)
def test_first_and_last_instant(which: tuple[Terms, ...], edge: str) -> None:
    """Stubs begin and end on windows too."""
    assert misalignment(which, MINUTE_US) == (
        "terms of version 1: expected a multiple of the event window of 60 s as first and last "
        f"instant, found {edge}"
    )


def test_outside_of_the_calendar() -> None:
    """Terms whose boundaries no calendar holds are found, not met later by usage."""
    late = terms(since="9999-12-20T00:00")
    change = Terms(2, at("9999-12-25T00:00"), "UTC", MONTHS, "gold")
    assert misalignment((*late, change), MINUTE_US) == (
        "terms: expected boundaries within the years 1 to 9999, found some outside"
    )


def test_a_known_account_that_no_longer_fits_is_named() -> None:
    """One line names the account, what is off, and what to do."""
    account = Account("F9", terms(since="2013-02-20T10:17"))
    check_alignment(account, MINUTE_US)
    with pytest.raises(EventWindowError) as stopped:
        check_alignment(account, HOUR_US)
    assert str(stopped.value) == (
        "account F9, terms of version 1: expected a multiple of the event window of 3600 s as "
        "first and last instant, found 2013-02-20T10:17:00Z; set metering.event_window_s back to "
        "what it was when the account's terms were accepted, and restore from the newest "
        "checkpoint"
    )

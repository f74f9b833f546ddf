"""Billing periods: anchors, clamping, leap years, changes of clocks, stubs and changes of terms."""

from __future__ import annotations

from datetime import datetime

import pytest

from schemas.billing_period import BillingPeriod
from schemas.cadence import decode_cadence
from schemas.instant import HOUR_US
from schemas.terms import Listed, Recurring, Terms
from schemas.usage_row import UnassignedReason
from tests.udfs.engine import at
from udfs.scheduling import boundary_us, period_containing

NEW_YORK = "America/New_York"


def terms(timezone: str, cadence: str, anchor: str, since: str = "2000-01-01T00:00") -> Terms:
    """Return version 1 of some terms."""
    length = decode_cadence(cadence)
    assert length is not None
    calendar = Recurring(length, datetime.fromisoformat(anchor))
    return Terms(1, at(since), timezone, calendar, "standard")


def nth(which: Terms, n: int) -> int:
    """Return the n-th boundary of recurring periods."""
    assert isinstance(which.calendar, Recurring)
    return boundary_us(which.timezone, which.calendar, n)


def check(which: Terms, start: str, end: str) -> BillingPeriod:
    """Check the period at its first and last instant, and that its neighbours begin there."""
    period = BillingPeriod(at(start), at(end), which.timezone, which.version)
    for event_us in (period.start_us, period.start_us + 1, period.end_us - 1):
        assert period_containing((which,), event_us) == period
    before = period_containing((which,), period.start_us - 1)
    after = period_containing((which,), period.end_us)
    assert isinstance(before, BillingPeriod)
    assert before.end_us == period.start_us
    assert isinstance(after, BillingPeriod)
    assert after.start_us == period.end_us
    return period


@pytest.mark.parametrize(
    ("timezone", "cadence", "anchor", "start", "end"),
    [
        # Calendar months: the boundary follows the wall clock, so its offset changes with it.
        ("UTC", "month", "2013-01-01", "2013-02-01T00:00", "2013-03-01T00:00"),
        (NEW_YORK, "month", "2013-01-01", "2013-01-01T05:00", "2013-02-01T05:00"),
        (NEW_YORK, "month", "2013-01-01", "2013-03-01T05:00", "2013-04-01T04:00"),
        (NEW_YORK, "month", "2013-01-01", "2013-11-01T04:00", "2013-12-01T05:00"),
        ("America/Los_Angeles", "month", "2013-01-01", "2013-03-01T08:00", "2013-04-01T07:00"),
        ("Pacific/Honolulu", "month", "2013-01-01", "2013-03-01T10:00", "2013-04-01T10:00"),
        ("Asia/Kathmandu", "month", "2013-01-01", "2013-02-28T18:15", "2013-03-31T18:15"),
        ("Pacific/Kiritimati", "month", "2013-01-01", "2013-02-28T10:00", "2013-03-31T10:00"),
        # In the middle of the month.
        (NEW_YORK, "month", "2013-01-15", "2013-01-15T05:00", "2013-02-15T05:00"),
        (NEW_YORK, "month", "2013-01-15", "2013-02-15T05:00", "2013-03-15T04:00"),
        # Day 31 is clamped, and comes back: it is counted from the anchor.
        (NEW_YORK, "month", "2013-01-31", "2013-01-31T05:00", "2013-02-28T05:00"),
        (NEW_YORK, "month", "2013-01-31", "2013-02-28T05:00", "2013-03-31T04:00"),
        (NEW_YORK, "month", "2013-01-31", "2013-03-31T04:00", "2013-04-30T04:00"),
        (NEW_YORK, "month", "2013-01-31", "2013-12-31T05:00", "2014-01-31T05:00"),
        ("UTC", "month", "2013-01-30", "2013-02-28T00:00", "2013-03-30T00:00"),
        # Leap years: 2016 is one, 2100 is none; an anchor on the leap day itself.
        ("UTC", "month", "2013-01-31", "2016-01-31T00:00", "2016-02-29T00:00"),
        ("UTC", "month", "2013-01-31", "2016-02-29T00:00", "2016-03-31T00:00"),
        ("UTC", "month", "2013-01-31", "2100-02-28T00:00", "2100-03-31T00:00"),
        ("UTC", "month", "2012-02-29", "2013-02-28T00:00", "2013-03-29T00:00"),
        ("UTC", "year", "2012-02-29", "2013-02-28T00:00", "2014-02-28T00:00"),
        ("UTC", "year", "2012-02-29", "2015-02-28T00:00", "2016-02-29T00:00"),
        ("UTC", "year", "2012-02-29", "2016-02-29T00:00", "2017-02-28T00:00"),
        # Before the anchor.
        ("UTC", "month", "2013-01-31", "2012-02-29T00:00", "2012-03-31T00:00"),
        ("UTC", "week", "2013-01-07", "2012-12-31T00:00", "2013-01-07T00:00"),
        # Quarters, half-years and years.
        ("UTC", "quarter", "2013-11-30", "2014-02-28T00:00", "2014-05-30T00:00"),
        ("UTC", "quarter", "2013-11-30", "2013-08-30T00:00", "2013-11-30T00:00"),
        ("UTC", "half_year", "2013-08-31", "2014-02-28T00:00", "2014-08-31T00:00"),
        ("UTC", "half_year", "2013-08-31", "2016-02-29T00:00", "2016-08-31T00:00"),
        (NEW_YORK, "year", "2013-07-01", "2012-07-01T04:00", "2013-07-01T04:00"),
        # Weeks from Monday.
        ("America/Chicago", "week", "2013-01-07", "2013-01-07T06:00", "2013-01-14T06:00"),
    ],
)
def test_period(timezone: str, cadence: str, anchor: str, start: str, end: str) -> None:
    """A period is found at both its edges, and touches its neighbours."""
    check(terms(timezone, cadence, anchor), start, end)


@pytest.mark.parametrize(
    ("which", "start", "end", "hours"),
    [
        (terms(NEW_YORK, "day", "2013-01-01"), "2013-03-10T05:00", "2013-03-11T04:00", 23),
        (terms(NEW_YORK, "day", "2013-01-01"), "2013-11-03T04:00", "2013-11-04T05:00", 25),
        (
            terms("Australia/Lord_Howe", "day", "2013-01-01"),
            "2013-04-06T13:00",
            "2013-04-07T13:30",
            24.5,
        ),
        (
            terms("America/Chicago", "week", "2013-01-07"),
            "2013-03-04T06:00",
            "2013-03-11T05:00",
            167,
        ),
        (
            terms("America/Chicago", "week", "2013-01-07"),
            "2013-10-28T05:00",
            "2013-11-04T06:00",
            169,
        ),
        # Midnight of 20 October is skipped in Sao Paulo: the day starts at 01:00.
        (
            terms("America/Sao_Paulo", "day", "2013-01-01"),
            "2013-10-20T03:00",
            "2013-10-21T02:00",
            23,
        ),
        (
            terms("America/Sao_Paulo", "day", "2013-01-01"),
            "2013-10-19T03:00",
            "2013-10-20T03:00",
            24,
        ),
        # Midnight of 3 November occurs twice in Havana: the first counts.
        (terms("America/Havana", "day", "2013-01-01"), "2013-11-03T04:00", "2013-11-04T05:00", 25),
        (
            terms("America/Havana", "month", "2013-01-03"),
            "2013-10-03T04:00",
            "2013-11-03T04:00",
            744,
        ),
    ],
)
def test_period_over_a_change_of_clocks(which: Terms, start: str, end: str, hours: float) -> None:
    """Days and weeks are as long as the wall clock makes them, in both directions."""
    period = check(which, start, end)
    assert period.end_us - period.start_us == hours * HOUR_US


def test_midnight_in_a_gap_moves_by_the_gap() -> None:
    """A gap that starts before midnight carries it on by the gap's length, not to the gap's end.

    Toronto, 30 March 1919: 23:30 -> 00:30 of the 31st, so midnight of the 31st is 01:00.
    """
    toronto = terms("America/Toronto", "day", "1919-01-01")
    assert nth(toronto, 89) == at("1919-03-31T05:00")


def test_a_day_that_never_was() -> None:
    """Samoa had no 30 December 2011: its period is empty, the 29th meets the 31st."""
    check(terms("Pacific/Apia", "day", "2011-12-01"), "2011-12-30T10:00", "2011-12-31T10:00")
    check(terms("Pacific/Apia", "day", "2011-12-01"), "2011-12-29T10:00", "2011-12-30T10:00")


def test_periods_are_half_open() -> None:
    """The last microsecond belongs to one period, the next to the other."""
    monthly = terms(NEW_YORK, "month", "2013-01-15")
    end_us = at("2013-02-15T05:00")
    before = period_containing((monthly,), end_us - 1)
    after = period_containing((monthly,), end_us)
    assert isinstance(before, BillingPeriod)
    assert isinstance(after, BillingPeriod)
    assert before.end_us == after.start_us == end_us


def test_first_period_is_a_stub() -> None:
    """The first period starts with the terms and ends at the next boundary from the anchor.

    anchor day 15     |15 Jan           |15 Feb           |15 Mar
    terms                    [28 Jan ....
    periods                  [ stub     )[ full month     )
    """
    monthly = terms("UTC", "month", "2010-06-15", since="2013-01-28T09:30")
    start_us = at("2013-01-28T09:30")
    stub = BillingPeriod(start_us, at("2013-02-15T00:00"), "UTC", 1)
    assert period_containing((monthly,), start_us) == stub
    assert period_containing((monthly,), stub.end_us - 1) == stub
    assert period_containing((monthly,), stub.end_us) == BillingPeriod(
        stub.end_us, at("2013-03-15T00:00"), "UTC", 1
    )


def test_no_period_before_the_first_terms() -> None:
    """Usage from before the first terms has no period."""
    monthly = terms("UTC", "month", "2013-01-01", since="2013-01-28T09:30")
    before = at("2013-01-28T09:30") - 1
    assert period_containing((monthly,), before) is UnassignedReason.NO_TERMS
    assert period_containing((), before) is UnassignedReason.NO_TERMS


def test_a_calendar_of_listed_boundaries() -> None:
    """A 4-4-5 quarter: each period reaches from one boundary to the next; outside is none."""
    days = ("2013-01-01", "2013-01-29", "2013-02-26", "2013-04-02")
    calendar = Listed(tuple(datetime.fromisoformat(day) for day in days))
    listed = (Terms(1, at("2000-01-01T00:00"), NEW_YORK, calendar, "standard"),)
    assert period_containing(listed, at("2013-02-26T05:00")) == BillingPeriod(
        at("2013-02-26T05:00"), at("2013-04-02T04:00"), NEW_YORK, 1
    )
    assert period_containing(listed, at("2013-01-29T05:00") - 1) == BillingPeriod(
        at("2013-01-01T05:00"), at("2013-01-29T05:00"), NEW_YORK, 1
    )
    for outside in ("2012-12-31T00:00", "2013-04-02T04:00", "2014-01-01T00:00"):
        assert period_containing(listed, at(outside)) is UnassignedReason.NO_PERIOD


def test_listed_boundaries_in_a_gap() -> None:
    """02:30 is moved to 03:30, past the next boundary 03:00: that one waits, and time is tiled."""
    times = ("2013-03-10T01:00", "2013-03-10T02:30", "2013-03-10T03:00", "2013-03-10T05:00")
    calendar = Listed(tuple(datetime.fromisoformat(time) for time in times))
    listed = (Terms(1, at("2000-01-01T00:00"), NEW_YORK, calendar, "standard"),)
    period = period_containing(listed, at("2013-03-10T07:00"))
    assert period == BillingPeriod(at("2013-03-10T06:00"), at("2013-03-10T07:30"), NEW_YORK, 1)
    period = period_containing(listed, at("2013-03-10T07:30"))
    assert period == BillingPeriod(at("2013-03-10T07:30"), at("2013-03-10T09:00"), NEW_YORK, 1)


@pytest.mark.parametrize(
    ("timezone", "cadence", "anchor", "start", "end"),
    [
        ("UTC", "P10D", "2013-01-01", "2013-02-20T00:00", "2013-03-02T00:00"),
        ("UTC", "P2W", "2013-01-07", "2012-12-24T00:00", "2013-01-07T00:00"),
        ("UTC", "P2M", "2013-01-31", "2013-03-31T00:00", "2013-05-31T00:00"),
        ("UTC", "P1M15D", "2013-01-31", "2013-03-15T00:00", "2013-04-30T00:00"),
        # Clamped from the anchor first, then the days: 28 February + 15.
        ("UTC", "P1M15D", "2013-01-31", "2013-01-31T00:00", "2013-03-15T00:00"),
        # A wall-clock anchor: 06:00 of the account's day.
        (NEW_YORK, "month", "2013-01-15T06:00", "2013-02-15T11:00", "2013-03-15T10:00"),
        # Hours are elapsed time: around the change of clocks their wall-clock times move.
        (NEW_YORK, "PT6H", "2013-03-10", "2013-03-10T05:00", "2013-03-10T11:00"),
        (NEW_YORK, "PT6H", "2013-03-10", "2013-03-11T05:00", "2013-03-11T11:00"),
        (NEW_YORK, "P1DT12H", "2013-03-09", "2013-03-09T05:00", "2013-03-10T17:00"),
        ("UTC", "PT1S", "2013-01-01", "2012-12-31T23:59:59", "2013-01-01T00:00:00"),
        ("UTC", "P100Y", "2013-01-01", "1913-01-01T00:00", "2013-01-01T00:00"),
    ],
)
def test_period_of_any_duration(
    timezone: str, cadence: str, anchor: str, start: str, end: str
) -> None:
    """Any ISO 8601 duration from an anchor."""
    check(terms(timezone, cadence, anchor, since="1800-01-01T00:00"), start, end)


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        ("2013-03-09T02:30", "2013-03-10T07:30"),  # skipped: 02:30 becomes 03:30 of summer time
        ("2013-11-02T01:30", "2013-11-03T05:30"),  # twice: the first, still summer time
    ],
)
def test_wall_clock_boundaries_in_gaps_and_repeats(anchor: str, expected: str) -> None:
    """A boundary that does not exist moves forward by the gap; of two the first counts."""
    assert nth(terms(NEW_YORK, "day", anchor), 1) == at(expected)


def test_boundaries_come_from_the_anchor() -> None:
    """The n-th boundary is the same however far it is counted, and the anchor is number 0."""
    monthly = terms("UTC", "month", "2012-01-31")
    assert nth(monthly, 0) == at("2012-01-31T00:00")
    assert nth(monthly, 1) == at("2012-02-29T00:00")
    assert nth(monthly, 13) == at("2013-02-28T00:00")
    assert nth(monthly, -11) == at("2011-02-28T00:00")
    assert nth(monthly, 1200) == at("2112-01-31T00:00")

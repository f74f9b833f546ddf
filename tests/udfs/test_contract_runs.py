"""Which periods an account has between two instants, since when without a gap, and which next."""

from __future__ import annotations

from datetime import datetime

import pytest

from schemas.billing_period import BillingPeriod
from schemas.cadence import Cadence
from schemas.terms import Listed, Recurring, Terms
from tests.udfs.engine import at
from udfs.scheduling import (
    next_period,
    period_containing,
    periods_between,
    run_start_us,
    whole_period,
)

MONTHLY = Recurring(Cadence.MONTH, datetime(2013, 1, 1))
WEEKLY = Recurring(Cadence.WEEK, datetime(2013, 1, 7))
QUARTERS = Listed((datetime(2013, 6, 1), datetime(2013, 7, 1), datetime(2013, 8, 1)))


def terms(version: int, start: str, until: str | None, calendar: Recurring | Listed) -> Terms:
    """Return terms in UTC."""
    until_us = None if until is None else at(until)
    return Terms(version, at(start), "UTC", calendar, "standard", effective_until_us=until_us)


CONTRACTS = (
    terms(1, "2013-01-01T00:00", None, MONTHLY),
    terms(2, "2013-03-01T00:00", "2013-04-10T00:00", WEEKLY),
    terms(3, "2013-05-01T00:00", "2013-05-10T00:00", MONTHLY),
    terms(4, "2013-05-10T00:00", None, QUARTERS),
)


@pytest.mark.parametrize(
    ("instant", "run_start"),
    [
        ("2013-01-05T00:00", "2013-01-01T00:00"),
        ("2013-02-28T00:00", "2013-01-01T00:00"),
        ("2013-04-09T00:00", "2013-01-01T00:00"),
        ("2013-05-01T00:00", "2013-05-01T00:00"),
        ("2013-05-09T00:00", "2013-05-01T00:00"),
        ("2013-06-01T00:00", "2013-06-01T00:00"),
        ("2013-07-31T00:00", "2013-06-01T00:00"),
    ],
)
def test_a_run_goes_back_to_the_last_gap(instant: str, run_start: str) -> None:
    """A change of terms is no gap; a contract that ended, and listed periods to come, are."""
    assert run_start_us(CONTRACTS, at(instant)) == at(run_start)


@pytest.mark.parametrize(
    ("instant", "following"),
    [
        ("2013-01-05T00:00", ("2013-02-01T00:00", "2013-03-01T00:00")),
        ("2013-02-05T00:00", ("2013-03-01T00:00", "2013-03-04T00:00")),
        ("2013-04-09T00:00", None),
        ("2013-05-09T00:00", None),
        ("2013-06-05T00:00", ("2013-07-01T00:00", "2013-08-01T00:00")),
        ("2013-07-05T00:00", None),
    ],
)
def test_the_next_period(instant: str, following: tuple[str, str] | None) -> None:
    """It begins where the other ends; after a run's last one there is none."""
    period = period_containing(CONTRACTS, at(instant))
    assert isinstance(period, BillingPeriod)
    found = next_period(CONTRACTS, period)
    expected = None if following is None else tuple(map(at, following))
    assert (found if found is None else (found.start_us, found.end_us)) == expected


@pytest.mark.parametrize(
    ("since", "until", "starts"),
    [
        ("2012-01-01T00:00", "2013-01-01T00:00", []),
        ("2012-01-01T00:00", "2013-02-02T00:00", ["2013-01-01T00:00", "2013-02-01T00:00"]),
        ("2013-01-31T23:59", "2013-02-01T00:00", ["2013-01-01T00:00"]),
        ("2013-02-01T00:00", "2013-02-01T00:01", ["2013-02-01T00:00"]),
        ("2013-02-01T00:00", "2013-02-01T00:00", []),
        (
            "2013-02-15T00:00",
            "2013-03-06T00:00",
            ["2013-02-01T00:00", "2013-03-01T00:00", "2013-03-04T00:00"],
        ),
        ("2013-04-09T00:00", "2013-05-02T00:00", ["2013-04-08T00:00", "2013-05-01T00:00"]),
        ("2013-04-12T00:00", "2013-06-02T00:00", ["2013-05-01T00:00", "2013-06-01T00:00"]),
        ("2013-05-11T00:00", "2014-01-01T00:00", ["2013-06-01T00:00", "2013-07-01T00:00"]),
        ("2013-08-01T00:00", "2014-01-01T00:00", []),
    ],
)
def test_periods_between_two_instants(since: str, until: str, starts: list[str]) -> None:
    """From the one that holds the first, or comes next; gaps are left out."""
    found = [each.start_us for each in periods_between(CONTRACTS, at(since), at(until))]
    assert found == [at(each) for each in starts]


@pytest.mark.parametrize(
    ("instant", "whole"),
    [
        ("2012-12-31T00:00", None),
        ("2013-02-14T00:00", ("2013-02-01T00:00", "2013-03-01T00:00")),
        ("2013-03-01T00:00", ("2013-02-25T00:00", "2013-03-04T00:00")),
        ("2013-04-09T00:00", ("2013-04-08T00:00", "2013-04-15T00:00")),
        ("2013-04-10T00:00", None),
        ("2013-05-09T00:00", ("2013-05-01T00:00", "2013-06-01T00:00")),
        ("2013-05-10T00:00", None),
        ("2013-07-31T00:00", ("2013-07-01T00:00", "2013-08-01T00:00")),
        ("2013-08-01T00:00", None),
    ],
)
def test_the_whole_period_of_a_stub(instant: str, whole: tuple[str, str] | None) -> None:
    """Boundaries as the calendar has them; outside of all periods there is none."""
    assert whole_period(CONTRACTS, at(instant)) == (whole and tuple(map(at, whole)))

"""Whole lives of accounts: rules and oracle, each on its own code, find the same periods."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from audit.periods import period_of
from audit.shapes import read_terms
from schemas.account import Account, decode_account, encode_account
from schemas.billing_period import BillingPeriod
from schemas.cadence import NAMED_CADENCES, Cadence
from schemas.instant import EPOCH, HOUR_US, MICROSECOND, to_us
from schemas.terms import Listed, Recurring, TakesEffect, Terms
from schemas.usage_row import UnassignedReason
from udfs.scheduling import period_containing, periods_between, whole_period

ZONES = ["UTC", "America/New_York", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia"]
FIRST_HOUR, LAST_HOUR = (
    to_us(datetime(year, 1, 1, tzinfo=UTC)) // HOUR_US for year in (2011, 2014)
)

hours = st.integers(FIRST_HOUR, LAST_HOUR).map(lambda hour: hour * HOUR_US)
wall_clocks = st.datetimes(datetime(2010, 1, 1), datetime(2015, 1, 1)).map(
    lambda moment: moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)
)
cadences = st.sampled_from(
    [
        *NAMED_CADENCES.values(),
        Cadence(days=10),
        Cadence(1, 3, HOUR_US),
        Cadence(time_us=7 * HOUR_US),
    ]
)
calendars = st.builds(Recurring, cadences, wall_clocks) | st.builds(
    Listed, st.sets(wall_clocks, min_size=2, max_size=30).map(lambda each: tuple(sorted(each)))
)


@st.composite
def lives(draw: st.DrawFn) -> Account:
    """Draw an account with up to four terms, in any zones, some of which end."""
    starts = sorted(draw(st.sets(hours, min_size=1, max_size=4)))
    terms = []
    for version, start_us in enumerate(starts, start=1):
        hours_on = draw(st.none() | st.integers(1, 20_000))
        terms.append(
            Terms(
                version,
                start_us,
                draw(st.sampled_from(ZONES)),
                draw(calendars),
                "standard",
                draw(st.sampled_from(TakesEffect)),
                None if hours_on is None else start_us + hours_on * HOUR_US,
            )
        )
    return Account("A", tuple(terms))


def by_the_rules(account: Account, event_us: int) -> str:
    """Return the period, or why there is none, by the product."""
    period = period_containing(account.terms, event_us)
    if isinstance(period, UnassignedReason):
        return str(period)
    start, end = (EPOCH + each * MICROSECOND for each in (period.start_us, period.end_us))
    return f"{start} {end} {period.terms_version} {period.timezone}"


def by_the_oracle(account: Account, event_us: int) -> str:
    """Return the same by the oracle, from the account's record."""
    terms = read_terms(json.loads(encode_account(account))["terms"])
    period = period_of(terms, EPOCH + timedelta(microseconds=event_us))
    if period is None:
        return "no_terms"
    if period.why_not:
        return period.why_not
    return f"{period.start} {period.end} {period.terms.version} {period.terms.timezone}"


@given(lives(), st.lists(hours, min_size=1, max_size=5), st.integers(-1, 1))
def test_rules_and_oracle_find_the_same_periods(
    account: Account, events_us: list[int], around: int
) -> None:
    """For any terms, changes, ends and renewals; at boundaries and just before them too."""
    moments = {each + around for each in events_us}
    for event_us in events_us:
        period = period_containing(account.terms, event_us)
        if not isinstance(period, UnassignedReason):
            moments |= {period.start_us - 1, period.start_us, period.end_us - 1, period.end_us}
    for event_us in sorted(moments):
        assert by_the_rules(account, event_us) == by_the_oracle(account, event_us)


@given(lives())
def test_lives_round_trip(account: Account) -> None:
    """Terms of every shape read back from the record of the topic."""
    assert decode_account(encode_account(account)) == account


@given(lives(), hours, st.integers(0, 3_000), st.sets(hours, max_size=20))
def test_periods_between_are_all_that_there_are(
    account: Account, since_us: int, hours_on: int, instants: set[int]
) -> None:
    """In order, none twice; an instant has a period if, and only if, it is in one of them."""
    until_us = since_us + hours_on * HOUR_US
    found = tuple(periods_between(account.terms, since_us, until_us))
    assert all(one.end_us <= other.start_us for one, other in pairwise(found))
    assert all(each.end_us > since_us and each.start_us < until_us for each in found)
    near = {since_us, *(each.end_us for each in found), *(each.start_us for each in found)}
    for instant_us in instants | near:
        period = period_containing(account.terms, instant_us)
        if since_us <= instant_us < until_us:
            assert (period in found) is isinstance(period, BillingPeriod)
        whole = whole_period(account.terms, instant_us)
        assert (whole is None) is isinstance(period, UnassignedReason)
        if whole is not None and isinstance(period, BillingPeriod):
            assert whole[0] <= period.start_us
            assert period.end_us <= whole[1]

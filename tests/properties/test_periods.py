"""Periods, for any terms in any zone: they tile time, and their boundaries are local midnights."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from schemas.billing_period import BillingPeriod
from schemas.cadence import NAMED_CADENCES, Cadence
from schemas.instant import EPOCH, MICROSECOND, MINUTE_US, to_us
from schemas.terms import Recurring, TakesEffect, Terms
from udfs.scheduling import boundary_us, period_containing, spans_of

# Zones with every trait: no change of clocks, half hours, gaps and folds at midnight, changes of
# standard time, skipped days, both hemispheres, and a change in a leap year's February.
ZONES = [
    "UTC",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Havana",
    "America/Sao_Paulo",
    "America/Toronto",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
]
FIRST_US, LAST_US = (to_us(datetime(year, 1, 1, tzinfo=UTC)) for year in (1975, 2100))

instants = st.integers(FIRST_US, LAST_US)
minutes = st.integers(FIRST_US // MINUTE_US, LAST_US // MINUTE_US).map(lambda n: n * MINUTE_US)
anchors = st.dates(date(1970, 1, 1), date(2105, 12, 31)).map(
    lambda day: datetime(day.year, day.month, day.day)
)
CADENCES = [NAMED_CADENCES[name] for name in sorted(NAMED_CADENCES)]
terms = st.builds(
    Terms,
    version=st.integers(1, 9),
    effective_from_us=st.just(FIRST_US),
    timezone=st.sampled_from(ZONES),
    calendar=st.builds(Recurring, st.sampled_from(CADENCES), anchors),
    plan=st.just("standard"),
    takes_effect=st.sampled_from(TakesEffect),
)


def check_tiling(which: Terms, event_us: int, data: st.DataObject) -> BillingPeriod:
    """Check that an event's period is that of all its instants, and meets the next one."""
    period = period_containing((which,), event_us)
    assert isinstance(period, BillingPeriod)
    assert period.start_us <= event_us < period.end_us
    other_us = data.draw(st.integers(period.start_us, period.end_us - 1))
    assert period_containing((which,), other_us) == period
    after = period_containing((which,), period.end_us)
    assert isinstance(after, BillingPeriod)
    assert after.start_us == period.end_us
    return period


@given(terms, instants, st.data())
def test_periods_tile_time(which: Terms, event_us: int, data: st.DataObject) -> None:
    """Each instant has one period, all instants of a period have the same, neighbours touch."""
    period = check_tiling(which, event_us, data)
    if period.start_us > FIRST_US:
        before = period_containing((which,), period.start_us - 1)
        assert isinstance(before, BillingPeriod)
        assert before.end_us == period.start_us


@given(terms, st.integers(-600, 600))
def test_boundaries_are_local_midnights(which: Terms, n: int) -> None:
    """A boundary shows 00:00 on the wall, for the first time; or the zone skips that midnight."""
    boundary = nth(which, n)
    zone = ZoneInfo(which.timezone)
    wall = (EPOCH + boundary * MICROSECOND).astimezone(zone)
    expected = naive_date(which, n)
    if wall.date() == expected and wall.hour == wall.minute == 0:
        assert wall.fold == 0
        return
    before = (EPOCH + (boundary - 1) * MICROSECOND).astimezone(zone)
    midnight = datetime(expected.year, expected.month, expected.day, tzinfo=zone)
    later = midnight.replace(fold=1).utcoffset()
    earlier = midnight.utcoffset()
    assert later is not None
    assert earlier is not None
    # Skipped: the offsets on both sides differ, and the wall shows midnight plus the gap.
    assert later > earlier
    assert wall.replace(tzinfo=None) == midnight.replace(tzinfo=None) + (later - earlier)
    assert before.date() <= wall.date()


@given(terms, st.integers(-600, 600))
def test_boundaries_never_go_back(which: Terms, n: int) -> None:
    """Each boundary is at or after the one before it."""
    boundaries = [nth(which, each) for each in range(n, n + 14)]
    assert all(a <= b for a, b in pairwise(boundaries))


@given(terms, terms, minutes.filter(lambda each: each > FIRST_US), instants)
def test_terms_share_no_instant(first: Terms, last: Terms, change_us: int, event_us: int) -> None:
    """With several terms each event goes by one; no period of the new ones starts before them."""
    both = (
        first,
        replace(last, version=10, effective_from_us=change_us),
    )
    period = period_containing(both, event_us)
    assert isinstance(period, BillingPeriod)
    assert period.start_us <= event_us < period.end_us
    start_us = spans_of(both)[1].start_us
    assert period.terms_version == (10 if event_us >= start_us else first.version)
    assert period.start_us >= start_us if period.terms_version == 10 else period.end_us <= start_us
    if last.takes_effect is TakesEffect.AT_ONCE:
        assert start_us == change_us
    else:
        old = period_containing((first,), change_us)
        assert isinstance(old, BillingPeriod)
        assert start_us == (change_us if old.start_us == change_us else old.end_us)


def nth(which: Terms, n: int) -> int:
    """Return the n-th boundary."""
    assert isinstance(which.calendar, Recurring)
    return boundary_us(which.timezone, which.calendar, n)


def naive_date(which: Terms, n: int) -> date:
    """Count boundaries one by one along the calendar: slow, and nothing to do with the code."""
    assert isinstance(which.calendar, Recurring)
    anchor, cadence = which.calendar.anchor.date(), which.calendar.cadence
    if cadence.days:
        return date.fromordinal(anchor.toordinal() + n * cadence.days)
    first = anchor.replace(day=1)
    for _ in range(abs(n) * cadence.months):
        first = (first + timedelta(days=31) if n > 0 else first - timedelta(days=1)).replace(day=1)
    return first.replace(day=min(anchor.day, monthrange(first.year, first.month)[1]))


any_cadences = st.builds(
    Cadence,
    months=st.integers(0, 30),
    days=st.integers(0, 400),
    time_us=st.integers(0, 100_000).map(lambda minutes: minutes * MINUTE_US),
).filter(lambda cadence: cadence != Cadence())
clock_anchors = st.datetimes(datetime(1970, 1, 1), datetime(2105, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)


@given(any_cadences, clock_anchors, st.sampled_from(ZONES), instants, st.data())
def test_periods_of_any_duration_tile_time(
    cadence: Cadence, anchor: datetime, timezone: str, event_us: int, data: st.DataObject
) -> None:
    """Whatever the cadence and the time of day of the anchor."""
    which = Terms(1, FIRST_US, timezone, Recurring(cadence, anchor), "standard")
    check_tiling(which, event_us, data)

"""Which billing period an instant falls in.

Every boundary is counted from the anchor, never from the boundary before it, so a month that had
to be clamped (anchor day 31) does not shorten the ones after it, and no error adds up. A boundary
is midnight on the account's wall clock: days have 23, 24 or 25 hours. A midnight that the zone
skips moves forward by the gap; of one that occurs twice the first counts.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas.account import Cadence, Terms
from schemas.billing_period import BillingPeriod
from schemas.instant import DAY_US, EPOCH, MICROSECOND, to_us

_DAYS = {Cadence.DAY: 1, Cadence.WEEK: 7}
_MONTHS = {Cadence.MONTH: 1, Cadence.QUARTER: 3, Cadence.HALF_YEAR: 6, Cadence.YEAR: 12}


def period_containing(terms: tuple[Terms, ...], event_us: int) -> BillingPeriod | None:
    """Return the billing period of an event.

    The last terms in effect at the event decide. Their first period is a stub: it starts when the
    terms take effect and ends at the next boundary counted from the anchor.

    Args:
        terms: The account's terms, ordered by `effective_from_us`.
        event_us: Event time; for a row of usage the start of its minute.

    Returns:
        The period with `start_us <= event_us < end_us`; None before the first terms.
    """
    for candidate in reversed(terms):
        if candidate.effective_from_us <= event_us:
            break
    else:
        return None
    for period in _periods_on(candidate, event_us // DAY_US):
        if event_us < period.end_us:
            return period
    raise AssertionError(f"no period of {candidate} contains {event_us}")


def boundary_us(terms: Terms, n: int) -> int:
    """Return the n-th period boundary, counted from the anchor (n = 0; before it n < 0).

    Returns:
        The instant of midnight, local to the terms' zone, on the boundary's date.

    Raises:
        OverflowError, ValueError: The date is outside the years 1 to 9999.
    """
    day = _boundary_date(terms, n)
    # fold=0 is the rule for both changes of clocks (PEP 495): it reads a wall-clock time that
    # does not exist with the offset before the gap, and one that occurs twice as the first.
    return to_us(datetime(day.year, day.month, day.day, fold=0, tzinfo=ZoneInfo(terms.timezone)))


# A day of UTC holds parts of one or two periods, three around a change of clocks. The hot path
# asks twice per row, and its rows lie on few days.
@lru_cache(maxsize=65_536)
def _periods_on(terms: Terms, utc_day: int) -> tuple[BillingPeriod, ...]:
    """Return the periods that share an instant with a day of UTC, in order."""
    day_start_us, day_end_us = utc_day * DAY_US, (utc_day + 1) * DAY_US
    # One more, as the local date can be ahead of UTC's.
    n = _index_near(terms, day_start_us) + 1
    while boundary_us(terms, n) > day_start_us:
        n -= 1
    periods = []
    start_us = boundary_us(terms, n)
    while start_us < day_end_us:
        n += 1
        end_us = boundary_us(terms, n)
        stub_us = max(start_us, terms.effective_from_us)
        periods.append(BillingPeriod(stub_us, end_us, terms.timezone, terms.version))
        start_us = end_us
    return tuple(periods)


def _index_near(terms: Terms, instant_us: int) -> int:
    """Return the index of a boundary near the instant; the caller steps on from it."""
    day = (EPOCH + instant_us * MICROSECOND).date()
    if terms.cadence in _DAYS:
        return (day - terms.anchor).days // _DAYS[terms.cadence]
    months = (day.year - terms.anchor.year) * 12 + day.month - terms.anchor.month
    return months // _MONTHS[terms.cadence]


def _boundary_date(terms: Terms, n: int) -> date:
    """Return the local date of the n-th boundary; a day the month lacks becomes its last."""
    anchor = terms.anchor
    if terms.cadence in _DAYS:
        return anchor + n * timedelta(days=_DAYS[terms.cadence])
    years, month_index = divmod(anchor.month - 1 + n * _MONTHS[terms.cadence], 12)
    year, month = anchor.year + years, month_index + 1
    return date(year, month, min(anchor.day, monthrange(year, month)[1]))

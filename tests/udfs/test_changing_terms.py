"""Changes of terms, ends of contracts and renewals: no gap that is not meant, and no overlap."""

from __future__ import annotations

from datetime import datetime

from schemas.billing_period import BillingPeriod
from schemas.cadence import Cadence
from schemas.terms import Recurring, TakesEffect, Terms
from schemas.usage_row import UnassignedReason
from tests.udfs.engine import at
from udfs.scheduling import period_containing, spans_of

NEW_YORK = "America/New_York"
MONTHLY = Recurring(Cadence.MONTH, datetime(2013, 1, 1))
FIRST = Terms(1, at("2000-01-01T00:00"), "UTC", MONTHLY, "standard")
WEEKLY = Recurring(Cadence.WEEK, datetime(2013, 1, 7))


def changed(since: str, takes_effect: TakesEffect, until: str | None = None) -> tuple[Terms, ...]:
    """Return calendar months in UTC, changed to weeks of New York."""
    until_us = None if until is None else at(until)
    new = Terms(2, at(since), NEW_YORK, WEEKLY, "gold", takes_effect, until_us)
    return FIRST, new


def spans(which: tuple[Terms, ...]) -> list[tuple[int, int, int | None]]:
    """Return version, start and end of each span."""
    return [(each.terms.version, each.start_us, each.end_us) for each in spans_of(which)]


def test_a_change_waits_for_the_next_boundary_of_the_old_terms() -> None:
    """The old period ends where it would have; the new terms begin there, with a stub."""
    both = changed("2013-03-10T12:00", TakesEffect.NEXT_BOUNDARY)
    change_us = at("2013-04-01T00:00")
    assert period_containing(both, change_us - 1) == BillingPeriod(
        at("2013-03-01T00:00"), change_us, "UTC", 1
    )
    assert period_containing(both, change_us) == BillingPeriod(
        change_us, at("2013-04-01T04:00"), NEW_YORK, 2
    )


def test_a_change_on_a_boundary_waits_for_no_other() -> None:
    """Terms from a boundary on hold from there."""
    both = changed("2013-04-01T00:00", TakesEffect.NEXT_BOUNDARY)
    assert spans_of(both)[1].start_us == at("2013-04-01T00:00")


def test_a_change_at_once_ends_the_period_there() -> None:
    """No gap and no overlap: the old period becomes a stub that ends where the new one begins."""
    both = changed("2013-03-10T12:00", TakesEffect.AT_ONCE)
    change_us = at("2013-03-10T12:00")
    assert period_containing(both, change_us - 1) == BillingPeriod(
        at("2013-03-01T00:00"), change_us, "UTC", 1
    )
    assert period_containing(both, change_us) == BillingPeriod(
        change_us, at("2013-03-11T04:00"), NEW_YORK, 2
    )


def test_a_contract_ends_with_a_stub() -> None:
    """The last period ends with the contract; usage after it has no period, but a reason."""
    both = changed("2013-04-01T00:00", TakesEffect.NEXT_BOUNDARY, until="2013-04-10T06:00")
    end_us = at("2013-04-10T06:00")
    assert period_containing(both, end_us - 1) == BillingPeriod(
        at("2013-04-08T04:00"), end_us, NEW_YORK, 2
    )
    assert period_containing(both, end_us) is UnassignedReason.CONTRACT_ENDED


def test_a_contract_that_is_renewed_later_has_a_gap() -> None:
    """Between two contracts usage has no period; the renewal begins at once, with a stub."""
    ended = Terms(
        1,
        FIRST.effective_from_us,
        "UTC",
        MONTHLY,
        "standard",
        effective_until_us=at("2013-04-10T00:00"),
    )
    renewed = Terms(2, at("2013-06-20T00:00"), "UTC", MONTHLY, "standard")
    both = (ended, renewed)
    assert period_containing(both, at("2013-05-01T00:00")) is UnassignedReason.CONTRACT_ENDED
    assert period_containing(both, at("2013-06-20T00:00")) == BillingPeriod(
        at("2013-06-20T00:00"), at("2013-07-01T00:00"), "UTC", 2
    )


def test_terms_overtaken_before_they_began_never_hold() -> None:
    """Two changes in one period: the later one holds from the boundary both waited for."""
    first, second = changed("2013-03-10T12:00", TakesEffect.NEXT_BOUNDARY)
    third = Terms(3, at("2013-03-20T00:00"), "UTC", MONTHLY, "silver")
    boundary = at("2013-04-01T00:00")
    assert spans((first, second, third)) == [
        (1, first.effective_from_us, boundary),
        (3, boundary, None),
    ]

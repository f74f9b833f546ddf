"""What a run adds for one account: which periods are due, and what is taken back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.account_pricing import PeriodUsage
from schemas.contract import CreditGrant, Discount, FxRate, OneOffFee
from schemas.instant import HOUR_US
from schemas.price_model import Dynamic
from schemas.rate_card import MeterPrice, Proration, RecurringFee
from schemas.terms import TakesEffect
from tests.udfs.charged_accounts import (
    APRIL,
    CARD,
    CONTRACT,
    FEBRUARY,
    FEES,
    JANUARY,
    MARCH,
    START,
    account,
    price,
    rules,
    sums,
    used,
)
from tests.udfs.pricing.stating import at
from tests.udfs.schedules import monthly
from udfs.charging_accounts import charge_account
from udfs.segmenting import UnknownTermsError

D = Decimal


def test_fees_of_an_account_without_usage() -> None:
    """In advance when the period has begun, in arrears when it has closed: an hour after it."""
    first = {("01-01", "02-01", "desk"): 3100}
    assert price(account(), "2026-01-01") == ()
    assert sums(price(account(), "2026-01-01T00:00:00.000001")) == first
    assert sums(price(account(), "2026-02-01")) == first
    begun = first | {("02-01", "03-01", "desk"): 3100}
    assert sums(price(account(), "2026-02-01T00:59:59.999999")) == begun
    closed = begun | {("01-01", "02-01", "support"): 1000}
    assert sums(price(account(), "2026-02-01T01:00:00")) == closed


def test_a_period_that_starts_before_the_contract_is_not_due() -> None:
    """Its usage, if there is any, stops the run instead of being free."""
    later = replace(CONTRACT, effective_from_us=at("2026-01-10"))
    assert sums(price(account(contracts=(later,)), "2026-02-02")) == {
        ("02-01", "03-01", "desk"): 3100
    }
    known = account(contracts=(later,), usage=(used(JANUARY, FEBRUARY, 1),))
    with pytest.raises(UnknownTermsError, match="account acme, from 2026-01-01T00:00:00Z"):
        price(known, "2026-02-02")
    assert price(account(contracts=()), "2026-02-02") == ()


@pytest.mark.parametrize("until", ["2026-01-20", "2026-03-05"])
def test_what_the_terms_no_longer_have_is_taken_back(until: str) -> None:
    """The contract ended before the month it was charged for: only 9 of 31 days are due."""
    before = price(account(), "2026-01-02")
    ended = replace(monthly(START), effective_until_us=at("2026-01-10"))
    after = price(account(ended, before=before), until, "2026-03-06")
    assert sums(after) == {
        ("01-01", "01-10", "desk"): 900,
        ("01-01", "01-10", "support"): 290,
    }


def test_an_end_of_the_contract_before_all_charges_takes_all_back() -> None:
    """There is no plan at that time any more, and none is needed."""
    before = price(account(), "2026-01-02", "2026-02-02")
    gone = replace(monthly(MARCH), version=2)
    after = price(account(gone, before=before), "2026-02-03")
    assert sums(after) == {}
    assert {each.currency for each in after} == {"USD"}


def test_what_was_closed_stays_closed() -> None:
    """Meters that have more grace by now take nothing back, and correct nothing."""
    known = account(usage=(used(JANUARY, FEBRUARY, 7),))
    before = price(known, "2026-02-01T02:00:00")
    assert price(replace(known, before=before), "2026-02-01T03:00:00", grace_us=9 * HOUR_US) == (
        before
    )


def test_a_correction_is_due_with_the_open_period() -> None:
    """And of an account whose terms have ended, at once."""
    before = price(account(usage=(used(JANUARY, FEBRUARY, 7),)), "2026-02-02")
    corrected = account(usage=(used(JANUARY, FEBRUARY, 8),), before=before)
    (added,) = charge_account(rules("2026-02-20"), corrected)
    assert (added.revision, added.amount_minor, added.due_us) == (1, 200, MARCH)
    ended = replace(monthly(START), effective_until_us=MARCH)
    corrected = replace(corrected, terms=(ended,), before=(*before, added))
    known = replace(corrected, usage=(used(JANUARY, FEBRUARY, 9),))
    added = charge_account(rules("2026-03-20"), known)[0]
    assert (added.revision, added.amount_minor, added.due_us) == (2, 200, at("2026-03-20"))


def test_a_coupon_of_two_periods_counts_periods() -> None:
    """From the one that holds its instant on, used or not."""
    coupon = Discount("coupon", None, D(5), (), at("2026-02-14"), 2)
    known = account(contracts=(replace(CONTRACT, discounts=(coupon,)),))
    found = sums(price(known, "2026-06-02"))
    assert [name for name in found if name[2] == "coupon"] == [
        ("02-01", "03-01", "coupon"),
        ("03-01", "04-01", "coupon"),
    ]


def test_credit_is_drawn_in_the_order_of_periods() -> None:
    """Of 50.00 January takes 41.00, February the rest; nothing before it is granted."""
    grant = CreditGrant("g", "acme", "USD", D(50), at("2026-01-31"), None)
    late = CreditGrant("late", "acme", "USD", D(1), APRIL, None)
    euro = CreditGrant("euro", "acme", "EUR", D(1), START, None)
    found = sums(price(account(grants=(late, grant, euro)), "2026-03-31T12:00:00"))
    assert {name: minor for name, minor in found.items() if name[2] not in ("desk", "support")} == {
        ("01-01", "02-01", "g"): -4100,
        ("02-01", "03-01", "g"): -900,
    }


def test_credit_that_was_drawn_stays_drawn() -> None:
    """February drew the rest: January, which costs more by now, finds none; less gives it back."""
    grant = CreditGrant("g", "acme", "USD", D(50), START, None)
    before = price(account(grants=(grant,), usage=(used(JANUARY, FEBRUARY, 0),)), "2026-03-02")
    more = account(grants=(grant,), usage=(used(JANUARY, FEBRUARY, 3),), before=before)
    assert [each.line_id for each in charge_account(rules("2026-03-03"), more)] == ["calls"]
    less = account(grants=(grant,), usage=(used(JANUARY, FEBRUARY, -2),), before=before)
    added = charge_account(rules("2026-03-03"), less)
    assert [(each.line_id, each.amount_minor) for each in added] == [
        ("g", 400),
        ("calls", -400),
        ("g", -400),
    ]


def test_credit_that_is_given_back_pays_for_periods_before() -> None:
    """In the same run: of 60.00 February drew 19.00, owes 11.00 by now, and January the rest."""
    grant = CreditGrant("g", "acme", "USD", D(60), START, None)
    usage = (used(JANUARY, FEBRUARY, 0), used(FEBRUARY, MARCH, 0))
    before = price(account(grants=(grant,), usage=usage), "2026-03-02")
    usage = (used(JANUARY, FEBRUARY, 5), used(FEBRUARY, MARCH, -15))
    after = price(account(grants=(grant,), usage=usage, before=before), "2026-03-03")
    assert {name: minor for name, minor in sums(after).items() if name[2] == "g"} == {
        ("01-01", "02-01", "g"): -4900,
        ("02-01", "03-01", "g"): -1100,
    }
    assert price(account(grants=(grant,), usage=usage, before=after), "2026-03-04") == after


def test_credit_that_expires_within_a_period_pays_nothing_of_it() -> None:
    """It pays as long as it is there when the period ends."""
    grant = CreditGrant("g", "acme", "USD", D(500), START, at("2026-02-28"))
    found = sums(price(account(grants=(grant,)), "2026-03-02"))
    assert [name for name in found if name[2] == "g"] == [("01-01", "02-01", "g")]


def test_a_one_off_fee_is_charged_once_with_its_period() -> None:
    """An instant at a boundary is of the period that starts there."""
    fees = tuple(
        OneOffFee(name, "acme", "desks", "USD", D(7), instant)
        for name, instant in (("b", FEBRUARY), ("a", FEBRUARY - 1))
    )
    found = price(account(one_off_fees=fees), "2026-02-02", "2026-03-02", "2026-04-02")
    once = [(each.line_id, each.period_start_us) for each in found if each.line_id in ("a", "b")]
    assert once == [("a", JANUARY), ("b", FEBRUARY)]


def test_a_one_off_fee_of_a_gap_comes_with_the_next_period() -> None:
    """The contract begins on 10 January, its first period in February: nothing is lost."""
    signed = replace(CONTRACT, effective_from_us=at("2026-01-10"))
    fee = OneOffFee("setup", "acme", "desks", "USD", D(7), at("2026-01-10"))
    known = account(contracts=(signed,), one_off_fees=(fee,))
    assert ("02-01", "03-01", "setup") not in sums(price(known, "2026-02-02"))
    found = sums(price(known, "2026-02-02", "2026-03-02", "2026-04-02"))
    assert {name: minor for name, minor in found.items() if name[2] == "setup"} == {
        ("02-01", "03-01", "setup"): 700
    }


def test_the_rate_of_exchange_is_that_of_the_last_day() -> None:
    """Of the period, in the account's zone: 31 January in New York ends at 05:00 in UTC."""
    price_in_euro = MeterPrice("calls", "calls", "calls", Dynamic("EUR"))
    card = replace(CARD, prices=(price_in_euro,), fees=())
    days = {"2026-01-31": "1.25", "2026-02-01": "9"}
    fx = {
        (day, quote): [FxRate(day, "CHF", quote, D(7)), FxRate(day, "EUR", quote, D(rate))]
        for day, rate in days.items()
        for quote in ("USD", "GBP")
    }
    start_us, end_us = at("2026-01-01T05:00:00"), at("2026-02-01T05:00:00")
    usage = used(start_us, end_us, 8)
    local = PeriodUsage((replace(usage.totals[0], timezone="America/New_York"),))
    known = account(monthly(START, "America/New_York"), usage=(local,))
    found = price(known, "2026-02-02", cards=(card,), fx_rates=fx)
    assert [(each.amount_minor, each.timezone) for each in found] == [(1000, "America/New_York")]


def test_a_stub_costs_its_share_of_the_whole_period() -> None:
    """Terms that begin on 25 January have 7 of 31 days; without proration all is due."""
    whole = RecurringFee("once", "once", D(5), proration=Proration.NONE)
    card = replace(CARD, fees=(*FEES, whole))
    terms = replace(monthly(at("2026-01-25")), takes_effect=TakesEffect.AT_ONCE)
    found = sums(price(account(terms), "2026-02-01T01:00:00", cards=(card,)))
    assert found == {
        ("01-25", "02-01", "desk"): 700,
        ("01-25", "02-01", "once"): 500,
        ("01-25", "02-01", "support"): 226,
        ("02-01", "03-01", "desk"): 3100,
    }

"""An account is charged by the terms, discounts and credit that hold for each of its periods."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.contract import CreditGrant, Discount, FxRate, OneOffFee
from schemas.instant import DAY_US
from schemas.price_model import Dynamic
from tests.udfs.charged_accounts import (
    APRIL,
    CARD,
    CONTRACT,
    FEBRUARY,
    FEES,
    JANUARY,
    MARCH,
    START,
    D,
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

TWO_CARDS = (CARD, replace(CARD, version=2, effective_from_us=JANUARY + 15 * DAY_US))


def test_each_period_has_the_plan_of_its_terms() -> None:
    """Another plan from February on: its fee is that of the card which it names."""
    other = replace(CARD, card_id="gold", prices=(), fees=(replace(FEES[0], amount=D(56)),))
    asked = rules("2026-03-01")
    asked = replace(asked, cards={**asked.cards, ("gold", "USD"): (other,)})
    gold = replace(monthly(FEBRUARY), version=2, plan="gold")
    assert sums(charge_account(asked, account(monthly(START), gold))) == {
        ("01-01", "02-01", "desk"): 3100,
        ("01-01", "02-01", "support"): 1000,
        ("02-01", "03-01", "desk"): 5600,
    }


def test_usage_of_a_period_that_the_terms_no_longer_have_is_priced() -> None:
    """By its own length, and by the card of the contract, as it has no plan."""
    usage = (used(JANUARY, FEBRUARY, 7),)
    contracts = (replace(CONTRACT, card_id="standard"),)
    terms = replace(monthly(APRIL), version=2)
    found = price(account(terms, usage=usage, contracts=contracts), "2026-03-02")
    assert sums(found) == {
        ("01-01", "02-01", "calls"): 1400,
        ("01-01", "02-01", "desk"): 3100,
        ("01-01", "02-01", "support"): 1000,
    }
    with pytest.raises(UnknownTermsError, match="expected a rate card, found none in version 1"):
        price(account(terms, usage=usage), "2026-03-02")


def test_a_period_that_is_longer_than_by_its_terms_costs_no_more_than_a_whole_one() -> None:
    """Usage of two months, closed under other terms, has each fee once."""
    found = price(account(usage=(used(JANUARY, MARCH, 7),)), "2026-03-02")
    assert sums(found)["01-01", "03-01", "desk"] == 3100


def test_a_period_without_usage_has_the_zone_of_its_terms() -> None:
    """Also the last one before another zone, and what is taken back keeps its own."""
    west = monthly(START, "America/New_York")
    end_us = at("2026-02-01T05:00:00")
    changed = replace(monthly(end_us), version=2)
    found = price(account(west, changed), "2026-02-02")
    assert {each.timezone for each in found if each.period_start_us < end_us} == {
        "America/New_York"
    }
    gone = charge_account(rules("2026-02-03"), account(monthly(APRIL), before=found))
    assert {each.period_start_us: each.timezone for each in gone} == {
        each.period_start_us: each.timezone for each in found
    }
    assert {each.account_id for each in gone} == {"acme"}


def test_a_one_off_fee_at_the_end_of_a_contract_comes_with_the_next() -> None:
    """Its instant lies in the gap, so it is of the period after it."""
    ended = replace(monthly(START), effective_until_us=FEBRUARY)
    renewed = replace(monthly(MARCH), version=2)
    fees = tuple(
        OneOffFee(name, "acme", "desks", "USD", D(7), FEBRUARY + late)
        for name, late in (("b", 0), ("a", 5))
    )
    found = price(account(ended, renewed, one_off_fees=fees), "2026-04-02")
    once = [(each.line_id, each.period_start_us) for each in found if each.line_id in ("a", "b")]
    assert once == [("a", MARCH), ("b", MARCH)]


def test_discounts_hold_from_their_period_on() -> None:
    """For ever or for so many periods; one that has not begun hides no other."""
    discounts = tuple(
        Discount(name, None, D(1), (), since_us, periods)
        for name, since_us, periods in (
            ("later", MARCH, None),
            ("once", at("2026-02-14"), 1),
            ("ever", START, None),
        )
    )
    known = account(contracts=(replace(CONTRACT, discounts=discounts),))
    found = sums(price(known, "2026-04-01T12:00:00"))
    assert {
        name: minor for name, minor in found.items() if name[2] in ("later", "once", "ever")
    } == {
        ("01-01", "02-01", "ever"): -100,
        ("02-01", "03-01", "ever"): -100,
        ("02-01", "03-01", "once"): -100,
        ("03-01", "04-01", "ever"): -100,
        ("03-01", "04-01", "later"): -100,
        ("04-01", "05-01", "ever"): -100,
        ("04-01", "05-01", "later"): -100,
    }


def test_credit_that_is_given_back_to_the_last_cent_pays_for_periods_before() -> None:
    """February draws nothing any more, and January takes all."""
    grant = CreditGrant("g", "acme", "USD", D(60), START, None)
    usage = (used(JANUARY, FEBRUARY, 0), used(FEBRUARY, MARCH, 0))
    before = price(account(grants=(grant,), usage=usage), "2026-03-02")
    usage = (used(JANUARY, FEBRUARY, 10), used(FEBRUARY, MARCH, -21))
    after = price(account(grants=(grant,), usage=usage, before=before), "2026-03-03")
    assert {name: minor for name, minor in sums(after).items() if name[2] == "g"} == {
        ("01-01", "02-01", "g"): -6000
    }


def test_usage_of_an_open_period_is_not_looked_at() -> None:
    """Its windows need not be there yet where a price changes."""
    known = account(usage=(used(JANUARY, FEBRUARY, 8),))
    assert sums(price(known, "2026-01-20", cards=TWO_CARDS)) == {("01-01", "02-01", "desk"): 3100}


def test_the_rate_of_exchange_is_that_of_the_last_microsecond() -> None:
    """A contract that ends one after midnight has its last period on that day."""
    ended = replace(monthly(START), effective_until_us=FEBRUARY + 1)
    card = replace(CARD, prices=(replace(CARD.prices[0], model=Dynamic("EUR")),), fees=())
    days = {"2026-01-31": "9", "2026-02-01": "1.25"}
    fx = {(day, "USD"): (FxRate(day, "EUR", "USD", D(rate)),) for day, rate in days.items()}
    known = account(ended, usage=(used(FEBRUARY, FEBRUARY + 1, 8),))
    found = price(known, "2026-02-02", cards=(card,), fx_rates=fx)
    assert [each.amount_minor for each in found] == [1000]

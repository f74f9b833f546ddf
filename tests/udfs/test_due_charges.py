"""When charges are due, and what other parties get of them."""

import json
from dataclasses import replace

import pytest

from schemas.rate_card import Due, PartyShare, RecurringFee
from tests.udfs.pricing.stating import (
    D,
    at,
    card,
    contract,
    credit,
    cut,
    discount,
    month,
    period_of,
    price,
    used,
)
from tests.udfs.revising import FIRST, LATER, charge, shown
from udfs.charging import ChargeRun

CALLS = card(price("calls", "2"))
ADVANCE = (RecurringFee("base", "plan", D(30), Due.ADVANCE),)
ARREARS = (RecurringFee("base", "plan", D(30)),)
TEN = ((discount("ten", "10%"), 1),)
BOTH = replace(CALLS, fees=(*ADVANCE, replace(ARREARS[0], fee_id="support")))


def test_what_is_due_when() -> None:
    """A fee in advance at the period's start, all else at its end, in one run or in two."""
    assert shown(charge(month(BOTH, used("calls", "3")))) == [
        "recurring_fee base 0 3000 = 3000, 2026-04-01",
        "recurring_fee support 0 3000 = 3000, 2026-05-01",
        "usage calls 0 600 = 600, 2026-05-01",
    ]
    first = charge(replace(month(BOTH), is_closed=False))
    assert shown(first) == ["recurring_fee base 0 3000 = 3000, 2026-04-01"]
    assert shown(charge(month(BOTH, used("calls", "3")), first)) == [
        "recurring_fee support 0 3000 = 3000, 2026-05-01",
        "usage calls 0 600 = 600, 2026-05-01",
    ]


def test_the_close_adds_to_lines_of_the_opening_in_the_same_invoice() -> None:
    """Discount, trial and credit of a fee in advance grow by those of usage when that is due."""
    rates = replace(card(price("plan", "2")), fees=ADVANCE)
    before = month(rates, discount_periods=TEN, credits=(credit("paid", 9000),), is_closed=False)
    first = charge(before)
    assert shown(first) == [
        "credit paid 0 -2700 = -2700, 2026-04-01",
        "discount ten 0 -300 = -300, 2026-04-01",
        "recurring_fee base 0 3000 = 3000, 2026-04-01",
    ]
    drawn = (credit("paid", 9000, 2700),)
    closed = replace(before, is_closed=True, usage=(used("plan", "5"),), credits=drawn)
    assert shown(charge(closed, first)) == [
        "credit paid 1 -900 = -3600, 2026-05-01",
        "discount ten 1 -100 = -400, 2026-05-01",
        "usage plan 0 1000 = 1000, 2026-05-01",
    ]


def test_a_change_before_the_close_is_due_at_once() -> None:
    """Seats from the 16th on: less of the old line and a new one, in the same invoice."""
    rates = card(fees=(replace(ADVANCE[0], per_seat=True),))
    old, new = (contract(version=each, seats=(("base", each),)) for each in (1, 2))
    first = charge(replace(month(rates, contract=old), is_closed=False))
    changed = cut(("2026-04-01", rates, old), ("2026-04-16", rates, new))
    second = charge(period_of(changed, is_closed=False), first)
    assert shown(second) == [
        "recurring_fee base 1 -1500 = 1500, 2026-04-01",
        "recurring_fee base 0 3000 = 3000, 2026-04-01",
    ]
    # The close changes nothing more, and what corrects it later is due later.
    assert charge(period_of(changed), [*first, *second]) == ()


def test_what_comes_after_the_close_is_due_in_the_open_period() -> None:
    """New lines, too, and nothing before what it corrects."""
    before = charge(month(CALLS, used("calls", "3")))
    rates = replace(CALLS, fees=ADVANCE)
    added = charge(month(rates, used("calls", "4")), before, LATER)
    assert shown(added) == [
        "recurring_fee base 0 3000 = 3000, 2026-07-01",
        "usage calls 1 200 = 800, 2026-07-01",
    ]
    again = charge(month(rates, used("calls", "5")), [*before, *added], FIRST)
    assert shown(again) == ["usage calls 2 200 = 1000, 2026-07-01"]


def test_what_the_close_adds_to_a_fee_in_advance_is_due_at_the_end() -> None:
    """More seats are known only then: the opening has its own invoice."""
    rates = card(fees=(replace(ADVANCE[0], per_seat=True),))
    old, new = (contract(version=each, seats=(("base", each),)) for each in (1, 2))
    first = charge(replace(month(rates, contract=old), is_closed=False))
    assert shown(charge(month(rates, contract=new), first)) == [
        "recurring_fee base 1 3000 = 6000, 2026-05-01"
    ]


def test_usage_is_due_at_the_end_whatever_its_price_is_called() -> None:
    """A price and a fee in advance may have one id."""
    rates = replace(card(price("base", "2")), fees=ADVANCE)
    assert shown(charge(month(rates, used("base", "3")))) == [
        "recurring_fee base 0 3000 = 3000, 2026-04-01",
        "usage base 0 600 = 600, 2026-05-01",
    ]


def test_no_correction_is_due_before_its_period_ends() -> None:
    """Also of a line that is new, where corrections would be due before."""
    before = charge(month(CALLS, used("calls", "3")))
    rates = replace(CALLS, fees=ADVANCE)
    early = ChargeRun("early", at("2026-04-15"))
    assert shown(charge(month(rates, used("calls", "3")), before, early)) == [
        "recurring_fee base 0 3000 = 3000, 2026-05-01"
    ]


def test_a_fee_that_becomes_one_in_advance_is_so_from_then_on() -> None:
    """The version that holds decides when its part is due."""
    second = replace(CALLS, version=2, fees=ADVANCE)
    first = replace(CALLS, fees=ARREARS)
    halves = cut(("2026-04-01", first), ("2026-04-16", second))
    assert shown(charge(period_of(halves))) == [
        "recurring_fee base 0 1500 = 1500, 2026-05-01",
        "recurring_fee base 0 1500 = 1500, 2026-04-01",
    ]


# Shares of parties, and what they get of 10.01, 0.01 and of -10.01 dollars.
PAYOUTS = [
    ({"seller": "0.7"}, ({"seller": 701}, {"seller": 1}, {"seller": -701})),  # 700.7; 0.7
    ({"b": "0.5", "a": "0.5"}, ({"a": 501, "b": 500}, {"a": 1}, {"a": -501, "b": -500})),
    ({"b": "0.1", "a": "0.2"}, ({"a": 200, "b": 100}, {}, {"a": -200, "b": -100})),  # 200.2; 100.1
    (
        {"d": "0.1", "c": "0.1", "b": "0.1", "a": "0.1"},
        (
            {"a": 100, "b": 100, "c": 100, "d": 100},
            {},
            {"a": -100, "b": -100, "c": -100, "d": -100},
        ),
    ),
    ({"all": "1"}, ({"all": 1001}, {"all": 1}, {"all": -1001})),
    ({"none": "0"}, ({}, {}, {})),
    ({}, ({}, {}, {})),
]


@pytest.mark.parametrize(("shares", "expected"), PAYOUTS)
def test_payouts(shares: dict[str, str], expected: tuple[dict[str, int], ...]) -> None:
    """By largest remainder, ordered by party; what is left is the seller's own."""
    listed = tuple(PartyShare(party, D(share)) for party, share in shares.items())
    rates = card(price("calls", "0.01", shares=listed))
    for quantity, payouts in zip(("1001", "1", "-1001"), expected, strict=True):
        (found,) = charge(month(rates, used("calls", quantity)))
        assert json.loads(found.payouts) == json.loads(found.payouts_delta) == payouts
        assert list(json.loads(found.payouts)) == sorted(payouts)
        assert list(json.loads(found.payouts_delta)) == sorted(payouts)


def test_payouts_of_a_correction_are_the_difference() -> None:
    """Revision by revision they sum to the payouts of what the line comes to now."""
    shares = (PartyShare("a", D("0.5")), PartyShare("b", D("0.25")))
    rates = card(price("calls", "0.01", shares=shares))
    (first,) = charge(month(rates, used("calls", "1001")))
    (second,) = charge(month(rates, used("calls", "1003")), [first], LATER)
    # 500.5, 250.25, 250.25; then 501.5, 250.75, 250.75: two cents go to the two greater remainders.
    assert (first.payouts, second.payouts) == ('{"a":501,"b":250}', '{"a":501,"b":251}')
    assert second.payouts_delta == '{"b":1}'

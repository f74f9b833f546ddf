"""All steps together: their order, currencies, and one period that has everything."""

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.money import Rounding
from schemas.price_model import Dynamic
from schemas.rate_card import Due, RecurringFee
from schemas.statement import PricedPeriod
from tests.udfs.pricing.stating import (
    D,
    at,
    card,
    contract,
    credit,
    cut,
    discount,
    month,
    one_off,
    period_of,
    price,
    statement,
    used,
)
from udfs.pricing import PRICING_STEPS, price_period
from udfs.pricing.lining import sum_minor


def test_the_steps_are_in_this_order() -> None:
    """A step sees the lines of those before it, so its place is part of what a bill comes to."""
    assert [step.__name__ for step in PRICING_STEPS] == [
        "price_usage",
        "add_recurring_fees",
        "add_one_off_fees",
        "hold_maximum",
        "hold_minimum",
        "take_trial",
        "take_discounts",
        "add_commitment",
        "draw_credits",
    ]


def everything(is_closed: bool = True) -> PricedPeriod:
    """Return April with a trial until the 11th, another version from the 21st, and all else."""
    fees = (
        RecurringFee("base", "plan", D(30), Due.ADVANCE),
        RecurringFee("seat", "plan", D(3), Due.ARREARS, per_seat=True),
    )
    first = card(price("calls", "2"), price("texts", "1"), fees=fees, maximum="90", minimum="12")
    second = replace(first, version=2, prices=(price("calls", "1"), price("texts", "1")))
    agreed = contract(
        trial_until_us=at("2026-04-11"), seats=(("seat", 4),), commitment="200", version=5
    )
    return period_of(
        cut(
            ("2026-04-01", first, agreed),
            ("2026-04-11", first, agreed),
            ("2026-04-21", second, agreed),
        ),
        used("calls", "5", "20", "1"),
        used("texts", "1", "0", "1"),
        one_off_fees=(one_off("start", "10"),),
        discount_periods=((discount("ten", "10%", "calls"), 1),),
        credits=(credit("gift", 1000, is_paid=False), credit("paid", 5000, priority=1)),
        is_closed=is_closed,
    )


def test_a_period_that_has_everything() -> None:
    """Worked out by hand, dollars first: each of three parts has a third of what goes by time.

    Parts: calls 10, 40, 1 and texts 1, 0, 1. Fees of 30: 10 each; 4 seats at 3: 4 each. Maximum of
    90: 30 each, so the second part is 10 above. Minimum of 12: 4 each, so the third is 2 below.
    The trial takes 10, 1, and 14 of the plan. Calls left: 40 - 10 + 1 = 31, 10 % are 3.10.
    Counted: 31 - 3.10 + 1 + 2 + 28 = 58.90. Committed: two thirds of 200, 133.33; missing 74.43.
    Owed: 133.33 and 10, of which the gift pays 10 and 50 was paid for.
    """
    assert statement(everything()) == [
        "usage calls calls 1000",
        "usage calls calls from 04-11 4000",
        "usage calls calls from 04-21 100",
        "usage texts texts 100",
        "usage texts texts from 04-21 100",
        "recurring_fee base plan 1000",
        "recurring_fee base plan from 04-11 1000",
        "recurring_fee base plan from 04-21 1000",
        "recurring_fee seat plan 400",
        "recurring_fee seat plan from 04-11 400",
        "recurring_fee seat plan from 04-21 400",
        "one_off_fee start setup 1000",
        "maximum basic calls from 04-11 -1000",
        "minimum basic minimum from 04-21 200",
        "trial basic calls -1000",
        "trial basic plan -1400",
        "trial basic texts -100",
        "discount ten calls -310",
        "commitment basic commitment 7443",
        # Of 27.90, 1, 2, 28, 10 and 74.43, in all 143.33: 1.9465, 0.0698, 0.1395, 1.9535,
        # 0.6977 and 5.1929; units left go to the greatest parts of a cent.
        "credit gift calls -195",
        "credit gift commitment -519",
        "credit gift minimum -14",
        "credit gift plan -195",
        "credit gift setup -70",
        "credit gift texts -7",
        "credit paid - -5000",
    ]
    assert sum_minor(price_period(everything())) == 14_333 - 6_000


def test_the_same_before_the_close() -> None:
    """Only fees in advance are due, those of the trial not; credit pays them, the gift first."""
    assert statement(everything(is_closed=False)) == [
        "recurring_fee base plan 1000",
        "recurring_fee base plan from 04-11 1000",
        "recurring_fee base plan from 04-21 1000",
        "trial basic plan -1000",
        "credit gift plan -1000",
        "credit paid - -1000",
    ]


@pytest.mark.parametrize(
    ("currency", "amounts"),
    [
        # 7 x 0.3456 = 2.4192; a third off: of 2 yen 0.67, of 242 cents 80.67.
        ("JPY", [2, -1, 1]),
        ("USD", [242, -81]),
        ("BHD", [2419, -806]),
        ("CLF", [24192, -8064]),
    ],
)
def test_currencies_have_their_own_minor_units(currency: str, amounts: list[int]) -> None:
    """The discount is of what the customer sees, and the commitment of 1.5 rounds up in yen."""
    rates = replace(card(price("calls", "0.3456")), currency=currency)
    third = replace(discount("third", "0%"), rate=Decimal(1) / 3)
    period = month(
        rates,
        used("calls", "7"),
        discount_periods=((third, 1),),
        contract=contract(currency=currency, commitment="1.5"),
    )
    assert [line.amount_minor for line in price_period(period)] == [
        each for each in amounts if each
    ]


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [(Rounding.HALF_UP, 13), (Rounding.HALF_EVEN, 12), (Rounding.DOWN, 12)],
)
def test_the_card_says_how_amounts_are_rounded(rounding: Rounding, expected: int) -> None:
    """12.5 cents of usage; what is exact before it stays on the line."""
    (line,) = price_period(
        month(replace(card(price("calls", "0.125")), rounding=rounding), used("calls", "1"))
    )
    assert (line.amount_minor, line.amount) == (expected, D("0.125"))


def test_rates_of_exchange_are_those_of_the_period() -> None:
    """Costs in euros are converted by the given rate, and marked up."""
    rates = card(price("cloud", Dynamic("EUR", D("0.1"))))
    period = month(rates, used("cloud", "100"), fx_rates=(("EUR", D("1.085")),))
    assert statement(period) == ["usage cloud cloud 11935"]


APRIL = month(card(price("calls")), used("calls", "1"))
HALVES = cut(("2026-04-01", card()), ("2026-04-16", card()))
YEN = replace(card(), currency="JPY")


@pytest.mark.parametrize(
    ("period", "message"),
    [
        (replace(APRIL, segments=HALVES[1:]), "a gap or an overlap"),
        (replace(APRIL, segments=HALVES[:1]), "a gap or an overlap"),
        (replace(APRIL, segments=(HALVES[0], *HALVES)), "a gap or an overlap"),
        (replace(APRIL, segments=HALVES), "calls: 1 parts"),
        (replace(APRIL, usage=(used("calls", "1", "2"),)), "calls: 2 parts"),
        (month(YEN), "currencies .'JPY', 'USD'."),
        (month(YEN, contract=contract(currency="JPY"), credits=(credit("a", 1),)), "currencies"),
        (month(YEN, contract=contract(currency="JPY"), one_off_fees=(one_off("a", "1"),)), "curr"),
    ],
)
def test_broken_periods_crash(period: PricedPeriod, message: str) -> None:
    """No part of time, usage or currency is priced as what it is not."""
    with pytest.raises(AssertionError, match=f"^acme.*{message}"):
        price_period(period)


def test_pricing_twice_gives_the_same() -> None:
    """Nothing but the period decides, not even the order in which usage is given."""
    period = everything()
    turned = replace(period, usage=period.usage[::-1], credits=period.credits[::-1])
    assert price_period(period) == price_period(turned) == price_period(everything())

"""Trials, discounts and coupons."""

from dataclasses import replace

import pytest

from schemas.contract import Discount
from schemas.money import Rounding
from schemas.rate_card import Due, RateCard, RecurringFee
from schemas.statement import PricedPeriod
from tests.udfs.pricing.stating import (
    D,
    at,
    card,
    contract,
    cut,
    discount,
    month,
    one_off,
    period_of,
    price,
    statement,
    used,
)
from udfs.pricing import price_period

CARD = card(price("calls", "2"), price("texts", "1"))
USED = used("calls", "10"), used("texts", "5")
LINES = ["usage calls calls 2000", "usage texts texts 500"]
TEN = discount("ten", "10%")


def given(*discounts: Discount | tuple[Discount, int]) -> PricedPeriod:
    """Return April with 20 dollars of calls, 5 of texts, and discounts, in their first period."""
    numbered = tuple(each if isinstance(each, tuple) else (each, 1) for each in discounts)
    return month(CARD, *USED, discount_periods=numbered)


DISCOUNTS = [
    ("a rate of all products", given(TEN), ["discount ten calls -200", "discount ten texts -50"]),
    ("of one product", given(discount("t", "10%", "texts")), ["discount t texts -50"]),
    ("of a product that is not there", given(discount("x", "10%", "storage")), []),
    ("all of it", given(discount("all", "100%", "calls")), ["discount all calls -2000"]),
    ("none of it", given(discount("none", "0%")), []),
    (
        # 7.77 % of 25.00 is 1.9425, rounded once: 1.94; 1.552 and 0.388 of it.
        "rounded once, then divided by largest remainder",
        given(discount("odd", "7.77%")),
        ["discount odd calls -155", "discount odd texts -39"],
    ),
    (
        "an amount",
        given(discount("five", "5")),
        ["discount five calls -400", "discount five texts -100"],
    ),
    ("at most what is there", given(discount("big", "9", "texts")), ["discount big texts -500"]),
    (
        # 2.50 first, then 5 of what is left, 18 and 4.50: 4 and 1.
        "one after another",
        given(TEN, discount("five", "5")),
        [
            "discount five calls -400",
            "discount five texts -100",
            "discount ten calls -200",
            "discount ten texts -50",
        ],
    ),
    (
        # 5 first, then a tenth of 20: 1.60 and 0.40.
        "in the other order it is less",
        given(discount("five", "5"), TEN),
        [
            "discount five calls -400",
            "discount five texts -100",
            "discount ten calls -160",
            "discount ten texts -40",
        ],
    ),
    (
        "two of all, the second finds nothing",
        given(discount("all", "100%"), discount("five", "5")),
        ["discount all calls -2000", "discount all texts -500"],
    ),
    ("once", given((discount("t", "10%", "texts", periods=1), 1)), ["discount t texts -50"]),
    ("once, in the second period", given((discount("t", "10%", "texts", periods=1), 2)), []),
    ("three times", given((discount("t", "10%", "texts", periods=3), 3)), ["discount t texts -50"]),
    ("three times, in the fourth", given((discount("t", "10%", "texts", periods=3), 4)), []),
    ("for ever", given((discount("t", "10%", "texts"), 999)), ["discount t texts -50"]),
]


@pytest.mark.parametrize(
    ("period", "expected"), [case[1:] for case in DISCOUNTS], ids=[case[0] for case in DISCOUNTS]
)
def test_discounts(period: PricedPeriod, expected: list[str]) -> None:
    """They are taken off 20 dollars of calls and 5 of texts."""
    assert statement(period) == [*LINES, *expected]


def test_what_is_given_back_is_not_discounted() -> None:
    """A product that comes to less than nothing has no part in a discount."""
    period = month(CARD, used("calls", "10"), used("texts", "-5"), discount_periods=((TEN, 1),))
    assert statement(period)[2:] == ["discount ten calls -200"]


def test_a_cent_left_goes_to_the_first_product_by_name() -> None:
    """Not by the order of prices: 1 % of 50 cents and of 50 cents are half a cent each."""
    rates = card(price("texts", "0.5"), price("calls", "0.5"))
    period = month(
        rates,
        used("calls", "1"),
        used("texts", "1"),
        discount_periods=((discount("one", "1%"), 1),),
    )
    assert statement(period)[2:] == ["discount one calls -1"]


def test_a_line_of_a_discount_has_no_quantity() -> None:
    """It says how it was formed, and nothing of units."""
    *_, line = price_period(given(discount("t", "10%", "texts")))
    assert (line.quantity, line.unit, line.meter_id, line.row_ids) == (0, "", "", ())
    (part,) = line.parts
    assert (part.label, part.quantity, part.unit_price, part.amount) == ("10 %", 0, None, D("-0.5"))


def test_a_cent_is_discounted() -> None:
    """However little a product comes to, all of it can be taken off."""
    period = month(
        card(price("calls", "0.01")),
        used("calls", "1"),
        discount_periods=((discount("all", "100%"), 1),),
    )
    assert statement(period) == ["usage calls calls 1", "discount all calls -1"]


def test_a_discount_is_on_fees_and_bounds_too() -> None:
    """All that a product comes to counts: usage, fees, the fill-up to a minimum."""
    rates = replace(CARD, fees=(RecurringFee("base", "plan", D(30)),), minimum=D(30))
    period = month(rates, *USED, one_off_fees=(one_off("a", "7"),), discount_periods=((TEN, 1),))
    assert statement(period)[2:] == [
        "recurring_fee base plan 3000",
        "one_off_fee a setup 700",
        "minimum basic minimum 500",
        "discount ten calls -200",
        "discount ten minimum -50",
        "discount ten plan -300",
        "discount ten setup -70",
        "discount ten texts -50",
    ]


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [(Rounding.HALF_UP, -3), (Rounding.HALF_EVEN, -2), (Rounding.DOWN, -2)],
)
def test_the_card_says_how_a_discount_is_rounded(rounding: Rounding, expected: int) -> None:
    """10 % of 25 cents are 2.5."""
    rates = replace(card(price("calls", "0.01")), rounding=rounding)
    period = month(rates, used("calls", "25"), discount_periods=((TEN, 1),))
    assert statement(period)[-1] == f"discount ten calls {expected}"


def test_a_discount_of_a_fee_in_advance() -> None:
    """Before the close it is on what is due in advance alone."""
    rates = replace(CARD, fees=(RecurringFee("base", "plan", D(30), Due.ADVANCE),))
    period = month(rates, *USED, discount_periods=((TEN, 1),), is_closed=False)
    assert statement(period) == ["recurring_fee base plan 3000", "discount ten plan -300"]


def trial_until(day: str, first: RateCard, second: RateCard) -> PricedPeriod:
    """Return April with a trial until a day, and usage of a call a day."""
    agreed = contract(trial_until_us=at(day))
    days = int(day[-2:]) - 1
    segments = cut(("2026-04-01", first, agreed), (day, second, agreed))
    return period_of(segments, used("calls", str(days), str(30 - days)))


def test_a_trial_that_ends_within_the_period() -> None:
    """Usage before its end costs nothing, and no discount is on it."""
    period = replace(trial_until("2026-04-11", CARD, CARD), discount_periods=((TEN, 1),))
    assert statement(period) == [
        "usage calls calls 2000",
        "usage calls calls from 04-11 4000",
        "trial basic calls -2000",
        "discount ten calls -400",
    ]


def test_a_plan_change_within_a_trial() -> None:
    """The trial takes off what both plans would cost, in one amount for each product."""
    other = replace(card(price("calls", "5")), card_id="pro")
    agreed = contract(trial_until_us=at("2026-04-21"))
    segments = cut(
        ("2026-04-01", CARD, agreed), ("2026-04-11", other, agreed), ("2026-04-21", other, agreed)
    )
    assert statement(period_of(segments, used("calls", "1", "1", "1"))) == [
        "usage calls calls 200",
        "usage calls calls from 04-11 500",
        "usage calls calls from 04-21 500",
        "trial pro calls -700",
    ]


def test_a_trial_of_the_whole_period() -> None:
    """Nothing is owed, and the lines say what it would have been."""
    agreed = contract(trial_until_us=at("2026-06-01"))
    assert statement(period_of(cut(("2026-04-01", CARD, agreed)), *USED)) == [
        *LINES,
        "trial basic calls -2000",
        "trial basic texts -500",
    ]

"""Credit: in which order grants are drawn on, and what becomes of it when usage is corrected."""

import pytest

from schemas.statement import CreditBalance, PricedPeriod
from tests.udfs.pricing.stating import (
    card,
    contract,
    credit,
    discount,
    month,
    one_off,
    price,
    statement,
    used,
)

CARD = card(price("calls", "2"), price("texts", "1"))


def owing(*credits: CreditBalance, calls: str = "10", texts: str = "5") -> PricedPeriod:
    """Return April with 20 dollars of calls and 5 of texts, unless told."""
    return month(CARD, used("calls", calls), used("texts", texts), credits=credits)


GIVEN = {"is_paid": False}
CASES = [
    ("paid credit pays the whole", owing(credit("a", 600)), ["credit a - -600"]),
    ("at most what is owed", owing(credit("a", 9000)), ["credit a - -2500"]),
    ("an empty grant", owing(credit("a", 0)), []),
    ("nothing owed", owing(credit("a", 600), calls="0", texts="0"), []),
    ("less than nothing owed", owing(credit("a", 600), calls="-9"), []),
    (
        "by id where all else is equal",
        owing(credit("b", 2000), credit("a", 2000)),
        ["credit a - -2000", "credit b - -500"],
    ),
    (
        "those that expire first",
        owing(credit("b", 2000, expires_us=200), credit("c", 2000, expires_us=100)),
        ["credit b - -500", "credit c - -2000"],
    ),
    (
        "what never expires comes last",
        owing(credit("a", 2000), credit("b", 2000, expires_us=200)),
        ["credit a - -500", "credit b - -2000"],
    ),
    (
        "lower priority first, whenever it expires",
        owing(credit("a", 2000, expires_us=100, priority=2), credit("b", 2000, priority=1)),
        ["credit a - -500", "credit b - -2000"],
    ),
    (
        # 6 dollars of 20 and 5: 4.80 and 1.20.
        "what was given away is taken from each product",
        owing(credit("a", 600, **GIVEN)),
        ["credit a calls -480", "credit a texts -120"],
    ),
    (
        # 1.01 of 4 to 1: 0.808 and 0.202.
        "by largest remainder",
        owing(credit("a", 101, **GIVEN)),
        ["credit a calls -81", "credit a texts -20"],
    ),
    (
        # 25 in all: 10 were paid for, 15 given: of 20 and 5.
        "paid and given away",
        owing(credit("a", 1000, priority=1), credit("b", 9999, priority=2, **GIVEN)),
        ["credit a - -1000", "credit b calls -1200", "credit b texts -300"],
    ),
    (
        # 5 of 25: 4 and 1. Then 10 of 16 and 4: 8 and 2.
        "two that were given away, the second from what is left",
        owing(credit("a", 500, **GIVEN), credit("b", 1000, **GIVEN)),
        [
            "credit a calls -400",
            "credit a texts -100",
            "credit b calls -800",
            "credit b texts -200",
        ],
    ),
    (
        "what is given back is not paid from what was given away",
        owing(credit("a", 9999, **GIVEN), texts="-5"),
        ["credit a calls -1500"],
    ),
    ("what was drawn stays drawn", owing(credit("a", 2500, 2500)), ["credit a - -2500"]),
    (
        "on the grant that it was drawn on, though another is before it now",
        owing(credit("a", 9000), credit("b", 2000, 2000)),
        ["credit a - -500", "credit b - -2000"],
    ),
    (
        "more is drawn in order",
        owing(credit("a", 1000, 300), credit("b", 2000, 200)),
        ["credit a - -1000", "credit b - -1500"],
    ),
    (
        "what is owed no more is given back, from the last of the order first",
        owing(credit("a", 1000, 1000), credit("b", 2000, 2000), calls="6", texts="0"),
        ["credit a - -1000", "credit b - -200"],
    ),
    ("all is given back", owing(credit("a", 1000, 1000), calls="0", texts="0"), []),
]


@pytest.mark.parametrize(
    ("period", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_credits(period: PricedPeriod, expected: list[str]) -> None:
    """25 dollars are owed, 20 of them for calls."""
    assert [line for line in statement(period) if line.startswith("credit")] == expected


def test_credit_pays_all_that_is_left_after_all_other_steps() -> None:
    """Discounts come before it, commitments and fees that are due once are paid by it."""
    period = month(
        CARD,
        used("calls", "10"),
        contract=contract(commitment="30"),
        one_off_fees=(one_off("a", "5"),),
        discount_periods=((discount("half", "50%", "calls"), 1),),
        credits=(credit("a", 9999),),
    )
    assert statement(period) == [
        "usage calls calls 2000",
        "one_off_fee a setup 500",
        "discount half calls -1000",
        "commitment basic commitment 2000",
        "credit a - -3500",
    ]

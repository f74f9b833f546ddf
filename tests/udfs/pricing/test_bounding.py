"""Maximum, minimum and commitment of a period."""

from dataclasses import replace

import pytest

from schemas.rate_card import RateCard, RecurringFee
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

PRICES = price("calls", "2"), price("texts", "1")
FEE = (RecurringFee("base", "plan", D(30)),)
TRIAL = contract(trial_until_us=at("2026-04-11"), commitment="30")


def bounded(**bounds: str) -> RateCard:
    """Return a card with two prices."""
    return card(*PRICES, **bounds)


CASES = [
    (
        "up to the minimum",
        month(bounded(minimum="10"), used("calls", "3"), used("texts", "1")),
        ["usage calls calls 600", "usage texts texts 100", "minimum basic minimum 300"],
    ),
    (
        "exactly the minimum",
        month(bounded(minimum="6"), used("calls", "3")),
        ["usage calls calls 600"],
    ),
    ("without usage", month(bounded(minimum="10")), ["minimum basic minimum 1000"]),
    ("before the close", month(bounded(minimum="10"), is_closed=False), []),
    (
        "fees do not count to the minimum of usage",
        month(replace(bounded(minimum="10"), fees=FEE), used("calls", "3")),
        ["usage calls calls 600", "recurring_fee base plan 3000", "minimum basic minimum 400"],
    ),
    (
        # 7 above 10, from 12 and 5 dollars: 4.941 and 2.059, so 494 and 206.
        "down to the maximum, from each product its part",
        month(bounded(maximum="10"), used("calls", "6"), used("texts", "5")),
        [
            "usage calls calls 1200",
            "usage texts texts 500",
            "maximum basic calls -494",
            "maximum basic texts -206",
        ],
    ),
    (
        "exactly the maximum",
        month(bounded(maximum="10"), used("calls", "5")),
        ["usage calls calls 1000"],
    ),
    (
        "what is given back has no part in the maximum",
        month(bounded(maximum="10"), used("calls", "8"), used("texts", "-1")),
        ["usage calls calls 1600", "usage texts texts -100", "maximum basic calls -500"],
    ),
    (
        "a cent above the maximum",
        month(card(price("calls", "0.01"), maximum="0.05"), used("calls", "6")),
        ["usage calls calls 6", "maximum basic calls -1"],
    ),
    (
        "a cent below the minimum",
        month(card(price("calls", "0.01"), minimum="0.05"), used("calls", "4")),
        ["usage calls calls 4", "minimum basic minimum 1"],
    ),
    (
        "exactly the commitment",
        month(bounded(), used("calls", "25"), contract=contract(commitment="50")),
        ["usage calls calls 5000"],
    ),
    (
        "between the two",
        month(bounded(minimum="5", maximum="10"), used("calls", "3")),
        ["usage calls calls 600"],
    ),
    (
        "a maximum of nothing",
        month(bounded(maximum="0"), used("calls", "3")),
        ["usage calls calls 600", "maximum basic calls -600"],
    ),
    (
        "each version holds for its share of time",
        period_of(
            cut(
                ("2026-04-01", bounded(minimum="10")),
                ("2026-04-16", replace(bounded(maximum="10"), version=2)),
            ),
            used("calls", "1", "9"),
        ),
        [
            "usage calls calls 200",
            "usage calls calls from 04-16 1800",
            "maximum basic calls from 04-16 -1300",
            "minimum basic minimum 300",
        ],
    ),
    (
        "a trial has its minimum, and it costs nothing",
        period_of(
            cut(
                ("2026-04-01", bounded(minimum="30"), replace(TRIAL, commitment=None)),
                ("2026-04-11", bounded(minimum="30"), replace(TRIAL, commitment=None)),
            )
        ),
        [
            "minimum basic minimum 1000",
            "minimum basic minimum from 04-11 2000",
            "trial basic minimum -1000",
        ],
    ),
    (
        "a stub has its share of the minimum",
        period_of(
            month(bounded(minimum="30")).segments, whole=(at("2026-03-02"), at("2026-05-01"))
        ),
        ["minimum basic minimum 1500"],
    ),
    (
        "up to the commitment, fees too",
        month(replace(bounded(), fees=FEE), used("calls", "3"), contract=contract(commitment="50")),
        [
            "usage calls calls 600",
            "recurring_fee base plan 3000",
            "commitment basic commitment 1400",
        ],
    ),
    (
        "more than committed",
        month(bounded(), used("calls", "30"), contract=contract(commitment="50")),
        ["usage calls calls 6000"],
    ),
    (
        "after discounts; what is due once does not count",
        month(
            bounded(),
            used("calls", "10"),
            contract=contract(commitment="50"),
            one_off_fees=(one_off("a", "100"),),
            discount_periods=((discount("half", "50%", "calls"), 1),),
        ),
        [
            "usage calls calls 2000",
            "one_off_fee a setup 10000",
            "discount half calls -1000",
            "commitment basic commitment 4000",
        ],
    ),
    (
        # 10 of 30 days at 60, 20 at 30: 20 + 20.
        "each version of the contract commits to its share of time",
        period_of(
            cut(
                ("2026-04-01", bounded(), contract(commitment="60")),
                ("2026-04-11", bounded(), contract(commitment="30", version=2)),
            ),
            used("calls", "1", "1"),
        ),
        ["usage calls calls 400", "commitment basic commitment 3600"],
    ),
    (
        "a trial commits to nothing",
        period_of(cut(("2026-04-01", bounded(), TRIAL), ("2026-04-11", bounded(), TRIAL))),
        ["commitment basic commitment 2000"],
    ),
    ("not before the close", month(bounded(), contract=TRIAL, is_closed=False), []),
]


@pytest.mark.parametrize(
    ("period", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_bounds(period: PricedPeriod, expected: list[str]) -> None:
    """Calls at 2, texts at 1, and what was agreed."""
    assert statement(period) == expected

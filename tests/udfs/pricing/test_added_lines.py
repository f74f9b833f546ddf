"""What steps add beside usage: how each of their lines is explained, and where they begin."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.contract import Contract
from schemas.rate_card import RateCard, RecurringFee
from schemas.statement import PricedPeriod
from tests.udfs.pricing.stating import (
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
from udfs.pricing import price_period

D = Decimal
CALLS = price("calls", "2")
DESK = RecurringFee("desk", "desk", D(7))
SEATS = RecurringFee("seats", "seats", D(3), per_seat=True)
SEATED = contract(seats=(("other", 9), ("seats", 4)))
TRIAL = contract(trial_until_us=at("2026-05-01"))
Explained = list[tuple[str, list[tuple[str, str, str]]]]


def _explained(period: PricedPeriod) -> Explained:
    """Return the kind of each line, and label, quantity and amount of its steps."""
    return [
        (each.key.kind.value, [(p.label, f"{p.quantity:f}", str(p.amount)) for p in each.parts])
        for each in price_period(period)
        if each.key.kind != "usage"
    ]


@pytest.mark.parametrize(
    ("rates", "agreed", "expected"),
    [
        (card(CALLS, maximum="5"), contract(), [("maximum", [("above the maximum", "0", "-1")])]),
        (card(CALLS, minimum="9"), contract(), [("minimum", [("up to the minimum", "0", "3")])]),
        (
            card(CALLS),
            contract(commitment="10"),
            [("commitment", [("up to the commitment", "0", "4")])],
        ),
        (card(CALLS, fees=(DESK,)), contract(), [("recurring_fee", [("fee", "1", "7")])]),
        (card(CALLS, fees=(SEATS,)), SEATED, [("recurring_fee", [("seats", "4", "12")])]),
    ],
)
def test_lines_of_cards_and_contracts(
    rates: RateCard, agreed: Contract, expected: Explained
) -> None:
    """Three calls at 2.00."""
    assert _explained(month(rates, used("calls", "3"), contract=agreed)) == expected


def test_lines_of_what_is_given() -> None:
    """A fee of once, a share and an amount off, and credit: each says what it is."""
    period = month(
        card(CALLS),
        used("calls", "3"),
        one_off_fees=(one_off("setup", "4"),),
        discount_periods=(
            (discount("half", "50%", "calls"), 1),
            (discount("one", "1", "calls"), 1),
        ),
        credits=(credit("g1", 200),),
    )
    assert _explained(period) == [
        ("one_off_fee", [("fee", "1", "4")]),
        ("discount", [("50 %", "0", "-3")]),
        ("discount", [("amount", "0", "-1")]),
        ("credit", [("credit", "0", "-2")]),
    ]


def test_a_line_of_a_trial() -> None:
    """It takes back what a trial would cost."""
    period = period_of(cut(("2026-04-01", card(CALLS), TRIAL)), used("calls", "3"))
    assert _explained(period) == [("trial", [("trial", "0", "-6")])]


def test_bounds_of_nothing() -> None:
    """A maximum of nothing holds where nothing is used."""
    assert statement(month(card(CALLS, maximum="0"))) == []


@pytest.mark.parametrize(
    ("bound", "added"),
    [
        ("minimum", "minimum other minimum from 04-16 450"),
        ("maximum", "maximum other calls from 04-16 -150"),
    ],
)
def test_a_card_without_a_bound_before_one_with_it(bound: str, added: str) -> None:
    """The second half of a month under another card has half of its bound."""
    amount = {"minimum": "13", "maximum": "1"}[bound]
    other = replace(card(CALLS, **{bound: amount}), card_id="other")
    lines = statement(period_of(cut(("2026-04-01", card(CALLS)), ("2026-04-16", other)),
                                used("calls", "3", "1")))  # fmt: skip
    assert added in lines


def test_a_trial_that_begins_within_a_period() -> None:
    """With another version of the contract: the first half is paid, the second not."""
    parts = cut(("2026-04-01", card(CALLS)), ("2026-04-16", card(CALLS), TRIAL))
    assert statement(period_of(parts, used("calls", "3", "1"))) == [
        "usage calls calls 600",
        "usage calls calls from 04-16 200",
        "trial basic calls from 04-16 -200",
    ]


def test_a_discount_of_nothing_is_a_bug() -> None:
    """One is of a rate or of an amount."""
    neither = replace(discount("d1", "1"), amount=None)
    with pytest.raises(AssertionError, match="discount d1: neither is given"):
        price_period(month(card(CALLS), used("calls", "1"), discount_periods=((neither, 1),)))

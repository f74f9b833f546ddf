"""Budgets in an account's record: read strictly, written canonically."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from schemas.account import AccountError, decode_account, encode_account
from schemas.budget import (
    DEFAULT_THRESHOLDS,
    Budget,
    budget_text,
    decode_budgets,
    encode_budget,
    read_budget,
)
from tests.udfs.engine import A1

MILES = {"meter": "miles", "quantity": "5000"}
_NO_LISTS: tuple[object, ...] = (None, [], 50, "50")


def test_thresholds_are_50_80_and_100_unless_given() -> None:
    """Members that are not known are ignored, as in terms."""
    assert decode_budgets([{**MILES, "note": "x"}]) == (
        Budget("miles", Decimal(5000), DEFAULT_THRESHOLDS),
    )
    assert decode_budgets([{**MILES, "thresholds": [1, 10_000]}])[0].thresholds == (1, 10_000)
    assert decode_budgets([]) == ()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("5000", "5000"),
        (5000, "5000"),
        ("5000.0", "5000"),
        ("0.500000000", "0.5"),
        ("0.000000001", "0.000000001"),
        ("99999999999999999999.999999999", "99999999999999999999.999999999"),
    ],
)
def test_a_quantity_is_an_exact_decimal(given: object, text: str) -> None:
    """Two texts of one quantity are one budget."""
    (budget,) = decode_budgets([{"meter": "miles", "quantity": given}])
    assert f"{budget.quantity:f}" == text
    assert encode_budget(budget) == {"meter": "miles", "quantity": text}


@pytest.mark.parametrize(
    ("budgets", "line"),
    [
        (None, "budgets: expected a list, found None"),
        ({}, "budgets: expected a list, found {}"),
        ([1], "budgets[0]: expected an object, found 1"),
        ([{"quantity": "1"}], "budgets[0].meter: expected text that is not empty, found None"),
        ([MILES, MILES], "budgets[1].meter: expected each meter once, found 'miles'"),
        *(
            (
                [{"meter": "miles", "quantity": quantity}],
                "budgets[0].quantity: expected a whole number or decimal text above 0, of at most "
                f"20 digits before the point and 9 after it, found {quantity!r}",
            )
            for quantity in (
                None,
                0,
                "0",
                "0.0",
                -1,
                "-1",
                1.5,
                True,
                "",
                "1e3",
                "01",
                ".5",
                "5.",
                " 5",
                "5\n",
                "0.0000000001",
                "1" * 21,
                "NaN",
            )
        ),
        *(
            (
                [{**MILES, "thresholds": thresholds}],
                f"budgets[0].thresholds: expected a list that is not empty, found {thresholds!r}",
            )
            for thresholds in _NO_LISTS
        ),
        *(
            (
                [{**MILES, "thresholds": [10, percent]}],
                "budgets[0].thresholds[1]: expected a whole percent from 1 to 10000, "
                f"found {percent!r}",
            )
            for percent in (0, -1, 10_001, 50.0, "50", True, None)
        ),
        (
            [{**MILES, "thresholds": [50, 50]}],
            "budgets[0].thresholds[1]: expected more than 50, found 50",
        ),
        (
            [{**MILES, "thresholds": [50, 80, 20]}],
            "budgets[0].thresholds[2]: expected more than 80, found 20",
        ),
    ],
)
def test_each_mistake_says_where(budgets: Any, line: str) -> None:
    """What was expected and found, in one line."""
    with pytest.raises(AccountError) as caught:
        decode_budgets(budgets)
    assert str(caught.value) == line


def test_other_digits_are_refused() -> None:
    """Digits of other scripts are no number here."""
    with pytest.raises(AccountError, match="expected a whole number"):
        decode_budgets([{"meter": "miles", "quantity": "\u0661"}])


def test_budgets_stand_in_the_account() -> None:
    """They come back as they were; without any the record is as it was before there were any."""
    account = type(A1)(A1.account_id, A1.terms, decode_budgets([{**MILES, "thresholds": [7]}]))
    record = encode_account(account)
    assert json.loads(record)["budgets"] == [{**MILES, "thresholds": [7]}]
    assert decode_account(record) == account
    assert set(json.loads(encode_account(A1))) == {"account_id", "terms"}
    shape = {**json.loads(record), "budgets": "x"}
    with pytest.raises(AccountError, match="budgets: expected a list, found 'x'"):
        decode_account(json.dumps(shape).encode())


def test_a_budget_is_one_text() -> None:
    """So it goes with each row of usage; an empty one stands for none."""
    budget = Budget("Übung", Decimal("0.5"), (1, 2))
    assert read_budget(budget_text(budget)) == budget
    assert budget_text(budget).isascii()
    assert read_budget(budget_text(None)) is None

"""Amounts and names of the ledger as text."""

from __future__ import annotations

import pytest

from schemas.money import UnknownCurrencyError
from udfs.exporting import accepted_names, amount_text, one_line


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (0, "USD", "0.00"),
        (5, "USD", "0.05"),
        (-5, "USD", "-0.05"),
        (12345, "USD", "123.45"),
        (-100, "USD", "-1.00"),
        (1200, "JPY", "1200"),
        (-1, "JPY", "-1"),
        (1, "BHD", "0.001"),
        (1234567, "BHD", "1234.567"),
        (12, "CLF", "0.0012"),
        (10**30, "USD", f"1{'0' * 28}.00"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(
    amount_minor: int, currency: str, text: str
) -> None:
    """All of them, whatever the amount; exactly."""
    assert amount_text(amount_minor, currency) == text


def test_an_unknown_currency_has_no_decimals() -> None:
    """Nobody guesses two."""
    with pytest.raises(UnknownCurrencyError):
        amount_text(1, "XXX")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("usage landing", "usage landing"),
        ("a\nb\r\n  c\t", "a b c"),
        ("Zürich 東京", "Zürich 東京"),
        ("\x00a\u2028b\x1b", "a b"),
    ],
    ids=repr,
)
def test_text_becomes_one_line(text: str, line: str) -> None:
    """Nothing that ends a line, or that no one sees, stays."""
    assert one_line(text) == line


def test_names_that_look_alike_stay_apart() -> None:
    """Those of one spelling get a hash behind them; others stay plain."""
    names = ["revenue:sales:a b", "revenue:sales:a-b", "revenue:sales:c:d", "assets:receivable"]
    accepted = accepted_names(names, lambda level: level.replace(" ", "-").replace(":", "-"))
    assert accepted["assets:receivable"] == "assets:receivable"
    assert accepted["revenue:sales:c:d"] == "revenue:sales:c-d"
    first, second = accepted["revenue:sales:a b"], accepted["revenue:sales:a-b"]
    assert first != second
    assert all(each.startswith("revenue:sales:a-b-") for each in (first, second))
    assert accepted == accepted_names(
        [*reversed(names), *names], lambda level: level.replace(" ", "-").replace(":", "-")
    )

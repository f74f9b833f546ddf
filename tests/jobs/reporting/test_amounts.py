"""Amounts for people: thousands apart, all decimals of the currency."""

import pytest

from jobs.reporting.amounts import grouped_text


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (0, "USD", "0.00"),
        (5, "USD", "0.05"),
        (-5, "USD", "-0.05"),
        (123456789, "USD", "1,234,567.89"),
        (-123456, "USD", "-1,234.56"),
        (1234567, "JPY", "1,234,567"),
        (-1, "JPY", "-1"),
        (1234567, "BHD", "1,234.567"),
    ],
)
def test_amounts(amount_minor: int, currency: str, text: str) -> None:
    """No digit is lost, whatever the sign."""
    assert grouped_text(amount_minor, currency) == text

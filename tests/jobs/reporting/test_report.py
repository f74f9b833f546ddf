"""How a report writes decimals."""

from decimal import Decimal

import pytest

from jobs.reporting.report import plain


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        ("0.000000000", "0"),
        ("1000.000000000", "1000"),
        ("1E+3", "1000"),
        ("0.500000000", "0.5"),
        ("-12.340000000", "-12.34"),
        ("12345678901234567890123456789.123456789", "12345678901234567890123456789.123456789"),
    ],
)
def test_decimals_are_written_in_full(quantity: str, text: str) -> None:
    """Never rounded, no exponent, no zeros that say nothing."""
    assert plain(Decimal(quantity)) == text


def test_digits_can_be_grouped() -> None:
    """Every digit stays."""
    grouped = "12,345,678,901,234,567,890,123,456,789.123456789"
    assert plain(Decimal(grouped.replace(",", "")), ",f") == grouped

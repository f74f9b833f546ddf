"""Units: exact by value, or refused."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.numbering import units_text


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("0.0e5", "0"),
        ("7", "7"),
        ("1.50", "1.5"),
        ("15e-1", "1.5"),
        ("1E3", "1000"),
        ("1e00003", "1000"),
        ("1e-9", "0.000000001"),
        ("0.1000000000", "0.1"),
        ("9007199254740993", "9007199254740993"),
        ("99999999999999999999", "99999999999999999999"),
        ("-12345678901234567890.123456789", "-12345678901234567890.123456789"),
    ],
)
def test_numbers_are_plain_decimals(text: str, units: str) -> None:
    """Whatever the spelling, the same value gives the same text."""
    assert units_text(text) == units


@pytest.mark.parametrize(
    "text",
    ["", "-", "+1", "01", "00", ".5", "1.", "1e", "1 ", "1\n", "0x1", "\u0661", "NaN", "Infinity",
     "1_0", "true", "1e20", "100000000000000000000", "0.0000000001", "1e-10",
     "1e9999999999999999999"],
)  # fmt: skip
def test_other_texts_are_refused(text: str) -> None:
    """Neither another grammar than JSON's, nor digits that a sum could lose."""
    assert units_text(text) is None


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=9).filter(lambda d: abs(d) < 10**20)
)
def test_the_value_stays(value: Decimal) -> None:
    """A plain number and its scientific spelling read as the same value."""
    for text in (f"{value:f}", f"{value:E}"):
        assert Decimal(units_text(text) or "none") == value


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_thousand_million_of_the_largest_units_fit_the_column(sign: str) -> None:
    """Their sum has no more than the 29 digits that DECIMAL(38, 9) has before the point."""
    largest = units_text(f"{sign}99999999999999999999.999999999")
    assert largest is not None
    assert abs(Fraction(largest) * 10**9) < 10**29
    assert units_text(f"{sign}100000000000000000000") is None

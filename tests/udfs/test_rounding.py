"""One rounding for each amount, and parts that sum to their whole."""

from fractions import Fraction

import pytest

from schemas.money import MINOR_DIGITS, Rounding, UnknownCurrencyError, minor_digits
from udfs.rounding import allocate, from_minor, round_whole, to_minor

UP, EVEN, DOWN = Rounding.HALF_UP, Rounding.HALF_EVEN, Rounding.DOWN

_HUGE = 1_234_567_890_123_456_789_012

# Exact amount, currency, and what each way of rounding makes of it: half up, half even, down.
AMOUNTS = [
    ("0", "USD", (0, 0, 0)),
    ("1.10", "USD", (110, 110, 110)),  # 100 x 0.011; Flexprice bills 1.00
    ("0.004", "USD", (0, 0, 0)),
    ("0.005", "USD", (1, 0, 0)),
    ("0.015", "USD", (2, 2, 1)),
    ("0.025", "USD", (3, 2, 2)),
    ("0.0250000001", "USD", (3, 3, 2)),
    ("0.0249999999", "USD", (2, 2, 2)),
    ("1/3", "USD", (33, 33, 33)),
    ("2/3", "USD", (67, 67, 66)),
    ("0.5", "JPY", (1, 0, 0)),
    ("1.5", "JPY", (2, 2, 1)),
    ("1234.4999", "JPY", (1234, 1234, 1234)),
    ("1.2345", "BHD", (1235, 1234, 1234)),
    ("1.23455", "CLF", (12346, 12346, 12345)),
    ("12345678901234567890.125", "USD", (_HUGE + 1, _HUGE, _HUGE)),
]


@pytest.mark.parametrize(("amount", "currency", "expected"), AMOUNTS)
def test_amounts_are_rounded_once(amount: str, currency: str, expected: tuple[int, ...]) -> None:
    """To the currency's minor unit, as the rounding says; a credit mirrors its charge."""
    exact = Fraction(amount)
    for rounding, minor in zip((UP, EVEN, DOWN), expected, strict=True):
        assert to_minor(exact, currency, rounding) == minor, rounding
        assert to_minor(-exact, currency, rounding) == -minor, rounding


@pytest.mark.parametrize(
    ("exact", "rounding", "expected"),
    [("2.5", UP, 3), ("2.5", EVEN, 2), ("3.5", EVEN, 4), ("2.999", DOWN, 2), ("-2.5", UP, -3)],
)
def test_minor_units_are_rounded_alike(exact: str, rounding: Rounding, expected: int) -> None:
    """What is in minor units already is rounded by the same rule."""
    assert round_whole(Fraction(exact), rounding) == expected


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [(110, "USD", "1.1"), (-1, "BHD", "-0.001"), (7, "JPY", "7"), (1, "UYW", "0.0001")],
)
def test_minor_units_are_exact_amounts(minor: int, currency: str, expected: str) -> None:
    """There and back nothing is lost."""
    assert from_minor(minor, currency) == Fraction(expected)
    assert to_minor(from_minor(minor, currency), currency, DOWN) == minor


# Total, weights, parts; worked out by hand: floor of each exact part, then the greatest remainders.
PARTS = [
    (0, "1 2", (0, 0)),
    (10, "1 1", (5, 5)),
    (10, "1 1 1", (4, 3, 3)),  # 3 1/3 each: the unit left goes to the first of equal ones
    (11, "1 1 1", (4, 4, 3)),
    (100, "2 3 5", (20, 30, 50)),
    (101, "2 3 5", (20, 30, 51)),  # 20.2, 30.3, 50.5
    (1, "1 2", (0, 1)),  # 1/3, 2/3
    (7, "0 1 0", (0, 7, 0)),
    (5, "0 1 1", (0, 3, 2)),
    (5, "0 0", (5, 0)),
    (9, "1", (9,)),
    (2, "1/3 1/3 1/3", (1, 1, 0)),
    (1000, "0.1 0.7 0.2", (100, 700, 200)),
    (21, "47 16 158 44", (4, 1, 13, 3)),  # 3.72, 1.27, 12.52, 3.49 of 265: 0.72 and 0.52 are most
]


@pytest.mark.parametrize(("total", "weights", "expected"), PARTS)
def test_parts_sum_to_their_whole(total: int, weights: str, expected: tuple[int, ...]) -> None:
    """By largest remainder, ties to the first; below 0 mirrored."""
    given = [Fraction(weight) for weight in weights.split()]
    assert allocate(total, given) == expected
    assert allocate(-total, given) == tuple(-part for part in expected)
    assert sum(expected) == total


@pytest.mark.parametrize("weights", [[], [Fraction(1), Fraction(-1)]])
def test_weights_that_divide_nothing_are_refused(weights: list[Fraction]) -> None:
    """Nothing to divide among, or less than nothing, is a broken rule and no amount."""
    with pytest.raises(AssertionError):
        allocate(10, weights)


# All of ISO 4217 that have other than two decimals, written down by hand from its list one.
SPECIAL = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}


def test_minor_digits_are_those_of_iso_4217() -> None:
    """Those with other than two decimals are listed here; all others have two."""
    found = {code: digits for code, digits in MINOR_DIGITS.items() if digits != 2}
    assert found == SPECIAL
    assert set(map(len, MINOR_DIGITS)) == {3}


@pytest.mark.parametrize(
    "code",
    [
        "USD",
        "EUR",
        "GBP",
        "CHF",
        "CNY",
        "INR",
        "MGA",
        "MRU",
        "HUF",
        "TWD",
        "IDR",
        "ZWG",
        "XCD",
        "XCG",
    ],
)
def test_currencies_with_two_decimals(code: str) -> None:
    """Those without coins of a hundredth, or with fifths of a unit, have two all the same."""
    assert minor_digits(code) == 2


@pytest.mark.parametrize("code", ["usd", "", "XXX", "XAU", "DEM", "US"])
def test_other_text_is_no_currency(code: str) -> None:
    """Lower case, metals, tests and withdrawn ones are refused, with what was found."""
    with pytest.raises(UnknownCurrencyError, match=f"found '{code}'"):
        minor_digits(code)

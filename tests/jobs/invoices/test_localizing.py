"""Numbers, amounts, days and periods as the Unicode CLDR has them for a locale."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from jobs.invoices.localizing import LocaleError, Localizer
from schemas.instant import to_us

NBSP, NARROW, DASH = "\xa0", "\u202f", "\u2013"


@pytest.mark.parametrize(
    ("locale", "currency", "amount_minor", "text"),
    [
        ("en-US", "USD", 123456789, "$1,234,567.89"),
        ("en-US", "USD", -5, "-$0.05"),
        ("en-US", "JPY", 1234567, "¥1,234,567"),
        ("de-DE", "EUR", 123456, f"1.234,56{NBSP}€"),
        ("fr-FR", "EUR", 123456, f"1{NARROW}234,56{NBSP}€"),
        ("ja-JP", "JPY", 1234567, "￥1,234,567"),
        ("en-US", "BHD", 1234, f"BHD{NBSP}1.234"),
        # ISO 4217 has two decimals where the locale's own rules have none.
        ("en-US", "ISK", 1234, f"ISK{NBSP}1,234"),
        ("en-US", "RSD", 1234, f"RSD{NBSP}12.34"),
    ],
)
def test_money(locale: str, currency: str, amount_minor: int, text: str) -> None:
    """As many decimals as the minor unit has."""
    assert Localizer(locale, currency).money(amount_minor) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Fraction("0.002"), f"0,002{NBSP}€"),
        (Fraction(5), f"5,00{NBSP}€"),
        (Fraction(1, 3), f"0,333333333333{NBSP}€"),
        (Fraction("-1234.5"), f"-1.234,50{NBSP}€"),
    ],
)
def test_price(amount: Fraction, text: str) -> None:
    """All decimals up to 12, at least those of the minor unit."""
    assert Localizer("de-DE", "EUR").price(amount) == text


@pytest.mark.parametrize(
    ("locale", "value", "text"),
    [
        ("en-US", "1234567.123456789", "1,234,567.123456789"),
        ("de-DE", "1234.50", "1.234,5"),
        ("fr-FR", "1234", f"1{NARROW}234"),
        ("ja-JP", "1E+3", "1,000"),
    ],
)
def test_number(locale: str, value: str, text: str) -> None:
    """No decimal of a quantity is lost."""
    assert Localizer(locale, "EUR").number(Decimal(value)) == text


@pytest.mark.parametrize(
    ("locale", "rate", "text"),
    [
        ("en-US", "0.19", "19%"),
        ("en-US", "0.09975", "9.975%"),
        ("de-DE", "0.055", f"5,5{NBSP}%"),
        ("en-US", "0", "0%"),
    ],
)
def test_rate(locale: str, rate: str, text: str) -> None:
    """A share as percent, with the decimals it has."""
    assert Localizer(locale, "EUR").rate(Decimal(rate)) == text


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en-US", "March 1, 2013"),
        ("en-GB", "1 March 2013"),
        ("de-DE", "1. März 2013"),
        ("fr-FR", "1 mars 2013"),
        ("ja-JP", "2013年3月1日"),
    ],
)
def test_day(locale: str, text: str) -> None:
    """In words."""
    assert Localizer(locale, "EUR").day("2013-03-01") == text


def local_us(*wall_clock: int) -> int:
    """Return the instant of a time in New York."""
    year, month, day, *rest = wall_clock
    zone = ZoneInfo("America/New_York")
    return to_us(datetime(year, month, day, *rest, tzinfo=zone))  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        # The last day is the one before the end; clocks change on March 10.
        ((2013, 3, 1), (2013, 4, 1), f"Mar 1, 2013 {DASH} Mar 31, 2013"),
        ((2013, 3, 10), (2013, 3, 11), "Mar 10, 2013"),
        (
            (2013, 3, 1),
            (2013, 3, 4, 12, 30),
            f"Mar 1, 2013, 12:00:00{NARROW}AM {DASH} Mar 4, 2013, 12:30:00{NARROW}PM",
        ),
    ],
)
def test_period(start: tuple[int, ...], end: tuple[int, ...], text: str) -> None:
    """By its days in its own zone, or with times where it does not end with a day."""
    words = Localizer("en-US", "USD")
    assert words.period(local_us(*start), local_us(*end), "America/New_York") == text


def test_days_are_those_of_the_zone() -> None:
    """A month of UTC is not one of Tokyo: it is shown with its times."""
    start_us, end_us = (to_us(datetime(2013, month, 1, tzinfo=UTC)) for month in (1, 2))
    assert "9:00:00" in Localizer("ja-JP", "JPY").period(start_us, end_us, "Asia/Tokyo")


@pytest.mark.parametrize("locale", ["", "xx-XX", "de_DE", "not a locale", "../de"])
def test_an_unknown_locale_is_refused(locale: str) -> None:
    """One line with what was expected and found."""
    with pytest.raises(LocaleError, match="locale: expected one like de-DE, found"):
        Localizer(locale, "EUR")

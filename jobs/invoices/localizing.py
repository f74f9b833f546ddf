"""Numbers, amounts, days and periods as a locale writes them."""

from __future__ import annotations

import re
from copy import copy
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, get_currency_symbol

from jobs.invoices.labels import label
from schemas.instant import EPOCH, MICROSECOND
from schemas.money import minor_digits
from udfs.aggregating import EXACT

_PRICE_DIGITS = 12
_EN_DASH = "\u2013"


class LocaleError(Exception):
    """A locale is not known; one line with the party's name, expected and found."""


class Localizer:
    """Writes in one locale and currency."""

    def __init__(self, locale: str, currency: str) -> None:
        """Find the locale.

        Raises:
            LocaleError: It is not known.
        """
        try:
            self.locale = Locale.parse(locale, sep="-")
        except (ValueError, TypeError, UnknownLocaleError) as error:
            raise LocaleError(f"locale: expected one like de-DE, found {locale!r}") from error
        self.currency = currency

    def label(self, key: str, **words: str) -> str:
        """Return the words of a key, with what stands in their braces."""
        return label(key, self.locale.language).format(**words)

    def money(self, amount_minor: int) -> str:
        """Return an amount with as many decimals as the currency's minor unit has."""
        digits = minor_digits(self.currency)
        return self._currency(EXACT.scaleb(Decimal(amount_minor), -digits), digits, digits)

    def price(self, amount: Fraction | Decimal) -> str:
        """Return an exact amount with the decimals it has, the minor unit's to 12."""
        scaled = round(Fraction(amount) * 10**_PRICE_DIGITS)
        value = EXACT.scaleb(Decimal(scaled), -_PRICE_DIGITS)
        return self._currency(value, minor_digits(self.currency), _PRICE_DIGITS)

    def number(self, value: Decimal) -> str:
        """Return a number with all decimals it has."""
        return format_decimal(value, locale=self.locale, decimal_quantization=False)

    def rate(self, rate: Decimal) -> str:
        """Return a share as percent, with all decimals it has."""
        pattern = copy(self.locale.percent_formats[None])
        pattern.frac_prec = (0, _PRICE_DIGITS)
        return str(pattern.apply(rate, self.locale))

    def day(self, iso_day: str) -> str:
        """Return an ISO 8601 day."""
        return format_date(date.fromisoformat(iso_day), format="long", locale=self.locale)

    def period(self, start_us: int, end_us: int, timezone: str) -> str:
        """Return a period by its first and last day, or with times where it ends within a day."""
        zone = ZoneInfo(timezone)
        start, end = ((EPOCH + us * MICROSECOND).astimezone(zone) for us in (start_us, end_us))
        if _is_midnight(start) and _is_midnight(end):
            last = end.date() - timedelta(days=1)
            texts = [
                format_date(each, format="medium", locale=self.locale)
                for each in (start.date(), last)
            ]
        else:
            texts = [
                format_datetime(each, format="medium", tzinfo=zone, locale=self.locale)
                for each in (start, end)
            ]
        return texts[0] if texts[0] == texts[1] else f"{texts[0]} {_EN_DASH} {texts[1]}"

    def _currency(self, value: Decimal, least: int, most: int) -> str:
        # The digits are those of ISO 4217: the locale's own rules leave out those rarely paid.
        pattern = copy(self.locale.currency_formats["standard"])
        pattern.frac_prec = (least, most)
        text = str(pattern.apply(value, self.locale, currency=self.currency, currency_digits=False))
        # A space stands between letters and digits (CLDR, currency spacing); babel leaves it out.
        symbol = get_currency_symbol(self.currency, self.locale)
        if not symbol[-1].isalpha():
            return text
        return re.sub(rf"({re.escape(symbol)})(?=[0-9])", "\\1\xa0", text)


def _is_midnight(moment: datetime) -> bool:
    return moment.time() == datetime.min.time()

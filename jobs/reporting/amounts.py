"""Amounts of money as people read them in tables."""

from schemas.money import minor_digits


def grouped_text(amount_minor: int, currency: str) -> str:
    """Return minor units in the major unit, thousands apart: `-12,345.60`, `1,200`.

    Raises:
        UnknownCurrencyError: The currency is not known.
    """
    digits = minor_digits(currency)
    whole, rest = divmod(abs(amount_minor), 10**digits)
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{whole:,}.{rest:0{digits}d}" if digits else f"{sign}{whole:,}"

"""Amounts of money as people read them in tables."""

from udfs.exporting import amount_text


def grouped_text(amount_minor: int, currency: str) -> str:
    """Return minor units in the major unit, thousands apart: `-12,345.60`, `1,200`.

    Raises:
        UnknownCurrencyError: The currency is not known.
    """
    whole, point, part = amount_text(abs(amount_minor), currency).partition(".")
    return f"{'-' if amount_minor < 0 else ''}{int(whole):,}{point}{part}"

"""Exact amounts to minor units: one rounding for each amount, and parts that sum to their whole."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from schemas.money import Rounding, minor_digits


def to_minor(amount: Fraction, currency: str, rounding: Rounding) -> int:
    """Return an exact amount as a whole number of minor units.

    A negative amount becomes what the positive one does, negated: a correction that takes all of a
    charge back leaves nothing.

    Args:
        amount: In the currency's major unit.
        currency: ISO 4217 code.
        rounding: What becomes of a part of a minor unit.

    Raises:
        UnknownCurrencyError: The currency is not known.
    """
    return round_whole(amount * 10 ** minor_digits(currency), rounding)


def round_whole(exact: Fraction, rounding: Rounding) -> int:
    """Return an exact number of minor units as a whole one; negative ones mirror positive ones."""
    whole, rest = divmod(abs(exact.numerator), exact.denominator)
    if rounding is Rounding.HALF_UP:
        whole += 2 * rest >= exact.denominator
    elif rounding is Rounding.HALF_EVEN:
        whole += 2 * rest > exact.denominator or (2 * rest == exact.denominator and whole % 2)
    return -whole if exact < 0 else whole


def from_minor(amount_minor: int, currency: str) -> Fraction:
    """Return minor units as an exact amount in the major unit.

    Raises:
        UnknownCurrencyError: The currency is not known.
    """
    return Fraction(amount_minor, 10 ** minor_digits(currency))


def allocate(total_minor: int, weights: Sequence[Fraction]) -> tuple[int, ...]:
    """Divide a total in proportion to weights, so that the parts sum to it.

    By largest remainder (Hamilton's method): each part is rounded toward zero, then the units left
    go one each to the greatest remainders; of equal ones, to the first.

    Args:
        total_minor: What is divided; its sign is that of all parts.
        weights: At least one, none below 0. Where all are 0, the first part gets all.
    """
    assert weights, "nothing to divide among"
    assert min(weights) >= 0, f"weights: expected none below 0, found {min(weights)}"
    whole = sum(weights, Fraction(0))
    if whole == 0:
        return (total_minor, *(0 for _ in weights[1:]))
    sign, total = (-1, -total_minor) if total_minor < 0 else (1, total_minor)
    exact = [total * weight / whole for weight in weights]
    parts = [part.numerator // part.denominator for part in exact]
    remainders = [part - floor for part, floor in zip(exact, parts, strict=True)]
    greatest = sorted(range(len(parts)), key=lambda index: (-remainders[index], index))
    for index in greatest[: total - sum(parts)]:
        parts[index] += 1
    return tuple(sign * part for part in parts)

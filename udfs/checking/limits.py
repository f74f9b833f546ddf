"""What the checks share: words, amounts and names that stand once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from decimal import Decimal
from fractions import Fraction

from schemas.money import MINOR_DIGITS
from schemas.price_problem import PriceProblem
from udfs.aggregating import plain_text

Problems = Iterator[PriceProblem]
Steps = tuple[str | int, ...]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# Part of an account's name in the ledger, which other programs write with a capital.
_PRODUCT = re.compile(r"[a-z][a-z0-9-]{0,63}")


def check_id(text: str, steps: Steps) -> Problems:
    """Check a name that stands on charges."""
    if not _ID.fullmatch(text):
        yield PriceProblem(steps, f"a name like {_ID.pattern}", repr(text))


def check_product(text: str, steps: Steps) -> Problems:
    """Check a product: a plain word."""
    if not _PRODUCT.fullmatch(text):
        yield PriceProblem(steps, f"a plain word like {_PRODUCT.pattern}", repr(text))


def check_currency(text: str, steps: Steps) -> Problems:
    """Check that a currency is one that is paid in."""
    if text not in MINOR_DIGITS:
        yield PriceProblem(steps, "a currency of ISO 4217", repr(text))


def check_once(names: Sequence[str], steps: Sequence[Steps]) -> Problems:
    """Check that no name stands twice; `steps` lead to each of them."""
    seen: set[str] = set()
    for name, at in zip(names, steps, strict=True):
        if name in seen:
            yield PriceProblem(at, "each name once", repr(name))
        seen.add(name)


def check_version(version: int, steps: Steps) -> Problems:
    """Check that a version is a positive number."""
    if version < 1:
        yield PriceProblem(steps, "a whole number of at least 1", str(version))


def check_least(value: Decimal | int | None, least: int, steps: Steps) -> Problems:
    """Check that a number, if there is one, is not below another."""
    if value is not None and value < least:
        yield PriceProblem(steps, f"at least {least}", number_text(value))


def check_above_zero(value: Decimal | None, steps: Steps) -> Problems:
    """Check that a number, if there is one, is above 0."""
    if value is not None and value <= 0:
        yield PriceProblem(steps, "a number above 0", number_text(value))


def check_share(value: Decimal | None, steps: Steps) -> Problems:
    """Check that a number, if there is one, is a share: above 0, at most 1."""
    if value is not None and not 0 < value <= 1:
        yield PriceProblem(steps, "a share above 0, at most 1", number_text(value))


def check_bounds(minimum: Decimal | None, maximum: Decimal | None, steps: Steps) -> Problems:
    """Check an optional minimum and maximum, members of what `steps` lead to."""
    yield from check_least(minimum, 0, (*steps, "minimum"))
    yield from check_least(maximum, 0, (*steps, "maximum"))
    if minimum is not None and maximum is not None and maximum < minimum:
        expected = f"at least the minimum {plain_text(minimum)}"
        yield PriceProblem((*steps, "maximum"), expected, plain_text(maximum))


def check_none_negative(shape: object, steps: Steps) -> Problems:
    """Check that no number of a shape is below 0."""
    for field in fields(shape):  # type: ignore[arg-type]
        value = getattr(shape, field.name)
        if isinstance(value, Decimal):
            yield from check_least(value, 0, (*steps, field.name))


def check_whole_minor(amount: Decimal, currency: str, steps: Steps) -> Problems:
    """Check that an amount is a whole number of minor units of a currency that is known."""
    digits = MINOR_DIGITS.get(currency)
    if digits is not None and (Fraction(amount) * 10**digits).denominator != 1:
        expected = f"at most {digits} decimals in {currency}"
        yield PriceProblem(steps, expected, plain_text(amount))


def number_text(value: Decimal | int) -> str:
    """Return a number as plain text."""
    return plain_text(Decimal(value))

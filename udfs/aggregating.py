"""Aggregations as commutative monoids: in any order, in any parts, the same result.

Here are those that running totals are enough for; `udfs.grouping` has those formed from parts.
`None` is the identity of every aggregation, so a maximum needs no invented smallest value.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from fractions import Fraction

from schemas.aggregation import Aggregation
from schemas.meter_state import Accumulator
from schemas.metered_usage import MeteredUsage
from udfs.numbering import FRACTION_DIGITS

# Its own context: the thread's belongs to whoever set it last. Units have at most 38 digits, so
# 100 leave room for 10^62 of them, and rounding would be an error, never a silent loss.
EXACT = Context(prec=100, traps=[DivisionByZero, Inexact, InvalidOperation, Overflow])
_ZERO = Decimal(0)

_MERGE = {
    **dict.fromkeys(Aggregation, EXACT.add),
    Aggregation.MAX: EXACT.max,
    Aggregation.MIN: EXACT.min,
}


@dataclass(frozen=True, slots=True)
class Result:
    """What events come to.

    Attributes:
        quantity: In the meter's unit; of an average the exact fraction rounded half up to nine
            decimals.
        breakdown: What the quantity was formed from, as canonical JSON; None where it says all.
    """

    quantity: Decimal
    breakdown: str | None = None


NOTHING = Result(_ZERO)
"""What no events come to."""


def merge(aggregation: Aggregation, a: Decimal, b: Decimal) -> Decimal:
    """Merge the quantities of two disjoint sets of events into that of their union.

    Raises:
        decimal.Inexact: The exact result has more than 100 digits.
    """
    return _MERGE[aggregation](a, b)


def difference(after: Decimal, before: Decimal) -> Decimal:
    """Return `after - before`, exactly.

    Raises:
        decimal.Inexact: The exact result has more than 100 digits.
    """
    return EXACT.subtract(after, before)


def rounded(exact: Fraction) -> Decimal:
    """Return a fraction as a quantity: rounded half up, away from zero, to nine decimals."""
    scaled, rest = divmod(abs(exact.numerator) * 10**FRACTION_DIGITS, exact.denominator)
    units = scaled + (2 * rest >= exact.denominator)
    return EXACT.scaleb(Decimal(-units if exact < 0 else units), -FRACTION_DIGITS)


def breakdown_text(members: dict[str, object]) -> str:
    """Return the text of a breakdown, its members in the given order."""
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False)


def plain_text(quantity: Decimal) -> str:
    """Return a number without exponent and with no more decimals than it has."""
    text = f"{quantity:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def result_of(aggregation: Aggregation, total: Accumulator) -> Result:
    """Return what a running total comes to; of what has parts, what it last came to."""
    if aggregation is not Aggregation.AVERAGE:
        return Result(total.quantity)
    if not total.event_count:
        return NOTHING
    members = {"sum": plain_text(total.quantity), "count": total.event_count}
    exact = Fraction(total.quantity) / total.event_count
    return Result(rounded(exact), breakdown_text(members))


def combine(
    aggregation: Aggregation,
    a: Accumulator | None,
    b: Accumulator | MeteredUsage,
    has_parts: bool = False,
) -> Accumulator:
    """Merge disjoint sets of events, or take back some; None is nothing.

    What has parts gets no quantity here: of usage it is 0, and that of `a` stays.
    """
    quantity = _ZERO if has_parts else b.quantity
    if a is None or a.is_empty:
        return Accumulator(
            quantity if a is None else a.quantity,
            b.event_count,
            b.first_event_us,
            b.last_event_us,
            b.first_log_us,
            b.last_log_us,
        )
    if isinstance(b, Accumulator) and b.is_empty:
        return a
    return Accumulator(
        a.quantity if has_parts else _MERGE[aggregation](a.quantity, quantity),
        a.event_count + b.event_count,
        min(a.first_event_us, b.first_event_us),
        max(a.last_event_us, b.last_event_us),
        min(a.first_log_us, b.first_log_us),
        max(a.last_log_us, b.last_log_us),
    )

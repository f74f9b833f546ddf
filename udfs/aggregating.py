"""Aggregations as commutative monoids: in any order, in any parts, the same result.

`None` is the identity of every aggregation, so a maximum needs no invented smallest value.
"""

from __future__ import annotations

from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

from schemas.meter import Aggregation
from schemas.meter_state import Accumulator
from schemas.metered_usage import MeteredUsage

# Its own context: the thread's belongs to whoever set it last. Units have at most 38 digits, so
# 100 leave room for 10^62 of them, and rounding would be an error, never a silent loss.
_EXACT = Context(prec=100, traps=[DivisionByZero, Inexact, InvalidOperation, Overflow])

_MERGE = {
    Aggregation.COUNT: _EXACT.add,
    Aggregation.SUM: _EXACT.add,
    Aggregation.MAX: _EXACT.max,
    Aggregation.MIN: _EXACT.min,
}


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
    return _EXACT.subtract(after, before)


def combine(
    aggregation: Aggregation, a: Accumulator | None, b: Accumulator | MeteredUsage
) -> Accumulator:
    """Merge disjoint sets of events; None is no events."""
    if a is None:
        return Accumulator(
            b.quantity,
            b.event_count,
            b.first_event_us,
            b.last_event_us,
            b.first_log_us,
            b.last_log_us,
        )
    return Accumulator(
        merge(aggregation, a.quantity, b.quantity),
        a.event_count + b.event_count,
        min(a.first_event_us, b.first_event_us),
        max(a.last_event_us, b.last_event_us),
        min(a.first_log_us, b.first_log_us),
        max(a.last_log_us, b.last_log_us),
    )

"""How a change of money is told: in percent, and in bands of percent."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from schemas.charge_difference import MoneyChange

_EDGES = (5, 10, 20, 50)
_BY = (
    "up to 5 %",
    *(f"{low} to {high} %" for low, high in pairwise(_EDGES)),
    "over 50 %",
)
_NO_BASE = "from nothing or credit"
SAME = "the same"
BANDS: tuple[str, ...] = (
    f"less, {_NO_BASE}",
    *(f"less by {each}" for each in reversed(_BY)),
    SAME,
    *(f"more by {each}" for each in _BY),
    f"more, {_NO_BASE}",
)
"""Bands of accounts by what they would pay; an edge belongs to the band nearer to `the same`."""


def band_of(money: MoneyChange) -> str:
    """Return the band that a change belongs to; there is no percentage of nothing or of credit."""
    change = money.difference_minor
    if not change:
        return SAME
    word = "more" if change > 0 else "less"
    if money.before_minor <= 0:
        return f"{word}, {_NO_BASE}"
    place = sum(abs(change) * 100 > edge * money.before_minor for edge in _EDGES)
    return f"{word} by {_BY[place]}"


def count_directions(bands: Mapping[str, int]) -> dict[str, int]:
    """Return how many are in bands of more, of less, and in that of the same."""
    return {
        "more": sum(count for band, count in bands.items() if band.startswith("more")),
        "less": sum(count for band, count in bands.items() if band.startswith("less")),
        SAME: bands.get(SAME, 0),
    }


def percent_text(money: MoneyChange) -> str:
    """Return a change as a percentage of what was charged, half up: `+3.25 %`; empty: of nothing.

    A change that would round to nothing is told as `+0.00 %` or `-0.00 %`.
    """
    if money.before_minor <= 0:
        return "" if money.difference_minor else "0.00 %"
    change = abs(money.difference_minor) * 10_000
    hundredths = (2 * change + money.before_minor) // (2 * money.before_minor)
    sign = "-" if money.difference_minor < 0 else "+" if money.difference_minor else ""
    return f"{sign}{hundredths // 100:,}.{hundredths % 100:02} %"

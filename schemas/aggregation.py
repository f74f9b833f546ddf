"""Aggregations: how the units of many events become one quantity."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache


class Aggregation(StrEnum):
    """How the units of many events become one quantity."""

    COUNT = "count"
    SUM = "sum"
    MAX = "max"
    MIN = "min"
    AVERAGE = "average"
    UNIQUE_COUNT = "unique_count"
    LATEST = "latest"
    HISTOGRAM = "histogram"
    PERCENTILE = "percentile"


BY_VALUE = frozenset({Aggregation.UNIQUE_COUNT, Aggregation.HISTOGRAM, Aggregation.PERCENTILE})
"""What SQL cannot sum, but can group: usage comes in one row for each value (or its bucket)."""
BY_EVENT = frozenset({Aggregation.LATEST})
"""What needs each event by itself."""
HAS_PARTS = BY_VALUE | BY_EVENT
"""What is formed from its parts (`schemas.meter_state.Part`), not from running totals."""


@dataclass(frozen=True, slots=True)
class AggregationOptions:
    """What an aggregation needs to know beyond its name; all empty for most.

    Attributes:
        bounds: Of a histogram: the greatest value of each bucket, ascending. One more bucket holds
            what is greater than all of them.
        percentile: Which one: above 0, at most 100.
    """

    bounds: tuple[Decimal, ...] = ()
    percentile: Decimal | None = None


NO_OPTIONS = AggregationOptions()


def encode_options(options: AggregationOptions) -> str:
    """Return options as canonical JSON text; an empty one if there are none."""
    if options == NO_OPTIONS:
        return ""
    percentile = None if options.percentile is None else str(options.percentile)
    bounds = [str(bound) for bound in options.bounds]
    return json.dumps([bounds, percentile], separators=(",", ":"))


@lru_cache(maxsize=1_000)
def decode_options(text: str) -> AggregationOptions:
    """Read options back from their text.

    Raises:
        ValueError, decimal.InvalidOperation: The text is damaged.
    """
    if not text:
        return NO_OPTIONS
    bounds, percentile = json.loads(text)
    return AggregationOptions(
        tuple(map(Decimal, bounds)),
        None if percentile is None else Decimal(percentile),
    )

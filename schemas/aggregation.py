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
    TIME_WEIGHTED_SUM = "time_weighted_sum"


BY_VALUE = frozenset({Aggregation.UNIQUE_COUNT, Aggregation.HISTOGRAM, Aggregation.PERCENTILE})
"""What SQL cannot sum, but can group: usage comes in one row for each value (or its bucket)."""
BY_EVENT = frozenset({Aggregation.LATEST, Aggregation.TIME_WEIGHTED_SUM})
"""What needs each event by itself."""
HAS_PARTS = BY_VALUE | BY_EVENT
"""What is formed from its parts (`schemas.meter_state.Part`), not from running totals."""
_KEEPS_MORE = frozenset(
    {Aggregation.MAX, Aggregation.MIN, Aggregation.UNIQUE_COUNT, Aggregation.LATEST}
)


class Readings(StrEnum):
    """What the units of an event say of a level."""

    ABSOLUTE = "absolute"
    """The level from then on."""
    DELTA = "delta"
    """By how much it rises; below zero, falls."""


@dataclass(frozen=True, slots=True)
class AggregationOptions:
    """What an aggregation needs to know beyond its name; all empty for most.

    Attributes:
        bounds: Of a histogram: the greatest value of each bucket, ascending. One more bucket holds
            what is greater than all of them.
        percentile: Which one: above 0, at most 100.
        readings: Of a time-weighted sum: what its events say of the level.
        per_us: Of a time-weighted sum: for how long a level of one gives a quantity of one.
        keeps_all: Of what forgets all but the greatest, least, latest or distinct values: whether
            it keeps the others, too, so that events can be taken back.
    """

    bounds: tuple[Decimal, ...] = ()
    percentile: Decimal | None = None
    readings: Readings | None = None
    per_us: int | None = None
    keeps_all: bool = False


NO_OPTIONS = AggregationOptions()
KEEPS_ALL = AggregationOptions(keeps_all=True)


def has_parts(aggregation: Aggregation, options: AggregationOptions) -> bool:
    """Return whether a quantity is formed from its parts, not from running totals."""
    return aggregation in HAS_PARTS or options.keeps_all


def must_keep_all(aggregation: Aggregation) -> bool:
    """Return whether an aggregation has to keep more than it shows for events to be taken back."""
    return aggregation in _KEEPS_MORE


def encode_options(options: AggregationOptions) -> str:
    """Return options as canonical JSON text; an empty one if there are none."""
    if options == NO_OPTIONS:
        return ""
    percentile = None if options.percentile is None else str(options.percentile)
    members: list[object] = [[str(bound) for bound in options.bounds], percentile]
    if options.readings is not None:
        members += [options.readings, options.per_us]
    if options.keeps_all:
        members += [None, None, True]
    return json.dumps(members, separators=(",", ":"))


@lru_cache(maxsize=1_000)
def decode_options(text: str) -> AggregationOptions:
    """Read options back from their text.

    Raises:
        ValueError, decimal.InvalidOperation: The text is damaged.
    """
    if not text:
        return NO_OPTIONS
    bounds, percentile, *others = json.loads(text)
    readings, per_us, keeps_all = (*others, None, None, None)[:3]
    return AggregationOptions(
        tuple(map(Decimal, bounds)),
        None if percentile is None else Decimal(percentile),
        None if readings is None else Readings(readings),
        per_us,
        keeps_all is True,
    )

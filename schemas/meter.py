"""A meter: which events it counts, how, and how long their periods stay open to late usage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from schemas.aggregation import (
    NO_OPTIONS,
    Aggregation,
    AggregationOptions,
    Readings,
    must_keep_all,
)

_UNREADABLE = re.compile(r'["\\\x00-\x1f]')


@dataclass(frozen=True, slots=True)
class Meter:
    """One configured meter.

    Attributes:
        meter_id: Its name in every table; a meter whose meaning changes gets a new one.
        event_type: The CloudEvents `type` it listens to.
        aggregation: How units become a quantity.
        property: The member of `data` that holds the units, or the values of a unique count; None
            exactly for `count`.
        unit: The name of the unit, for example `mile`.
        dimensions: Members of `data` that split the quantity, in the order of the canonical text.
        grace_us: From a period's end to its cut, in microseconds of log time.
        correction_horizon_us: From the cut on, how long late usage becomes corrections, in
            microseconds of log time; later usage is expired.
        options: What the aggregation needs to know.
        max_dimensions: How many values (or tuples) of its dimensions an account may have in a
            period; the usage of further ones counts under the overflow value. None: no limit.
        is_retractable: Whether its events can be taken back; the same for all meters of a type.

    Raises:
        ValueError: The property or the options do not fit the aggregation, a property's name
            would be escaped in JSON, or a duration is negative.
    """

    meter_id: str
    event_type: str
    aggregation: Aggregation
    property: str | None
    unit: str
    dimensions: tuple[str, ...]
    grace_us: int
    correction_horizon_us: int
    options: AggregationOptions = NO_OPTIONS
    max_dimensions: int | None = None
    is_retractable: bool = False

    def __post_init__(self) -> None:
        """Refuse a meter that no event could feed."""
        if (self.property is None) != (self.aggregation is Aggregation.COUNT):
            expected = "none" if self.aggregation is Aggregation.COUNT else "a name"
            raise ValueError(
                f"property, meter {self.meter_id}: expected {expected} for {self.aggregation}, "
                f"found {self.property!r}"
            )
        for name in (*self.dimensions, self.property or ""):
            if _UNREADABLE.search(name):
                raise ValueError(
                    f"property, meter {self.meter_id}: expected a name without quotation marks, "
                    f"backslashes and control characters, found {name!r}"
                )
        for name in ("grace_us", "correction_horizon_us"):
            if getattr(self, name) < 0:
                raise ValueError(
                    f"{name}, meter {self.meter_id}: expected 0 or more, "
                    f"found {getattr(self, name)}"
                )
        if self.max_dimensions is not None and self.max_dimensions < 1:
            raise ValueError(f"max_dimensions, meter {self.meter_id}: expected 1 or more")
        self._check_options()

    def _check_options(self) -> None:
        options, aggregation = self.options, self.aggregation
        found = {
            Aggregation.HISTOGRAM: bool(options.bounds),
            Aggregation.PERCENTILE: options.percentile is not None,
            Aggregation.TIME_WEIGHTED_SUM: options.readings is not None,
        }
        for owner, is_there in found.items():
            if is_there != (owner is aggregation):
                expected = "its own options" if owner is aggregation else f"none of {owner}"
                raise ValueError(
                    f"options, meter {self.meter_id}: expected {expected} for {aggregation}, "
                    f"found {options}"
                )
        if options.keeps_all != (self.is_retractable and must_keep_all(aggregation)):
            raise ValueError(
                f"options, meter {self.meter_id}: expected to keep all values exactly where events "
                f"can be taken back, found {options}"
            )
        if self.is_retractable and options.readings is Readings.ABSOLUTE:
            raise ValueError(
                f"is_retractable, meter {self.meter_id}: expected none with absolute readings"
            )
        if any(a >= b for a, b in pairwise(options.bounds)):
            raise ValueError(f"bounds, meter {self.meter_id}: expected ascending ones")
        if options.percentile is not None and not 0 < options.percentile <= 100:
            raise ValueError(f"percentile, meter {self.meter_id}: expected above 0, at most 100")
        if (options.readings is None) != (options.per_us is None) or (options.per_us or 1) < 1:
            raise ValueError(f"per, meter {self.meter_id}: expected a time above 0 with readings")

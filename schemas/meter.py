"""A meter: which events it counts, how, and how long their periods stay open to late usage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_UNREADABLE = re.compile(r'["\\\x00-\x1f]')


class Aggregation(StrEnum):
    """How the units of many events become one quantity."""

    COUNT = "count"
    SUM = "sum"
    MAX = "max"
    MIN = "min"


@dataclass(frozen=True, slots=True)
class Meter:
    """One configured meter.

    Attributes:
        meter_id: Its name in every table; a meter whose meaning changes gets a new one.
        event_type: The CloudEvents `type` it listens to.
        aggregation: How units become a quantity.
        property: The member of `data` that holds the units; None exactly for `count`.
        unit: The name of the unit, for example `mile`.
        dimensions: Members of `data` that split the quantity, in the order of the canonical text.
        grace_us: From a period's end to its cut, in microseconds of log time.
        correction_horizon_us: From the cut on, how long late usage becomes corrections, in
            microseconds of log time; later usage is expired.

    Raises:
        ValueError: The property does not fit the aggregation, a property's name would be escaped
            in JSON, or a duration is negative.
    """

    meter_id: str
    event_type: str
    aggregation: Aggregation
    property: str | None
    unit: str
    dimensions: tuple[str, ...]
    grace_us: int
    correction_horizon_us: int

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

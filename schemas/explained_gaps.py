"""Gaps in the archive's offsets that Kafka has explained: they held no record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExplainedGaps:
    """What reconciliations have found of gaps so far.

    Attributes:
        gaps: Partition, first offset, and first offset after, in order. A topic's offsets do not
            change: what was explained once is explained for ever.
        looked_at: First offset after those that the newest of them looked at, by partition.
        at_us: When that one ran; None: none has told of gaps.
    """

    gaps: tuple[tuple[int, int, int], ...] = ()
    looked_at: Mapping[int, int] | None = None
    at_us: int | None = None

    @property
    def has_markers(self) -> bool:
        """Whether the topic has offsets between records that are none: ends of transactions."""
        return any(begin > 0 for _, begin, _ in self.gaps)

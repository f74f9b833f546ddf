"""What a rule finds of a level, before it is judged; and the nearest rank."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from schemas.service_facts import ServiceFacts
from schemas.service_level import LevelDefinition, Unmeasured


@dataclass(frozen=True, slots=True)
class Measured:
    """What a rule found of one level, or of one part of it.

    Attributes:
        definition: Of which level.
        numerator: Value times denominator.
        denominator: 0: there is nothing to measure by.
        reason: Why there is no value; of a denominator of 0, what that means.
        part: Label and value of the part; None: the whole.
        detail: One line for people; None: nothing.
        has_target: Whether the target holds for it.
    """

    definition: LevelDefinition
    numerator: int
    denominator: int
    reason: Unmeasured | None = None
    part: tuple[str, str] | None = None
    detail: str | None = None
    has_target: bool = True


Rule = Callable[[ServiceFacts, int], Iterator[Measured]]
"""From facts, and the moment of measuring."""


def nearest_rank(count: int, percent: int) -> int:
    """Return the place, from 1, of a percentile among so many ordered values: the nearest rank.

    It is the first value that at least `percent` of all values do not exceed, so it is one of them.

    Args:
        count: At least 1.
        percent: From 1 to 100.
    """
    assert count >= 1, count
    assert 1 <= percent <= 100, percent
    return -(-count * percent // 100)

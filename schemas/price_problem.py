"""What is wrong with a rate card, a contract or what stands beside them: one value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PriceProblem:
    """One value that cannot be, though its form is right.

    Attributes:
        steps: The way to it, such as ("prices", 0, "model", "tiers").
        expected: What it should be.
        found: What it is.
    """

    steps: tuple[str | int, ...]
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class PriceConflict:
    """What does not follow on what was loaded before.

    Attributes:
        what: What it is, such as `rate card standard USD 2`.
        expected: What it should be.
        found: What it is.
    """

    what: str
    expected: str
    found: str

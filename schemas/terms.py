"""The terms of an account: when its billing periods begin, from when on, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.cadence import Cadence


class TakesEffect(StrEnum):
    """When new terms replace the ones before them."""

    NEXT_BOUNDARY = "next_boundary"
    """At the first boundary of the old terms that is not before `effective_from`."""
    AT_ONCE = "at_once"
    """At `effective_from` itself: the period that holds it ends there."""


@dataclass(frozen=True, slots=True)
class Recurring:
    """Periods of one cadence.

    Attributes:
        cadence: How long a period is.
        anchor: A wall-clock time, without zone, at which a period starts; all others are counted
            from it, forward and back.
    """

    cadence: Cadence
    anchor: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """Periods between listed boundaries, such as those of a 4-4-5 calendar.

    Attributes:
        boundaries: At least two wall-clock times, without zone, in order. Before the first and
            from the last on there is no period.
    """

    boundaries: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """How an account is metered from one instant on.

    Attributes:
        version: Positive number, growing with each change.
        effective_from_us: When these terms are to hold; `takes_effect` says when they do.
        timezone: IANA zone whose wall clock sets the period boundaries.
        calendar: Where the boundaries are.
        plan: Name of the price plan.
        takes_effect: How terms before these give way. The first terms hold at once.
        effective_until_us: First instant at which the contract is over, unless later terms renew
            it; None: it has no end.
    """

    version: int
    effective_from_us: int
    timezone: str
    calendar: Recurring | Listed
    plan: str
    takes_effect: TakesEffect = TakesEffect.NEXT_BOUNDARY
    effective_until_us: int | None = None

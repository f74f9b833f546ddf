"""A freeze of billing: whose charges wait, who said so and why, and that it was lifted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FreezeAction(StrEnum):
    """What a decision does."""

    FREEZE = "freeze"
    LIFT = "lift"


@dataclass(frozen=True, slots=True)
class FreezeScope:
    """Which billing periods wait.

    Attributes:
        account_ids: Whose, ordered; empty: of all accounts.
        meter_ids: Only periods whose rate card has one of these meters, ordered; empty: all. Such a
            period waits as a whole, as minimums, tiers and credit look at all of it.
        since_us: Periods that end after this instant; None: from the first one on.
        until_us: Periods that start before this instant; None: all later ones.
    """

    account_ids: tuple[str, ...] = ()
    meter_ids: tuple[str, ...] = ()
    since_us: int | None = None
    until_us: int | None = None


@dataclass(frozen=True, slots=True)
class FreezeDecision:
    """One decision of a person, as the table `freezes` keeps it.

    Attributes:
        freeze_id: 32 hex digits: of the freeze that begins, or that is lifted.
        action: What it does.
        scope: Of the freeze.
        decided_by: Who decided.
        reason: Why, in the words of that person.
        decided_at_us: When, wall clock.
    """

    freeze_id: str
    action: FreezeAction
    scope: FreezeScope
    decided_by: str
    reason: str
    decided_at_us: int


class FreezeRefusal(StrEnum):
    """Why a decision is refused: a closed list."""

    FROZEN_BEFORE = "frozen_before"
    NO_SUCH_FREEZE = "no_such_freeze"
    LIFTED_BEFORE = "lifted_before"
    EMPTY_SPAN = "empty_span"


@dataclass(frozen=True, slots=True)
class RefusedFreeze:
    """A decision that is not taken.

    Attributes:
        reason: Why not.
        detail: What was expected and found, in one line.
    """

    reason: FreezeRefusal
    detail: str

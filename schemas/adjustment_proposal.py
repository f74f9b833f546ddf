"""What a program proposes to adjust, for a person to read and approve."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.usage_adjustment import RefusedTotal, UsageAdjustment


@dataclass(frozen=True, slots=True)
class ProposalScope:
    """What was looked at; a proposal is made again from it before it is applied.

    Attributes:
        source: Where events come from: `raw_events`, or a range of Kafka.
        account_ids: Whose usage, ordered.
        since_us: Periods that end after it.
        until_us: Periods that start before it.
        wrong: Source and id of events that a person says are wrong, ordered.
    """

    source: str
    account_ids: tuple[str, ...]
    since_us: int
    until_us: int
    wrong: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """The difference between what was used and what the tables say.

    Attributes:
        scope: What was looked at.
        adjustments: What is proposed, ordered.
        refused: Totals that are not what they should be, and stay so.
    """

    scope: ProposalScope
    adjustments: tuple[UsageAdjustment, ...]
    refused: tuple[RefusedTotal, ...] = ()


class ProposalFormatError(Exception):
    """A file is no proposal, or was changed; one line."""

"""Measures what became of usage, when periods closed, and when the job last committed."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.instant import SECOND_US
from schemas.service_facts import ServiceFacts
from schemas.service_level import Unmeasured
from schemas.service_levels import (
    BACKFILLED_EVENTS,
    CLOSE_DELAY,
    COMMIT_AGE,
    EXPIRED_EVENTS,
    LATE_RATE,
    LEDGER_AGE,
    RECONCILIATION_AGE,
    UNASSIGNED_EVENTS,
)
from udfs.measuring_service.measured import Measured


def measure_late_usage(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield late, expired, unassigned and brought back usage."""
    usage = facts.usage
    every = usage.in_time_events + usage.late_events
    yield Measured(LATE_RATE, usage.late_events, every, Unmeasured.NO_USAGE)
    yield Measured(EXPIRED_EVENTS, usage.expired_events, 1)
    yield Measured(UNASSIGNED_EVENTS, usage.unassigned_events, 1)
    yield Measured(BACKFILLED_EVENTS, usage.brought_back_events, 1)


def measure_close_delay(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield how long after their periods' ends rows were closed."""
    usage, ranks = facts.usage, facts.usage.close_delay
    reason = Unmeasured.COMMITS_FORGOTTEN if usage.forgotten_rows else Unmeasured.NO_USAGE
    rows = f"{ranks.count} rows, to the {'commit' if facts.received.is_live else 'cut'}"
    left_out = f"; {usage.forgotten_rows} left out, their commits have expired"
    detail = rows + (left_out if usage.forgotten_rows else "")
    for percent, definition in CLOSE_DELAY.items():
        value_us, denominator = ranks.by_percent_us.get(percent, 0), SECOND_US
        yield Measured(
            definition, value_us, denominator if ranks.count else 0, reason, detail=detail
        )


def measure_ages(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield how long ago things happened that must happen often."""
    proofs, never = facts.proofs, Unmeasured.NEVER_RECONCILED
    for definition, since_us, reason in (
        (COMMIT_AGE, facts.usage.last_commit_us, Unmeasured.NO_COMMITS),
        (RECONCILIATION_AGE, proofs.usage_reconciled_us, never),
        (LEDGER_AGE, proofs.charges_reconciled_us, never),
    ):
        if since_us is None:
            yield Measured(definition, 0, 0, reason)
        else:
            yield Measured(definition, at_us - since_us, SECOND_US)

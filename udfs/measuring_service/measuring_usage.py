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
    until = "commit" if facts.received.is_live else "cut"
    left_out = f"; left out, as their commits have expired: {usage.forgotten_rows}"
    rows = f"timed to the {until}; rows: {ranks.count}"
    detail = rows + (left_out if usage.forgotten_rows else "")
    for percent, definition in CLOSE_DELAY.items():
        value_us, denominator = ranks.by_percent_us.get(percent, 0), SECOND_US
        yield Measured(
            definition, value_us, denominator if ranks.count else 0, reason, detail=detail
        )


def measure_commit_age(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield how long ago the metering job committed something."""
    last_us = facts.usage.last_commit_us
    if last_us is None:
        yield Measured(COMMIT_AGE, 0, 0, Unmeasured.NO_COMMITS)
    else:
        yield Measured(COMMIT_AGE, at_us - last_us, SECOND_US)

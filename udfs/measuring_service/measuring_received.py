"""Measures what was received: delays, completeness, repeats and rejects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.instant import SECOND_US, to_text
from schemas.service_facts import MeterCount, Ranks, ServiceFacts, SettledFacts
from schemas.service_level import Unmeasured
from schemas.service_levels import (
    COMPLETENESS,
    CONFLICT_RATE,
    DUPLICATE_RATE,
    INGESTION_DELAY,
    OFFSET_GAPS,
    REJECT_RATE,
)
from udfs.measuring_service.measured import Measured


def measure_ingestion_delay(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield the delays of what was received, of all of it and by partition."""
    received = facts.received
    for percent, definition in INGESTION_DELAY.items():
        has_target = received.is_live or not definition.is_live_only
        detail = None if has_target else "an import: its log times are its writer's"
        parts: Mapping[tuple[str, str] | None, Ranks] = {
            None: received.delay,
            **{
                (definition.split_by, str(partition)): ranks
                for partition, ranks in sorted(received.delay_by_partition.items())
            },
        }
        for part, ranks in parts.items():
            yield Measured(
                definition,
                ranks.by_percent_us.get(percent, 0),
                SECOND_US if ranks.count else 0,
                Unmeasured.NO_EVENTS,
                part,
                detail,
                has_target,
            )


def measure_completeness(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield which share of what was received has a fate and is in the tables."""
    settled = facts.received.settled
    if not isinstance(settled, SettledFacts):
        yield Measured(COMPLETENESS, 0, 0, settled)
        return
    received = settled.records + settled.missing_offsets
    accounted = settled.records - settled.unreadable - lost_events(settled.meters)
    wrong = [each for each in settled.meters if each.expected != each.found]
    told = [f"{each.meter_id}: {each.found} of {each.expected} events" for each in wrong]
    detail = "; ".join([f"received until {to_text(settled.until_us)}", *told])
    yield Measured(COMPLETENESS, max(accounted, 0), received, Unmeasured.NO_RECORDS, detail=detail)


def measure_offset_gaps(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield how many offsets the archive lacks, in all and by partition."""
    missing = facts.received.missing_offsets
    total, is_any = sum(missing.values()), min(len(missing), 1)
    yield Measured(OFFSET_GAPS, total, is_any, Unmeasured.NO_RECORDS)
    for partition, number in sorted(missing.items()):
        yield Measured(OFFSET_GAPS, number, 1, part=(OFFSET_GAPS.split_by, str(partition)))


def measure_repeats(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield duplicates and conflicts."""
    received = facts.received
    readable = received.counted + received.duplicates + received.retractions
    yield Measured(DUPLICATE_RATE, received.duplicates, readable, Unmeasured.NO_EVENTS)
    yield Measured(CONFLICT_RATE, received.conflicts, readable, Unmeasured.NO_EVENTS)


def measure_rejects(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield what was rejected, in all and by reason."""
    received = facts.received
    rejected = sum(received.rejected.values())
    every = received.counted + received.duplicates + received.retractions + rejected
    yield Measured(REJECT_RATE, rejected, every, Unmeasured.NO_EVENTS)
    for reason, number in sorted(received.rejected.items()):
        yield Measured(REJECT_RATE, number, every, part=(REJECT_RATE.split_by, reason))


def lost_events(meters: tuple[MeterCount, ...]) -> int:
    """Return how many events some meter lacks or has too often, over all meters."""
    return sum(abs(each.expected - each.found) for each in meters)

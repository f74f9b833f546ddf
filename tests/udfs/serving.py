"""Facts for tests of service levels: nothing at all, unless told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from schemas.service_facts import (
    ChargeFacts,
    LedgerFacts,
    ProofFacts,
    Ranks,
    ReceivedFacts,
    ServiceFacts,
    UsageFacts,
)
from schemas.service_level import MeasuredWindow, ServiceLevel, Unmeasured
from udfs.measuring_service import measure_service

NOW_US = 1_000_000_000_000
WINDOW = MeasuredWindow(None, NOW_US, NOW_US)
NO_RANKS = Ranks(0, {})
NOTHING = ServiceFacts(
    ReceivedFacts(
        is_live=True,
        counted=0,
        duplicates=0,
        conflicts=0,
        retractions=0,
        rejected={},
        missing_offsets={},
        delay=NO_RANKS,
        delay_by_partition={},
        settled=Unmeasured.NO_CHECKPOINTS,
    ),
    UsageFacts(0, 0, 0, 0, 0, 0, 0, NO_RANKS, None),
    ChargeFacts(0, 0, (), 0, 0, 0, 0, 0, None),
    LedgerFacts(0, 0, 0, 0, 0),
    ProofFacts(None, None, 0, 0),
)


def facts(section: str, **changes: Any) -> ServiceFacts:
    """Return facts of which only those of one section are not nothing."""
    return replace(NOTHING, **{section: replace(getattr(NOTHING, section), **changes)})


def measured(given: ServiceFacts, level: str, part: str = "{}") -> ServiceLevel:
    """Return one level, or a part of it, of what facts come to."""
    (found,) = (
        each for each in measure_service(given, WINDOW) if (each.level, each.part) == (level, part)
    )
    return found

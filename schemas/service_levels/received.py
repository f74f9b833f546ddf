"""Levels of records that were received."""

from __future__ import annotations

from schemas.service_level import Comparison, LevelArea, LevelDefinition, LevelUnit

_AREA = LevelArea.RECEIVED
_SECONDS = LevelUnit.SECONDS
_RATIO = LevelUnit.RATIO
_DELAY = (
    "Log time less event time of the events that counted and were received in the window:"
    " {}, by nearest rank, in whole microseconds. Also by partition. From raw_events."
)

INGESTION_DELAY = {
    50: LevelDefinition(
        "ingestion_delay_p50",
        "Ingestion delay, median",
        _AREA,
        _SECONDS,
        _DELAY.format("the 50th percentile"),
        split_by="partition",
    ),
    95: LevelDefinition(
        "ingestion_delay_p95",
        "Ingestion delay, p95",
        _AREA,
        _SECONDS,
        _DELAY.format("the 95th percentile"),
        Comparison.BELOW,
        "60",
        split_by="partition",
        is_live_only=True,
    ),
    99: LevelDefinition(
        "ingestion_delay_p99",
        "Ingestion delay, p99",
        _AREA,
        _SECONDS,
        _DELAY.format("the 99th percentile"),
        split_by="partition",
    ),
}
"""By percent."""
COMPLETENESS = LevelDefinition(
    "completeness",
    "Completeness",
    _AREA,
    _RATIO,
    "Records and events of batches that have exactly one fate and whose usage is in the tables, of"
    " those received. An offset that offset_gaps tells of counts as received, and so does usage"
    " that a meter lacks or has twice. Looks at what was received until the last but one"
    " checkpoint. From raw_events, reconciliations, rejected_events and metering_windows.",
    Comparison.AT_LEAST,
    "0.999",
)
OFFSET_GAPS = LevelDefinition(
    "offset_gaps",
    "Offsets that are missing",
    _AREA,
    LevelUnit.OFFSETS,
    "Offsets between the first and the last of the window that the archive does not have, over all"
    " partitions, and at which no reconciliation found that Kafka has no record. Where it found"
    " such (markers of transactional producers), offsets behind the newest reconciliation wait for"
    " the next, at most 25 hours. From raw_events and reconciliations.",
    Comparison.AT_MOST,
    "0",
    split_by="partition",
)
DUPLICATE_RATE = LevelDefinition(
    "duplicate_rate",
    "Duplicates",
    _AREA,
    _RATIO,
    "Events whose identity had counted before, of all events that can be read. From raw_events.",
    Comparison.BELOW,
    "0.0001",
)
CONFLICT_RATE = LevelDefinition(
    "conflict_rate",
    "Conflicts",
    _AREA,
    _RATIO,
    "Duplicates with other content than the event that counted, of all events that can be read."
    " From raw_events.",
)
REJECT_RATE = LevelDefinition(
    "reject_rate",
    "Rejected",
    _AREA,
    _RATIO,
    "Records and events of batches that were rejected as a whole, of those received, without"
    " heartbeats; in all, and by reason. From rejected_events and raw_events.",
    split_by="reason",
)

"""Levels of usage, of closes, and of the commits of both."""

from __future__ import annotations

from schemas.service_level import LevelArea, LevelDefinition, LevelUnit

_AREA = LevelArea.USAGE
_SECONDS = LevelUnit.SECONDS
_RATIO = LevelUnit.RATIO
_CLOSE = (
    "From the end of a billing period to the commit that brought its closed row: {} over the rows"
    " of periods that ended in the window. On an import topic from the end to the cut, as log time"
    " passes there in bursts. From closed_usage and its snapshots."
)

LATE_RATE = LevelDefinition(
    "late_rate",
    "Late usage",
    _AREA,
    _RATIO,
    "Events received after the cut of their period, retractions among them, of all events of"
    " periods that ended in the window. From closed_usage, usage_corrections and expired_usage.",
)
EXPIRED_EVENTS = LevelDefinition(
    "expired_events",
    "Expired, nobody decided",
    _AREA,
    LevelUnit.EVENTS,
    "Events received in the window after the correction horizon and not brought back, once for each"
    " meter. From expired_usage and brought_back_usage.",
)
UNASSIGNED_EVENTS = LevelDefinition(
    "unassigned_events",
    "Unassigned, nobody decided",
    _AREA,
    LevelUnit.EVENTS,
    "Events received in the window without a billing period and not brought back, once for each"
    " meter. From unassigned_usage and brought_back_usage.",
)
BACKFILLED_EVENTS = LevelDefinition(
    "backfilled_events",
    "Backfilled by people",
    _AREA,
    LevelUnit.EVENTS,
    "Events that people brought back in the window, once for each meter, whatever the sign. From"
    " brought_back_usage.",
)
CLOSE_DELAY = {
    50: LevelDefinition(
        "close_delay_p50",
        "Period end to closed row, median",
        _AREA,
        _SECONDS,
        _CLOSE.format("the median"),
    ),
    95: LevelDefinition(
        "close_delay_p95",
        "Period end to closed row, p95",
        _AREA,
        _SECONDS,
        _CLOSE.format("the 95th percentile"),
    ),
    100: LevelDefinition(
        "close_delay_max",
        "Period end to closed row, longest",
        _AREA,
        _SECONDS,
        _CLOSE.format("the longest"),
    ),
}
"""By percent."""
COMMIT_AGE = LevelDefinition(
    "commit_age",
    "Since the last commit",
    _AREA,
    _SECONDS,
    "From the newest commit of the metering job to the moment of measuring. From the snapshots of"
    " raw_events.",
)

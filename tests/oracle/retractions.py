"""What each event and each retraction gives to meters: a retraction gives the event once more."""

from collections.abc import Sequence
from dataclasses import replace

from audit.counting import Clocks, Unit, units_in, window_end_of
from audit.judging import RETRACTION, Event, order_of
from audit.shapes import (
    MeterReject,
    OracleMeter,
    RawRecord,
    RetractedUsage,
    Retraction,
    log_time_of,
)

Counted = Sequence[tuple[RawRecord, Event]]


def all_units(
    counted: Counted, meters: Sequence[OracleMeter], clocks: Clocks, rejects: list[MeterReject]
) -> list[Unit]:
    """Return events as meters count them, and those taken back, which are marked.

    Args:
        counted: The first record of each identity, with its event.
        meters: All meters.
        clocks: The settings about log time.
        rejects: Gets what single meters cannot count.
    """
    units: list[Unit] = []
    for record, event in counted:
        units += units_in(record, event, meters, clocks, rejects)
    for retraction, record, event in _pairs(counted):
        units += _given_back(retraction, record, event, meters, clocks)
    return units


def requests(counted: Counted) -> list[Retraction]:
    """Return the row of each retraction."""
    return [
        Retraction(
            event.source,
            event.id,
            event.subject,
            event.data["source"],
            event.data["id"],
            record.partition,
            record.offset,
            log_time_of(record),
            record.index,
        )
        for record, event in counted
        if event.type == RETRACTION
    ]


def retracted_rows(
    counted: Counted, meters: Sequence[OracleMeter], clocks: Clocks
) -> list[RetractedUsage]:
    """Return the row of each event and meter that was taken back."""
    rows = []
    for retraction, record, event in _pairs(counted):
        for unit in _given_back(retraction, record, event, meters, clocks):
            rows.append(
                RetractedUsage(
                    *unit.subject,
                    event.source,
                    event.id,
                    *unit.place,
                    event.time,
                    unit.amount,
                    log_time_of(retraction),
                )
            )
    return rows


def _given_back(
    retraction: RawRecord,
    record: RawRecord,
    event: Event,
    meters: Sequence[OracleMeter],
    clocks: Clocks,
) -> list[Unit]:
    """Return the event as it is taken back: received when the retraction was."""
    again = replace(record, log_time_ms=retraction.log_time_ms)
    units = units_in(again, event, [each for each in meters if each.retractable], clocks, [])
    end = window_end_of(log_time_of(record), clocks)
    return [unit._replace(is_retraction=True, first_window_end=end) for unit in units]


def _pairs(counted: Counted) -> list[tuple[RawRecord, RawRecord, Event]]:
    """Return the retractions that have an effect, each with the event's record and the event."""
    pairs = []
    by_identity = {
        (event.source, event.id): (record, event)
        for record, event in counted
        if event.type != RETRACTION
    }
    done = set()
    for record, event in sorted(counted, key=lambda each: _log_order(each[0])):
        if event.type != RETRACTION:
            continue
        named = (event.data["source"], event.data["id"])
        target = by_identity.get(named)
        if target is None or named in done or target[1].subject != event.subject:
            continue
        if _log_order(target[0]) < _log_order(record):
            done.add(named)
            pairs.append((record, *target))
    return pairs


def _log_order(record: RawRecord) -> tuple[int, int, int, int]:
    return record.log_time_ms, *order_of(record)

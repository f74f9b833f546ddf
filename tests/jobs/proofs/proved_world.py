"""A world whose archive has every event that its rows count: to seal, to explain, to recompute.

The world of prices (`tests.jobs.pricing_world`): calendar months of 2013 in UTC, accounts A and B.
Of A's flights in January four were received in time, one of them twice; a fifth was received two
days late; a sixth was taken back before the close, and is in no row. B flew once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, RAW_EVENTS
from schemas.heartbeat import encode_heartbeat
from schemas.instant import EPOCH, to_text, to_us
from schemas.retraction import RETRACTION_TYPE
from tests.iceberg.rows import row_of
from tests.jobs.pricing_rows import closed, corrected, day
from tests.jobs.pricing_world import World, make_priced_world

SECOND = timedelta(seconds=1)
WINDOW = timedelta(seconds=10)
SOURCE = "gate"
Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Received:
    """A record of the archive.

    Attributes:
        account_id: Its subject.
        event_id: Its id.
        flown: Its time.
        received: Its log time.
        miles: Its units for the meter `longest`.
        takes_back: Id of the event that it takes back; empty of a flight.
    """

    account_id: str
    event_id: str
    flown: datetime
    received: datetime
    miles: int = 100
    takes_back: str = ""


def flight(event_id: str, flown: datetime, **changes: Any) -> Received:
    """Return a flight of A, received a second later."""
    return Received(
        **{"account_id": "A", "received": flown + SECOND, **changes}, event_id=event_id, flown=flown
    )


IN_TIME = (
    flight("a1", day(1, 3)),
    flight("a2", day(1, 3, 1)),
    flight("a3", day(1, 17), miles=700),
    flight("a4", day(1, 31, 23)),
)
REPEAT = flight("a2", day(1, 3, 1), received=day(1, 4))
LATE = flight("a5", day(1, 20), received=day(2, 3), miles=900)
GONE = flight("a6", day(1, 21), miles=5000)
UNDO = flight("u6", day(1, 22), takes_back="a6")
OF_B = flight("b1", day(1, 9), account_id="B")
RECORDS = sorted((*IN_TIME, REPEAT, LATE, GONE, UNDO, OF_B), key=lambda each: each.received)


def payload(record: Received) -> bytes:
    """Return an event as it was received."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": record.event_id,
        "source": SOURCE,
        "type": RETRACTION_TYPE if record.takes_back else "flight.departed",
        "subject": record.account_id,
        "time": to_text(to_us(record.flown)),
        "data": {"miles": str(record.miles)},
    }
    if record.takes_back:
        event["data"] = {"source": SOURCE, "id": record.takes_back}
    return json.dumps(event).encode()


def raw_rows(records: Sequence[Received] = RECORDS, first_offset: int = 0) -> Rows:
    """Return the archive's rows of records in their order."""
    return [
        row_of(
            RAW_EVENTS,
            kafka_partition=0,
            kafka_offset=first_offset + place,
            log_time=each.received,
            payload=payload(each),
        )
        for place, each in enumerate(records)
    ]


def heartbeat(at: datetime, offset: int) -> dict[str, object]:
    """Return a heartbeat: log time got so far."""
    value = encode_heartbeat(0, to_text(to_us(at)))
    place = {"kafka_partition": 0, "kafka_offset": offset}
    return row_of(RAW_EVENTS, **place, log_time=at, payload=value)


def times(*records: Received) -> dict[str, datetime]:
    """Return the first and last times of events, as rows have them."""
    flown = [each.flown for each in records]
    received = [each.received for each in records]
    return {
        "first_event_time": min(flown),
        "last_event_time": max(flown),
        "first_log_time": min(received),
        "last_log_time": max(received),
    }


def longest(miles: int) -> dict[str, object]:
    """Return what makes a row of flights one of the longest."""
    return {"meter_id": "longest", "aggregation": "max", "unit": "mile", "quantity": Decimal(miles)}


def closed_rows() -> Rows:
    """Return what was closed of January; an event that went back leaves its times."""
    ours = times(*IN_TIME, GONE, UNDO)
    return [
        closed("A", 1, 4, **ours),
        closed("A", 1, 4, row_id="A1-longest", **longest(700), **ours),
        closed("B", 1, 1, **times(OF_B)),
        closed("B", 1, 1, row_id="B1-longest", **longest(100), **times(OF_B)),
    ]


def correction_rows() -> Rows:
    """Return the corrections of January: one flight more, which is the longest."""
    end = day(2, 3, 1)
    own = {"cut": day(2, 1, 1), **times(LATE)}
    flights = {**corrected("A", 1, 1, 5, 1, end), **own}
    far = {**flights, "row_id": "A1-longest-1", "corrected_row_id": "A1-longest", **longest(900)}
    return [flights, {**far, "quantity_delta": Decimal(200)}]


def window_rows() -> Rows:
    """Return running usage: a row for each event, and one below zero for what went back."""
    rows = []
    flown = [each for each in RECORDS if each is not REPEAT and not each.takes_back]
    for each in (*flown, UNDO):
        of = GONE if each is UNDO else each
        sign = -1 if each is UNDO else 1
        for meter in ({}, longest(sign * of.miles)):
            own: dict[str, Any] = {
                "account_id": of.account_id,
                "event_window_start": of.flown,
                "event_window_s": 60,
                "quantity": Decimal(sign),
                "event_count": sign,
                "log_window_end": each.received - (each.received - EPOCH) % WINDOW + WINDOW,
                "is_retraction": each is UNDO,
                **times(Received(of.account_id, of.event_id, of.flown, each.received)),
                **meter,
            }
            rows.append(row_of(METERING_WINDOWS, **own))
    return rows


def make_proved_world(folder: Path) -> World:
    """Make the tables, and let the job come to the end of February."""
    world = make_priced_world(folder)
    meters = folder / "meters.yaml"
    for unit in ("flight}", "mile}"):
        text = meters.read_text().replace(unit, f"{unit[:-1]}, retractable: true}}")
        meters.write_text(text)
    world.commit(1, raw_events=[*raw_rows(), heartbeat(day(2, 28), len(RECORDS))])
    world.commit(
        2,
        closed_usage=closed_rows(),
        usage_corrections=correction_rows(),
        metering_windows=window_rows(),
    )
    world.checkpoint = 2
    return world


def flights_row(**changes: object) -> dict[str, object]:
    """Return A's closed row of January with changes."""
    return {**closed_rows()[0], **changes}


assert set(closed_rows()[0]) == set(CLOSED_USAGE.names)

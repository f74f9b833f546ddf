"""A small world of tables for tests: settings, meters, and what the job would have written.

Account A flew five times in January: four flights were received in time, one of them twice, and one
2 days after the cut; the miles of one cannot be read. Account W is billed weekly: 20 weeks with one
flight each, whose longest has not closed. A flight of X, which nobody knows, is unassigned, and one
of A came so late that it expired. A has a budget of 5 flights, W one of a single flight: half of
A's was reached in time, all of it by the late one.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.retraction_tables import RETRACTED_USAGE, RETRACTIONS
from iceberg.tables import (
    BUDGET_ALERTS,
    CLOSED_USAGE,
    EXPIRED_USAGE,
    RAW_EVENTS,
    REJECTED_EVENTS,
    UNASSIGNED_USAGE,
    USAGE_CORRECTIONS,
)
from schemas.heartbeat import encode_heartbeat
from schemas.retraction import RETRACTION_TYPE
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import correction, row_of

WEEKS = 20
FLOWN = datetime(2013, 1, 5, tzinfo=UTC)
KINDS = {
    "original": WEEKS + 5,
    "late": 1,
    "units/no-miles": 1,
    "repeat": 1,
    "refused/number": 2,
    "heartbeat": 1,
}

_SETTINGS = """\
kafka: {bootstrap_servers: "broker:9092"}
catalog: {uri: catalog.db, warehouse: warehouse}
metering: {meters_file: meters.yaml}
flink: {checkpoint_dir: checkpoints}
"""
_METERS = """\
meters:
  - {meter: flights, event_type: flight.departed, aggregation: count, unit: flight,
     dimensions: [origin]}
  - {meter: longest, event_type: flight.departed, aggregation: max, property: miles, unit: mile}
"""


def write_settings(folder: Path) -> Path:
    """Write the settings and the meters into a folder; return the settings' path."""
    (folder / "meters.yaml").write_text(_METERS)
    settings = folder / "settings.yaml"
    settings.write_text(_SETTINGS)
    return settings


def make_world(folder: Path) -> Path:
    """Write settings and tables into a folder; return the settings' path."""
    settings = write_settings(folder)
    catalog = open_catalog(LocalCatalog(folder))
    make_tables(catalog, "billing")
    _write_records(catalog)
    _write_usage(catalog)
    append(catalog, BUDGET_ALERTS, [*_alerts()])
    return settings


def _write_records(catalog: Catalog) -> None:
    flights = [*(f"a{i}" for i in range(5)), "a0", "x0", "e0", *(f"w{i}" for i in range(WEEKS))]
    payloads = [_event(event_id).encode() for event_id in flights]
    payloads += [b"1", b"2", encode_heartbeat(0, "2013-07-01T00:00:00Z")]
    place = {"kafka_partition": 0, "log_time": FLOWN}
    append(
        catalog,
        RAW_EVENTS,
        [
            row_of(RAW_EVENTS, **place, kafka_offset=offset, payload=payload)
            for offset, payload in enumerate(payloads)
        ],
    )
    nothing = {"meter_id": None, "account_id": None, "reason": "not_an_object"}
    rejected = [
        row_of(REJECTED_EVENTS, **place, **nothing, kafka_offset=offset)
        for offset in (len(flights), len(flights) + 1)
    ]
    units = {"meter_id": "longest", "reason": "missing_units", "kafka_offset": 4}
    event = {"event_source": "s", "event_id": "a4"}
    rejected.append(row_of(REJECTED_EVENTS, **place, **units, **event))
    append(catalog, REJECTED_EVENTS, rejected)


def write_retractions(folder: Path) -> None:
    """Take back one flight after its close, and one that never was; ask for the first twice."""
    catalog = open_catalog(LocalCatalog(folder))
    place = {"kafka_partition": 0, "log_time": FLOWN}
    asked = [("r1", "a1"), ("r2", "nobody"), ("r1", "a1")]
    raw = [
        row_of(
            RAW_EVENTS,
            **place,
            kafka_offset=WEEKS + 11 + n,
            payload=_event(name).replace("flight.departed", RETRACTION_TYPE).encode(),
        )
        for n, (name, _) in enumerate(asked)
    ]
    append(catalog, RAW_EVENTS, raw)
    requests = [
        row_of(
            RETRACTIONS,
            **place,
            kafka_offset=WEEKS + 11 + n,
            event_source="s",
            event_id=name,
            retracted_source="s",
            retracted_id=retracted,
        )
        for n, (name, retracted) in enumerate(asked[:2])
    ]
    append(catalog, RETRACTIONS, requests)
    taken = {"meter_id": "flights", "event_source": "s", "event_id": "a1"}
    append(catalog, RETRACTED_USAGE, [row_of(RETRACTED_USAGE, **place, **taken, kafka_offset=1)])
    down = correction(2, 3, -1, row_id="c2", corrected_row_id="c1")
    jfk = '{"origin":"JFK"}'
    append(catalog, USAGE_CORRECTIONS, [row_of(USAGE_CORRECTIONS, dimensions=jfk, **down)])


def _event(event_id: str) -> str:
    event = {"specversion": "1.0", "id": event_id, "source": "s", "type": "flight.departed"}
    return json.dumps({**event, "subject": "A", "time": "2013-01-05T00:00:00Z"})


def _write_usage(catalog: Catalog) -> None:
    jfk, lga = '{"origin":"JFK"}', '{"origin":"LGA"}'
    longest = {"meter_id": "longest", "aggregation": "max", "unit": "mile"}
    one = {"quantity": Decimal(1), "event_count": 1}
    append(
        catalog,
        CLOSED_USAGE,
        [
            row_of(CLOSED_USAGE, dimensions=jfk),
            row_of(CLOSED_USAGE, row_id="d0", dimensions=lga, **one),
            row_of(CLOSED_USAGE, row_id="l0", **longest, quantity=Decimal("2586.5")),
            *_weeks(),
        ],
    )
    append(
        catalog,
        USAGE_CORRECTIONS,
        [
            row_of(USAGE_CORRECTIONS, dimensions=jfk, **correction(1, 4, 1)),
            row_of(
                USAGE_CORRECTIONS,
                **longest,
                **correction(1, 4, 1, row_id="l1", corrected_row_id="l0")
                | {"quantity": Decimal("2586.5"), "quantity_delta": Decimal(0)},
            ),
        ],
    )
    for meter_id, unit in (("flights", "flight"), ("longest", "mile")):
        flight = {"meter_id": meter_id, "unit": unit, **one}
        expired = row_of(EXPIRED_USAGE, row_id=f"e-{meter_id}", **flight)
        append(catalog, EXPIRED_USAGE, [expired])
        unassigned = row_of(UNASSIGNED_USAGE, row_id=f"u-{meter_id}", **flight, account_id="X")
        append(catalog, UNASSIGNED_USAGE, [unassigned])


def _alerts() -> Iterator[dict[str, object]]:
    yield row_of(BUDGET_ALERTS, row_id="b50")
    late = datetime(2013, 2, 4, tzinfo=UTC)
    all_of_it = {"threshold_percent": 100, "quantity": Decimal(5), "reached": late}
    yield row_of(BUDGET_ALERTS, row_id="b100", **all_of_it)
    for week, row in enumerate(_weeks()):
        alert = {name: row[name] for name in ("account_id", "period_start", "period_end")}
        one = {"budget_quantity": Decimal(1), "threshold_percent": 100, "quantity": Decimal(1)}
        alert |= {"row_id": f"bw{week}", "reached": row["period_start"], **one}
        yield row_of(BUDGET_ALERTS, **alert)


def _weeks() -> Iterator[dict[str, object]]:
    for week in range(WEEKS):
        start = datetime(2013, 1, 7, 6, tzinfo=UTC) + timedelta(weeks=week)
        yield row_of(
            CLOSED_USAGE,
            row_id=f"w{week}",
            account_id="W",
            period_start=start,
            period_end=start + timedelta(weeks=1),
            timezone="America/Chicago",
            quantity=Decimal(1),
            event_count=1,
        )

"""Tables of a live topic for tests of service levels, small enough to be worked out by hand.

One partition, two meters, on 2026-11-01. Counted events of B6 are received 1, 2, ..., 10 seconds
after they happened, the last of them 2 minutes after; each feeds both meters, but the units of the
first cannot be read. Another record repeats the first with other content, one is refused, and two
heartbeats move log time on. Two checkpoints committed all of it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.table import Table
from iceberg.tables import (
    CLOSED_USAGE,
    METERING_WINDOWS,
    RAW_EVENTS,
    REJECTED_EVENTS,
    USAGE_CORRECTIONS,
)
from schemas.heartbeat import encode_heartbeat
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import row_of

START = datetime(2026, 11, 1, tzinfo=UTC)
DELAYS_S = (1, 2, 3, 4, 5, 6, 7, 8, 9, 120)
_SETTINGS = """\
kafka: {bootstrap_servers: "broker:9092", partitions: 1}
catalog: {uri: catalog.db, warehouse: warehouse}
metering: {meters_file: meters.yaml}
flink: {checkpoint_dir: checkpoints}
"""
_METERS = """\
meters:
  - {meter: calls, event_type: call, aggregation: count, unit: call}
  - {meter: bytes, event_type: call, aggregation: sum, property: bytes, unit: byte}
"""


def second(number: int) -> datetime:
    """Return an instant of the small world."""
    return START + timedelta(seconds=number)


def make_live_world(folder: Path) -> Path:
    """Write settings and tables into a folder; return the settings' path."""
    (folder / "meters.yaml").write_text(_METERS)
    settings = folder / "settings.yaml"
    settings.write_text(_SETTINGS)
    catalog = open_catalog(LocalCatalog(folder))
    make_tables(catalog, "billing")
    first, last = _records()
    commit(catalog, 1, (RAW_EVENTS, first), (CLOSED_USAGE, []), (USAGE_CORRECTIONS, []))
    refused = {"kafka_partition": 0, "job_version": "1"}
    units = {"meter_id": "bytes", "event_source": "s", "event_id": "e0", "account_id": "B6"}
    commit(
        catalog,
        2,
        (RAW_EVENTS, last),
        (
            REJECTED_EVENTS,
            [
                {"reason": "not_an_object", "kafka_offset": 11, "log_time": second(211)} | refused,
                {"reason": "missing_units", "kafka_offset": 0, "log_time": second(0)}
                | refused
                | units,
            ],
        ),
        (METERING_WINDOWS, [window("calls", 10), window("bytes", 9)]),
        (CLOSED_USAGE, [closed()]),
        (USAGE_CORRECTIONS, []),
    )
    return settings


def open_world(settings: Path) -> Catalog:
    """Return the catalog of a small world."""
    return open_catalog(LocalCatalog(settings.parent))


def commit(
    catalog: Catalog, checkpoint: int, *parts: tuple[Table, list[dict[str, object]]]
) -> None:
    """Append rows as the sinks of a checkpoint do; of no rows an empty commit."""
    for table, rows in parts:
        append(catalog, table, rows, {"flink.max-committed-checkpoint-id": str(checkpoint)})


def window(meter_id: str, events: int, **changes: Any) -> dict[str, object]:
    """Return running usage of B6: events received from the first second on."""
    own = {
        "account_id": "B6",
        "meter_id": meter_id,
        "event_window_start": START - timedelta(minutes=2),
        "event_window_s": 60,
        "quantity": Decimal(events),
        "event_count": events,
        "first_log_time": second(0),
        "last_log_time": second(9),
        "log_window_end": second(10),
        "unit": "x",
    }
    return row_of(METERING_WINDOWS, **own | changes)


def closed(**changes: Any) -> dict[str, object]:
    """Return a closed row of October."""
    own = {
        "account_id": "B6",
        "meter_id": "calls",
        "period_start": datetime(2026, 10, 1, tzinfo=UTC),
        "period_end": START,
        "cut": START + timedelta(hours=1),
        "quantity": Decimal(10),
        "event_count": 10,
    }
    return row_of(CLOSED_USAGE, **own | changes)


def raw(offset: int, payload: bytes, log_time: datetime, partition: int = 0) -> dict[str, object]:
    """Return a record of the archive."""
    place = {"kafka_partition": partition, "kafka_offset": offset, "log_time": log_time}
    return row_of(RAW_EVENTS, **place, payload=payload)


def event(event_id: str, time: datetime, **changes: Any) -> bytes:
    """Return a usage event."""
    members = {"specversion": "1.0", "id": event_id, "source": "s", "type": "call", "subject": "B6"}
    return json.dumps({**members, "time": time.isoformat(), **changes}).encode()


def _records() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    events = [
        raw(n, event(f"e{n}", second(n - delay_s)), second(n)) for n, delay_s in enumerate(DELAYS_S)
    ]
    beats = [
        raw(n, encode_heartbeat(0, second(at).isoformat()), second(at))
        for n, at in ((12, 220), (13, 230))
    ]
    others = [
        raw(10, event("e0", second(0), data={"bytes": 5}), second(210)),
        raw(11, b"[", second(211)),
    ]
    return [*events, *others, beats[0]], [beats[1]]

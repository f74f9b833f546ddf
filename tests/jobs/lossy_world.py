"""A world whose job lost usage, or counted it again: tables made by the naive recompute.

What the job read differs from what stands in the archive; everything else is as it always is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from audit.counting import Clocks
from audit.shapes import RawRecord, read_meters, read_terms
from iceberg.account_tables import ACCOUNTS
from iceberg.reading import read_once
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, RAW_EVENTS, USAGE_CORRECTIONS
from schemas.heartbeat import encode_heartbeat
from schemas.instant import to_text, to_us
from tests.iceberg.filling import append
from tests.iceberg.rows import row_of
from tests.jobs.pricing_rows import day
from tests.jobs.pricing_world import MONTHS, World
from tests.oracle.recompute import recompute
from udfs.identifying import digest

OUTAGE = 10
"""The day of January whose usage was lost."""
UNTIL = day(2, 2)


@dataclass(frozen=True)
class Flight:
    """A flight of an account, received five seconds after it left."""

    account_id: str
    name: str
    left: datetime
    miles: int = 100
    received: datetime | None = None

    def record(self, offset: int) -> RawRecord:
        """Return its record."""
        event = {
            "specversion": "1.0",
            "id": self.name,
            "source": "tower",
            "type": "flight.departed",
            "subject": self.account_id,
            "time": to_text(to_us(self.left)),
            "data": {"miles": self.miles},
        }
        received = self.received or self.left + timedelta(seconds=5)
        return RawRecord(0, offset, to_us(received) // 1000, json.dumps(event).encode())


def flights() -> list[Flight]:
    """Return eight flights of A and three of B in January; some of each on the day of outage."""
    days_of_a = [2, 3, 5, 8, OUTAGE, OUTAGE, 12, 20]
    days_of_b = [4, OUTAGE, 25]
    found = [
        Flight(account_id, f"{account_id}{number}", day(1, of, 8) + timedelta(minutes=number))
        for account_id, days in (("A", days_of_a), ("B", days_of_b))
        for number, of in enumerate(days)
    ]
    # The longest flight is among those that were lost.
    return sorted(
        (replace(each, miles=900) if each.name == "A5" else each for each in found),
        key=lambda each: each.received or each.left,
    )


def lost(flown: Iterable[Flight]) -> list[Flight]:
    """Return the flights of the outage."""
    return [each for each in flown if (each.left.month, each.left.day) == (1, OUTAGE)]


def archive_of_outage() -> tuple[list[RawRecord], list[RawRecord]]:
    """Return all records, and those that the job has counted."""
    flown = flights()
    records = [each.record(offset) for offset, each in enumerate(flown)]
    gone = {each.name for each in lost(flown)}
    return records, [each for each, of in zip(records, flown, strict=True) if of.name not in gone]


def meter(
    world: World,
    archived: Sequence[RawRecord],
    metered: Sequence[RawRecord],
    until: datetime = UNTIL,
) -> None:
    """Let the job archive some records and meter others, up to an instant of the log.

    Args:
        world: Has not metered yet.
        archived: What stands in raw_events.
        metered: What was counted.
        until: How far log time got.
    """
    beat = RawRecord(
        0,
        1 + max(each.offset for each in archived),
        to_us(until + timedelta(milliseconds=5001)) // 1000,
        encode_heartbeat(0, to_text(to_us(until))),
    )
    meters = read_meters(world.folder / "meters.yaml")
    terms = read_terms([dict(MONTHS)])
    found = recompute(metered, meters, {"A": terms, "B": terms}, Clocks(until))
    assert not found.expired
    assert not found.unassigned
    world.checkpoint += 2
    accounts = read_once(world.catalog.load_table(("billing", ACCOUNTS.name)), ACCOUNTS)
    # Once more, as rows of the job's own checkpoint.
    taken = {"flink.max-committed-checkpoint-id": str(world.checkpoint)}
    append(world.catalog, ACCOUNTS, accounts.to_pylist(), taken)
    world.commit(world.checkpoint - 1, raw_events=[raw_row(each) for each in (*archived, beat)])
    world.commit(
        world.checkpoint,
        closed_usage=[_row(CLOSED_USAGE, each) for each in found.closed],
        usage_corrections=[_row(USAGE_CORRECTIONS, each) for each in found.corrections],
        metering_windows=[row_of(METERING_WINDOWS, **asdict(each)) for each in found.windows],
    )


def raw_row(record: RawRecord) -> dict[str, object]:
    """Return the row of raw_events of a record."""
    log_time = datetime.fromtimestamp(record.log_time_ms // 1000, UTC) + timedelta(
        milliseconds=record.log_time_ms % 1000
    )
    place: dict[str, Any] = {
        "kafka_partition": record.partition,
        "kafka_offset": record.offset,
        "log_time": log_time,
    }
    return row_of(RAW_EVENTS, **place, payload=record.value)


def _row(table: Any, found: Any) -> dict[str, object]:
    values: Mapping[str, Any] = asdict(found)
    texts = [str(values[name]) for name in ("account_id", "meter_id", "period_start", "revision")]
    row = row_of(table, **values, row_id=digest(table.name, *texts))
    if table is USAGE_CORRECTIONS:
        row["corrected_row_id"] = digest(CLOSED_USAGE.name, *texts[:3], "0")
    return row

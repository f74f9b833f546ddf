"""The oracle and the product's rules, each on its own code, agree on a year of real disorder."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import indent

import pytest

from audit.counting import Clocks
from audit.judging import EPOCH, Limits
from audit.shapes import Closed, Correction, Overflow, RawRecord, read_accounts, read_meters
from jobs.flights.departures import read_departure, read_flights
from jobs.flights.receiving import Injections, heartbeats, receive
from jobs.publish_flights import partition_of
from jobs.settings import load_accounts, load_meters
from schemas.metered_usage import MeteredUsage
from schemas.usage_row import ClosedUsage, DimensionOverflow, UsageCorrection, UsageRow
from tests.oracle import recompute as oracle
from tests.oracle.edge_records import edge_records
from tests.oracle.retractions import all_units
from tests.udfs.engine import Engine, at
from tests.udfs.gathering import usage_of
from udfs.metering import MeteringRules

CONFIG = Path(__file__).parents[2] / "config"
PARTITIONS = 4
UNTIL_MS = at("2014-06-01T00:00") // 1000


@pytest.fixture(scope="module")
def log() -> list[RawRecord]:
    """Return a sample of the year as it would stand in Kafka, and a few edges."""
    departures = [
        read_departure(row) for number, row in enumerate(read_flights()) if number % 30 == 0
    ]
    injections = Injections(seed=3, repeat_rate=0.05, late_rate=0.1, malformed=2)
    receipts = receive(departures, injections, lambda key: partition_of(key, PARTITIONS))
    records: list[RawRecord] = []
    offsets = [0] * PARTITIONS
    for receipt in receipts + heartbeats(PARTITIONS, UNTIL_MS):
        offset = offsets[receipt.partition]
        offsets[receipt.partition] += 1
        records.append(RawRecord(receipt.partition, offset, receipt.log_time_ms, receipt.value))
    edges = edge_records("AA", "flight.departed", "miles", "2013-06-01")
    later = at("2013-06-02T00:00") // 1000
    return records + [RawRecord(1, 10**6 + n, later, value) for n, value in enumerate(edges)]


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _usage(log: Sequence[RawRecord], clocks: Clocks, path: Path) -> list[MeteredUsage]:
    """Pre-aggregate the log as the hot path does, from the oracle's reading of the records."""
    meters = read_meters(path)
    groups = defaultdict(list)
    ignored = oracle.Expected()
    counted = oracle.judge_all(log, meters, Limits(), ignored)
    for unit in all_units(counted, meters, clocks, []):
        groups[unit.window].append(unit)
    rows = [usage_of(key, units) for key, units in groups.items()]
    return sorted(rows, key=lambda row: row.log_window_end_us)


def _columns(shape: type, row: UsageRow) -> tuple[object, ...]:
    values = []
    for column in fields(shape):
        instant_us = getattr(row, f"{column.name}_us", None)
        value = getattr(row, column.name, None)
        if instant_us is not None:
            value = EPOCH + timedelta(microseconds=instant_us)
        values.append(str(value) if column.name == "aggregation" else value)
    return tuple(values)


def _values(rows: Iterable[object], names: type) -> list[tuple[object, ...]]:
    return [tuple(getattr(row, column.name) for column in fields(names)) for row in rows]


MORE_METERS = """
- {meter: f, event_type: flight.departed, aggregation: latest, property: miles, unit: mile,
   dimensions: [origin, dest], max_dimensions: 20, correction_horizon_days: 10}
- {meter: a, event_type: flight.departed, aggregation: time_weighted_sum, readings: absolute,
   per: hour, property: miles, unit: mile-hour, dimensions: [origin], correction_horizon_days: 3}
- {meter: d, event_type: flight.departed, aggregation: time_weighted_sum, readings: delta,
   per: day, property: miles, unit: mile-day}
"""


@pytest.fixture
def meters(tmp_path: Path) -> Path:
    """Return a meters file: the demo's, levels over time, and few dimensions."""
    path = tmp_path / "meters.yaml"
    path.write_text((CONFIG / "meters.yaml").read_text() + indent(MORE_METERS, "  "))
    return path


def test_the_oracle_and_the_rules_agree(log: list[RawRecord], meters: Path) -> None:
    """Every closed row and every correction is the same, column for column."""
    clocks = Clocks(oracle.final_watermark(log, PARTITIONS, slack_ms=5000))
    accounts = CONFIG / "accounts.yaml"
    expected = oracle.recompute(log, read_meters(meters), read_accounts(accounts), clocks)
    engine = Engine(MeteringRules({meter.meter_id: meter for meter in load_meters(meters)}))
    for account in load_accounts(accounts):
        engine.know(account)
    for row in _usage(log, clocks, meters):
        engine.advance(row.log_window_end_us - 1)
        engine.deliver(row)
    engine.advance(_us(clocks.watermark))
    closed = [row for row in engine.rows if isinstance(row, ClosedUsage)]
    corrections = [row for row in engine.rows if isinstance(row, UsageCorrection)]
    overflowed = [row for row in engine.rows if isinstance(row, DimensionOverflow)]
    others = len(expected.expired) + len(overflowed)
    assert len(engine.rows) == len(closed) + len(corrections) + others
    found = sorted(_columns(Overflow, row) for row in overflowed)
    assert found == _values(expected.overflows, Overflow)
    assert len(overflowed) > 50
    assert len(closed) > 1000
    assert len(corrections) > 1000
    assert sorted(_columns(Closed, row) for row in closed) == _values(expected.closed, Closed)
    found = sorted(_columns(Correction, row) for row in corrections)
    assert found == _values(expected.corrections, Correction)


def test_fates_add_up(log: list[RawRecord]) -> None:
    """Each record has exactly one fate, and the edges fall on both sides."""
    clocks = Clocks(oracle.final_watermark(log, PARTITIONS, slack_ms=5000))
    meters = read_meters(CONFIG / "meters.yaml")
    expected = oracle.recompute(log, meters, read_accounts(CONFIG / "accounts.yaml"), clocks)
    places = sorted((record.partition, record.offset) for record in log)
    alone = [fate for fate in expected.fates if fate.index is None]
    assert sorted((fate.partition, fate.offset) for fate in alone) == places
    fates = {fate.offset: fate.fate for fate in expected.fates if fate.offset >= 10**6}
    assert set(fates.values()) == {"counted", "duplicate", "rejected"}

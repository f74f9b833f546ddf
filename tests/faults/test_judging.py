"""The judge of fault runs: it is content with what is right, and finds each planted difference."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iceberg.tables import TABLES
from schemas.heartbeat import encode_heartbeat
from tests.faults.judging import Evidence, judge
from tests.faults.load import (
    PARTITIONS,
    START_MS,
    TICK_LOG_MS,
    Load,
    Sent,
    Shape,
    write_load_config,
)
from tests.oracle.comparing import Rows, expected_of, records_of
from tests.oracle.recompute import Expected

TICKS = 90
CLOSED_MS = START_MS + 7 * 86_400_000
_TABLE_OF = {
    "closed": "closed_usage",
    "corrections": "usage_corrections",
    "expired": "expired_usage",
    "unassigned": "unassigned_usage",
    "windows": "metering_windows",
    "overflows": "dimension_overflows",
    "retractions": "retractions",
    "retracted": "retracted_usage",
    "alerts": "budget_alerts",
}


def _write(raw: Rows, partition: int, log_ms: int, value: bytes | None) -> tuple[int, int]:
    """Append a record to what the topic holds; return its place."""
    offset = sum(row["kafka_partition"] == partition for row in raw)
    log_time = datetime.fromtimestamp(log_ms / 1000, UTC)
    row = {
        "kafka_partition": partition,
        "kafka_offset": offset,
        "log_time": log_time,
        "payload": value,
    }
    raw.append(row)
    return partition, offset


def make_log(shape: Shape) -> tuple[Rows, list[Sent]]:
    """Return the archive of a short load, each tenth record of it sent twice, and its own list."""
    load = Load(5)
    raw: Rows = []
    sent: list[Sent] = []
    for tick in range(1, TICKS):
        log_ms = START_MS + tick * TICK_LOG_MS
        for each in load.events(log_ms, shape):
            sent.append(each)
            for _ in range(2 if len(sent) % 10 == 0 else 1):
                each.places.append(_write(raw, each.partition, log_ms, each.value))
            load.acknowledged(each)
    for partition in range(PARTITIONS):
        _write(raw, partition, CLOSED_MS, encode_heartbeat(partition, "2026-01-12T00:00:00Z"))
    return raw, sent


def tables_of(raw: Rows, expected: Expected) -> dict[str, Rows]:
    """Return tables that hold what the oracle expects."""
    tables: dict[str, Rows] = {table.name: [] for table in TABLES}
    tables["raw_events"] = list(raw)
    for kind, name in _TABLE_OF.items():
        for row in getattr(expected, kind):
            values = {each.name: getattr(row, each.name) for each in fields(row)}
            tables[name].append({**values, "row_id": f"{name}-{len(tables[name])}"})
    rejects = [
        (f.partition, f.offset, f.index, None, f.reason, f.payload)
        for f in expected.fates
        if f.reason
    ]
    names = ("kafka_partition", "kafka_offset", "batch_index", "meter_id", "reason", "payload")
    tables["rejected_events"] = [
        {**dict(zip(names, values, strict=True)), "row_id": f"rejected-{number}"}
        for number, values in enumerate(rejects)
    ]
    return tables


def evidence_of(raw: Rows, sent: list[Sent], ends: tuple[int, ...], config: Path) -> Evidence:
    """Return the evidence of a job that made no mistake with these records."""
    expected = expected_of(records_of(raw), config)
    tables = tables_of(raw, expected)
    return Evidence(tables, {}, expected, sent, ends, expected.totals, expected.alerts)


def ends_of(raw: Rows) -> tuple[int, ...]:
    """Return the offset after the last record of each partition."""
    return tuple(sum(row["kafka_partition"] == n for row in raw) for n in range(PARTITIONS))


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evidence, Path]:
    """A run in which all went well, and its configuration."""
    config = write_load_config(tmp_path_factory.mktemp("load"))
    raw, sent = make_log(Shape(poison_share=0.2, late_share=0.2, events_per_tick=5))
    return evidence_of(raw, sent, ends_of(raw), config), config


def test_a_run_without_a_mistake_passes(evidence: tuple[Evidence, Path]) -> None:
    """Repeats, poison, late and expired usage are all in it, and all adds up."""
    found = judge(evidence[0])
    assert found.differences == []
    assert min(len(evidence[0].tables[name]) for name in ("closed_usage", "expired_usage")) > 0
    assert min(len(evidence[0].tables[name]) for name in ("usage_corrections", "retractions")) > 0
    assert found.fates["duplicate"] > 50
    assert found.fates["rejected"] > 50


def _without(name: str) -> Callable[[Evidence], Evidence]:
    def change(evidence: Evidence) -> Evidence:
        return replace(evidence, tables={**evidence.tables, name: evidence.tables[name][1:]})

    return change


def _twice(name: str) -> Callable[[Evidence], Evidence]:
    def change(evidence: Evidence) -> Evidence:
        rows = evidence.tables[name]
        return replace(evidence, tables={**evidence.tables, name: [*rows, rows[0]]})

    return change


def _greater(evidence: Evidence) -> Evidence:
    first, *rest = evidence.tables["closed_usage"]
    rows = [{**first, "quantity": first["quantity"] + 1}, *rest]
    return replace(evidence, tables={**evidence.tables, "closed_usage": rows})


def _otherwise(evidence: Evidence) -> Evidence:
    number = next(n for n, row in enumerate(evidence.tables["raw_events"]) if row["payload"])
    rows = [dict(row) for row in evidence.tables["raw_events"]]
    rows[number]["payload"] = b"{}"
    return replace(evidence, tables={**evidence.tables, "raw_events": rows})


def _longer(evidence: Evidence) -> Evidence:
    return replace(evidence, end_offsets=[each + 1 for each in evidence.end_offsets])


def _dropped(evidence: Evidence) -> Evidence:
    return replace(evidence, late_drops=1)


def _audited(evidence: Evidence) -> Evidence:
    return replace(evidence, audited=["audit: closed_usage: missing"])


def _total_behind(evidence: Evidence) -> Evidence:
    return replace(evidence, totals=evidence.totals[1:])


def _alert_twice(evidence: Evidence) -> Evidence:
    return replace(evidence, alerts=[*evidence.alerts, evidence.alerts[0]])


def _never_acknowledged(evidence: Evidence) -> Evidence:
    sent = [replace(evidence.sent[0], places=[]), *evidence.sent[1:]]
    return replace(evidence, sent=sent)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(_without("closed_usage"), "closed_usage: missing", id="closed row lost"),
        pytest.param(_without("usage_corrections"), "totals: ", id="correction lost"),
        pytest.param(_without("rejected_events"), "not refused", id="reject lost"),
        pytest.param(_without("raw_events"), "is not in raw_events", id="record lost"),
        pytest.param(_without("expired_usage"), "expired_usage: missing", id="expired lost"),
        pytest.param(_without("budget_alerts"), "budget_alerts: missing", id="alert lost"),
        pytest.param(_twice("closed_usage"), "a repeat unseen", id="row repeated unseen"),
        pytest.param(_twice("raw_events"), "a repeat unseen", id="record repeated unseen"),
        pytest.param(_greater, "the producer counts", id="units invented"),
        pytest.param(_otherwise, "was never sent", id="record changed"),
        pytest.param(_longer, "is not in raw_events", id="end of the topic not read"),
        pytest.param(_dropped, "1 rows dropped", id="late drop"),
        pytest.param(_audited, "audit: closed_usage", id="told by the audit"),
        pytest.param(_total_behind, "running totals: missing", id="running total lost"),
        pytest.param(_alert_twice, "alerts: unexpected", id="alert of its own"),
        pytest.param(_never_acknowledged, "never acknowledged", id="not in the log"),
    ],
)
def test_each_difference_is_found(
    evidence: tuple[Evidence, Path], change: Callable[[Evidence], Evidence], told: str
) -> None:
    """The line that is meant to tell of it is among the differences."""
    lines = judge(change(evidence[0])).differences
    assert any(told in line for line in lines), lines[:5]


def test_a_repeat_that_the_history_shows_is_counted_once(evidence: tuple[Evidence, Path]) -> None:
    """It is told apart from one that nobody could see."""
    repeated = replace(_twice("closed_usage")(evidence[0]), repeated={"closed_usage": ["j/o/7"]})
    found = judge(repeated)
    assert found.differences == []
    assert found.repeats_seen == 1


def test_a_loss_before_the_archive_is_found(evidence: tuple[Evidence, Path]) -> None:
    """The oracle reads the archive and agrees with the tables; the producer's list does not."""
    whole, config = evidence
    raw = [row for row in whole.tables["raw_events"] if row["kafka_offset"] != 40]
    shorter = evidence_of(raw, list(whole.sent), tuple(whole.end_offsets), config)
    lines = judge(shorter).differences
    assert {line.split(":")[0] for line in lines} == {"conservation", "producer", "totals"}

"""Batches in the reports: their events are told apart, and everything still adds up."""

import json
from pathlib import Path
from typing import Any

import pytest

from iceberg.catalog import open_catalog
from iceberg.tables import RAW_EVENTS, REJECTED_EVENTS
from jobs import list_conflicts, show_usage
from schemas.heartbeat import encode_heartbeat
from schemas.retraction import RETRACTION_TYPE
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import row_of
from tests.jobs.metered_tables import FLOWN, WEEKS, make_world
from udfs.fingerprinting import fingerprint

Output = pytest.CaptureFixture[str]
_PLACE = {"kafka_partition": 1, "log_time": FLOWN}


def _event(event_id: str, miles: str = "1", event_type: str = "flight.departed") -> bytes:
    return (
        f'{{"specversion":"1.0","id":"{event_id}","source":"s","type":"{event_type}",'
        f'"subject":"K","time":"2013-01-05T00:00:00Z","data":{{"miles":{miles}}}}}'
    ).encode()


def _batch(*elements: bytes) -> bytes:
    return b"\n [" + b" , ".join(elements) + b"]"


RECORDS = (
    # A digit that a binary float would lose, a repeat within the batch, what is no object.
    _batch(_event("b0", "9007199254740993"), b"7", _event("b1"), _event("b0", "9007199254740992")),
    b"[]",
    _batch(encode_heartbeat(0, "2013-07-01T00:00:00Z"), _event("b2", event_type=RETRACTION_TYPE)),
    _event("b1"),
    _batch(_event("b1", "1.0"), _event("a0")),
    b"[" + _event("b3"),
    _batch(_event("b4"), b"\xff"),
)
"""The last two are no batches: they are rejected as records."""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings whose tables hold the small world, and batches in another partition."""
    path = make_world(tmp_path)
    catalog = open_catalog(LocalCatalog(tmp_path))
    rows = [
        row_of(RAW_EVENTS, **_PLACE, kafka_offset=offset, payload=value)
        for offset, value in enumerate(RECORDS)
    ]
    append(catalog, RAW_EVENTS, rows)
    rejected = [(0, 1, "not_an_object"), (5, None, "malformed_json"), (6, None, "malformed_json")]
    nothing = {"meter_id": None, "account_id": None, "event_source": None, "event_id": None}
    refused = [
        row_of(
            REJECTED_EVENTS,
            **_PLACE,
            **nothing,
            kafka_offset=offset,
            batch_index=index,
            reason=reason,
        )
        for offset, index, reason in rejected
    ]
    append(catalog, REJECTED_EVENTS, refused)
    return path


def _report(settings: Path, capsys: Output) -> dict[str, Any]:
    assert show_usage.main(["--settings", str(settings), "--json"], {}) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def test_events_of_batches_add_up(settings: Path, capsys: Output) -> None:
    """Records are records, events are events: of each kind as many as were sent."""
    fates = _report(settings, capsys)["fates"]
    assert fates["records"] == WEEKS + 11 + len(RECORDS)
    assert (fates["batches"], fates["batch_events"]) == (4, 8)
    assert (fates["counted"], fates["duplicates"]) == (WEEKS + 7 + 2, 1 + 4)
    assert (fates["heartbeats"], fates["retractions"]) == (2, 1)
    assert fates["rejected"] == {"malformed_json": 2, "not_an_object": 3}
    assert (fates["unreadable"], fates["not_archived"]) == (0, 0)
    ends = fates["counted"] + fates["duplicates"] + fates["heartbeats"] + fates["retractions"]
    ends += sum(fates["rejected"].values())
    assert ends == fates["records"] - fates["batches"] + fates["batch_events"]
    flights = fates["meters"][0]
    assert (flights["events"], flights["open"]) == (WEEKS + 7 + 2, 2)


def test_batches_are_printed(settings: Path, capsys: Output) -> None:
    """Where there are some the report says how many, and how many events they hold."""
    assert show_usage.main(["--settings", str(settings)], {}) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "batches 4" in lines
    assert "events in them, counted above 8" in lines


def test_a_conflict_within_a_batch(settings: Path, capsys: Output) -> None:
    """Each event of a batch has its own content: its bytes, not what a parser makes of them."""
    assert list_conflicts.main(["--settings", str(settings), "--json"], {}) == 0
    found = json.loads(capsys.readouterr().out)["conflicts"]
    places = [
        (
            each["event_id"],
            *(each[which][name] for which in ("counted", "ignored") for name in _ORDER),
        )
        for each in found
    ]
    assert places == [
        ("a0", 0, 0, None, 1, 4, 1),
        ("b0", 1, 0, 0, 1, 0, 3),
        ("b1", 1, 0, 2, 1, 4, 0),
    ]
    assert found[1]["counted"]["fingerprint"] == fingerprint(_event("b0", "9007199254740993"))
    assert found[1]["ignored"]["account_id"] == "K"
    assert list_conflicts.main(["--settings", str(settings)], {}) == 0
    assert "1:0:3" in capsys.readouterr().out


_ORDER = ("kafka_partition", "kafka_offset", "batch_index")

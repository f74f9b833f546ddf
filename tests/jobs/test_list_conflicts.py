"""Records of one identity and other content: which counted, and what the others said."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from iceberg.catalog import open_catalog
from iceberg.tables import RAW_EVENTS, REJECTED_EVENTS
from jobs import show_usage
from jobs.list_conflicts import main
from schemas.heartbeat import encode_heartbeat
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import row_of
from tests.jobs.metered_tables import FLOWN, make_world, write_settings
from udfs.fingerprinting import fingerprint

Output = pytest.CaptureFixture[str]
SECOND = timedelta(seconds=1)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings whose tables hold the small world, in which one event came twice."""
    return make_world(tmp_path)


def _event(units: str, event_id: str = "k", account_id: str = "K") -> bytes:
    return (
        f'{{"specversion":"1.0","id":"{event_id}","source":"s","type":"flight.departed",'
        f'"subject":"{account_id}","time":"2013-01-05T00:00:00Z","data":{{"miles":{units}}}}}'
    ).encode()


def _archive(settings: Path, *records: tuple[int, int, int, bytes]) -> None:
    """Archive records: partition, offset, seconds of log time, value."""
    append(
        open_catalog(LocalCatalog(settings.parent)),
        RAW_EVENTS,
        [
            row_of(
                RAW_EVENTS,
                kafka_partition=partition,
                kafka_offset=offset,
                log_time=FLOWN + seconds * SECOND,
                payload=value,
            )
            for partition, offset, seconds, value in records
        ],
    )


def _list(settings: Path, capsys: Output) -> dict[str, Any]:
    assert main(["--settings", str(settings), "--json"], {}) == 0
    listed: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert listed["count"] == len(listed["conflicts"])
    return listed


def _places(settings: Path, capsys: Output) -> list[tuple[str, str, str]]:
    return [
        (
            each["event_id"],
            "{kafka_partition}:{kafka_offset}".format(**each["counted"]),
            "{kafka_partition}:{kafka_offset}".format(**each["ignored"]),
        )
        for each in _list(settings, capsys)["conflicts"]
    ]


def test_a_repeat_is_no_conflict(settings: Path, capsys: Output) -> None:
    """The same bytes, and the same content spelled otherwise."""
    respelled = json.dumps(json.loads(_event("1")), indent=1).encode()
    _archive(settings, (1, 0, 0, _event("1")), (1, 1, 1, _event("1")), (1, 2, 2, respelled))
    assert _list(settings, capsys) == {"count": 0, "conflicts": []}
    assert main(["--settings", str(settings)], {}) == 0
    assert capsys.readouterr().out.startswith("Conflicts: none.")


def test_a_conflict_shows_both_records(settings: Path, capsys: Output) -> None:
    """Fingerprints, places, log times and accounts of the one that counted and the one ignored."""
    first, second = _event("1"), _event("2", account_id="L")
    _archive(settings, (1, 0, 0, first), (1, 1, 90, second))
    assert _list(settings, capsys)["conflicts"] == [
        {
            "event_source": "s",
            "event_id": "k",
            "counted": {
                "kafka_partition": 1,
                "kafka_offset": 0,
                "batch_index": None,
                "account_id": "K",
                "fingerprint": fingerprint(first),
                "log_time": "2013-01-05T00:00:00Z",
            },
            "ignored": {
                "kafka_partition": 1,
                "kafka_offset": 1,
                "batch_index": None,
                "account_id": "L",
                "fingerprint": fingerprint(second),
                "log_time": "2013-01-05T00:01:30Z",
            },
        }
    ]


def test_the_first_by_log_time_then_place_counts(settings: Path, capsys: Output) -> None:
    """Whatever the order in the table: as the fates of all records have it."""
    _archive(
        settings,
        (2, 0, 1, _event("3", "late")),
        (1, 1, 0, _event("2", "late")),
        (2, 1, 2, _event("3", "place")),
        (1, 3, 2, _event("2", "place")),
        (1, 2, 2, _event("1", "place")),
    )
    assert _places(settings, capsys) == [
        ("late", "1:1", "2:0"),
        ("place", "1:2", "1:3"),
        ("place", "1:2", "2:1"),
    ]


def test_each_record_that_differs_is_one_conflict(settings: Path, capsys: Output) -> None:
    """Repeats of the first are none, repeats of another content are as many as there are."""
    values = [_event(units) for units in ("1", "2", "1", "2", "1.0")]
    _archive(settings, *((1, n, n, value) for n, value in enumerate(values)))
    assert _places(settings, capsys) == [
        ("k", "1:0", "1:1"),
        ("k", "1:0", "1:3"),
        ("k", "1:0", "1:4"),
    ]


def test_what_was_refused_is_in_no_conflict(settings: Path, capsys: Output) -> None:
    """It holds no identity; and heartbeats are not told apart."""
    beats = [encode_heartbeat(0, "2013-07-01T00:00:00Z") + end for end in (b"", b" ")]
    _archive(
        settings,
        (1, 0, 0, _event("1")),
        (1, 1, 1, _event("2")),
        (1, 2, 2, beats[0]),
        (1, 3, 3, beats[1].replace(b"partition-0", b"partition-9")),
    )
    catalog = open_catalog(LocalCatalog(settings.parent))
    refused = row_of(
        REJECTED_EVENTS,
        reason="bad_time",
        meter_id=None,
        kafka_partition=1,
        kafka_offset=0,
        log_time=FLOWN,
    )
    append(catalog, REJECTED_EVENTS, [refused])
    assert _places(settings, capsys) == []


def test_the_report_counts_them_among_the_duplicates(settings: Path, capsys: Output) -> None:
    """Three duplicates more than in the small world, two of which say something else."""
    values = [_event(units) for units in ("1", "2", "1", "3")]
    _archive(settings, *((1, n, n, value) for n, value in enumerate(values)))
    show_usage.main(["--settings", str(settings), "--json"], {})
    fates = json.loads(capsys.readouterr().out)["fates"]
    assert (fates["duplicates"], fates["conflicts"]) == (4, 2)
    show_usage.main(["--settings", str(settings)], {})
    words = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["duplicates", "4"] in words
    assert ["of", "other", "content", "2"] in words


def test_the_text_is_a_table(settings: Path, capsys: Output) -> None:
    """Two lines for each conflict, the identity once; brackets are no markup."""
    _archive(settings, (1, 0, 0, _event("1", "[red]")), (1, 1, 90, _event("2", "[red]")))
    assert main(["--settings", str(settings)], {}) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 100
    words = [line.split() for line in text.splitlines()]
    counted, ignored = (fingerprint(_event(units, "[red]"))[:12] for units in ("1", "2"))
    assert ["s", "[red]", "counted", "1:0", "2013-01-05T00:00:00Z", "K", counted] in words
    assert ["ignored", "1:1", "2013-01-05T00:01:30Z", "K", ignored] in words
    assert "Conflicts: 1. The first record of an identity counts." in text


def test_mistakes_are_one_line(tmp_path: Path, capsys: Output) -> None:
    """Settings that are not there, and tables that are missing; exit code 2."""
    assert main(["--settings", str(tmp_path / "none.yaml")], {}) == 2
    assert capsys.readouterr().err.count("\n") == 1
    settings = ["--settings", str(write_settings(tmp_path))]
    assert main(settings, {}) == 2
    assert "found none; make it: python -m jobs.create_tables" in capsys.readouterr().err
    open_catalog(LocalCatalog(tmp_path)).create_namespace("billing")
    assert main(settings, {}) == 2
    assert capsys.readouterr().err.startswith("table raw_events, namespace billing: expected one")


def test_places_with_two_payloads_end_the_list(settings: Path, capsys: Output) -> None:
    """One place of Kafka holds one record: nobody may choose; exit code 1."""
    _archive(settings, (0, 0, 0, _event("1")))
    assert main(["--settings", str(settings)], {}) == 1
    assert "raw_events: rows of one identity differ" in capsys.readouterr().err

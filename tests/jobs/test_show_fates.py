"""The fates of records and events in the report."""

from pathlib import Path

import pytest

from tests.jobs.metered_tables import WEEKS, make_world, write_retractions
from tests.jobs.showing import Output, read_report, read_text, write_manifest


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings whose tables hold the small world."""
    return make_world(tmp_path)


def test_every_record_has_one_fate(settings: Path, capsys: Output) -> None:
    """The fates add up to the records of the archive."""
    fates = read_report(settings, capsys)["fates"]
    assert (fates["counted"], fates["duplicates"], fates["heartbeats"]) == (WEEKS + 7, 1, 1)
    assert fates["rejected"] == {"not_an_object": 2}
    assert fates["records"] == WEEKS + 7 + 1 + 1 + 2
    assert (fates["unreadable"], fates["not_archived"]) == (0, 0)
    (partition,) = fates["partitions"]
    assert partition == {
        "kafka_partition": 0,
        "begin_offset": 0,
        "end_offset": WEEKS + 11,
        "records": WEEKS + 11,
    }


def test_every_event_has_one_end_for_each_meter(settings: Path, capsys: Output) -> None:
    """What is in no table yet is open: the weeks' longest flights."""
    fates = read_report(settings, capsys)["fates"]
    ends = {"expired": 1, "unassigned": 1, "corrected": 1, "taken_back": 0, "events": WEEKS + 7}
    ends["brought_back"] = 0
    assert fates["meters"] == [
        {"meter_id": "flights", **ends, "closed": WEEKS + 4, "rejected": 0, "open": 0},
        {"meter_id": "longest", **ends, "closed": 3, "rejected": 1, "open": WEEKS},
    ]
    assert fates["rejected_for_a_meter"] == [
        {"meter_id": "longest", "reason": "missing_units", "events": 1}
    ]


def test_retractions_are_a_fate(settings: Path, capsys: Output) -> None:
    """Each is one, with or without effect, and what it takes back is in no other end."""
    write_retractions(settings.parent)
    fates = read_report(settings, capsys)["fates"]
    assert (fates["retractions"], fates["retractions_without_effect"]) == (2, 1)
    assert (fates["counted"], fates["duplicates"]) == (WEEKS + 7, 2)
    flights = fates["meters"][0]
    assert (flights["closed"], flights["corrected"]) == (WEEKS + 4, 0)
    assert (flights["taken_back"], flights["open"]) == (1, 0)
    printed = read_text(settings, capsys)
    assert "without effect" in printed
    assert "taken back" in printed


def test_a_meter_that_is_no_longer_configured_is_shown(settings: Path, capsys: Output) -> None:
    """Its rows stay in the tables, but which events it listened to is not known any more."""
    meters = settings.parent / "meters.yaml"
    meters.write_text(meters.read_text().replace("longest", "furthest"))
    removed = read_report(settings, capsys)["fates"]["meters"][-1]
    assert (removed["meter_id"], removed["events"], removed["open"]) == ("longest", None, None)


def test_the_manifest_stands_beside_what_was_found(settings: Path, capsys: Output) -> None:
    """Published and found agree for each fate."""
    report = read_report(settings, capsys, "--manifest", write_manifest(settings.parent))
    fates = [each["fate"] for each in report["published"]]
    assert fates == [*("counted", "duplicates", "rejected", "heartbeats"), "retractions", "records"]
    assert all(each["published"] == each["found"] for each in report["published"])
    assert report["problems"] == []

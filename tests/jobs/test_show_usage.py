"""The report from the tables alone: its numbers, its text, and what it says does not add up."""

import subprocess
import sys
from pathlib import Path

import pytest

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS, REJECTED_EVENTS
from jobs.show_usage import main
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import row_of
from tests.jobs.metered_tables import (
    FLOWN,
    WEEKS,
    make_world,
    write_settings,
)
from tests.jobs.showing import Output, read_report, read_text, write_manifest


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings whose tables hold the small world."""
    return make_world(tmp_path)


def test_usage_has_its_corrections(settings: Path, capsys: Output) -> None:
    """Dimensions are put together by each meter's aggregation; decimals are text."""
    usage = read_report(settings, capsys, "--account", "A")["usage"]
    period = {
        "account_id": "A",
        "period_start": "2013-01-01T00:00:00Z",
        "period_end": "2013-02-01T00:00:00Z",
        "timezone": "UTC",
    }
    flights = {
        "meter_id": "flights",
        "dimensions": "{}",
        "aggregation": "count",
        "unit": "flight",
        "quantity": "5",
    }
    longest = {
        "meter_id": "longest",
        "dimensions": "{}",
        "aggregation": "max",
        "unit": "mile",
        "quantity": "2586.5",
    }
    assert usage == [
        {**period, **flights, "event_count": 5},
        {**period, **longest, "event_count": 4},
    ]


def test_corrections_show_their_cause(settings: Path, capsys: Output) -> None:
    """How many events came how late; a correction that changed no quantity is not the largest."""
    corrections = read_report(settings, capsys)["corrections"]
    flights = corrections["by_meter"][0]
    assert (flights["corrections"], flights["periods"], flights["late_events"]) == (1, 1, 1)
    two_days_us = 2 * 86_400_000_000
    assert (flights["least_late_us"], flights["most_late_us"]) == (two_days_us, two_days_us)
    assert flights["late_events_by_class"] == [0, 1, 0, 0, 0]
    (largest,) = corrections["largest"]
    assert (largest["quantity_before"], largest["quantity_after"]) == ("3", "4")
    assert (largest["dimensions"], largest["late_us"]) == ('{"origin":"JFK"}', two_days_us)


def test_alerts_say_when_a_threshold_was_reached(settings: Path, capsys: Output) -> None:
    """In JSON each with its instants; as text a line a period, late ones marked, long lists cut."""
    alerts = read_report(settings, capsys, "--account", "A")["alerts"]
    assert [(each["threshold_percent"], each["quantity"]) for each in alerts] == [
        (50, "3"),
        (100, "5"),
    ]
    assert alerts[1] == {
        "account_id": "A",
        "meter_id": "flights",
        "period_start": "2013-01-01T00:00:00Z",
        "period_end": "2013-02-01T00:00:00Z",
        "timezone": "UTC",
        "budget_quantity": "5",
        "threshold_percent": 100,
        "quantity": "5",
        "unit": "flight",
        "reached": "2013-02-04T00:00:00Z",
    }
    words = [line.split() for line in read_text(settings, capsys).splitlines()]
    reached = ["5", "flight", "2013-01-30", "2013-02-04+"]
    assert ["A", "flights", "2013-01-01", *reached] in words
    assert ["W", "flights", "...", "14", "more"] in words


def test_an_account_narrows_usage_and_corrections(settings: Path, capsys: Output) -> None:
    """The fates stay those of all records."""
    report = read_report(settings, capsys, "--account", "W")
    assert {each["account_id"] for each in report["usage"]} == {"W"}
    assert report["corrections"]["by_meter"] == []
    assert report["fates"]["records"] == WEEKS + 11


def test_a_lost_record_does_not_add_up(settings: Path, capsys: Output) -> None:
    """The exit code is 1, and the line says what is missing."""
    manifest = write_manifest(settings.parent, late=2)
    report = read_report(settings, capsys, "--manifest", manifest, code=1)
    assert report["problems"] == [
        "counted: 28 published, 27 found",
        "records: 32 published, 31 found",
    ]
    text = read_text(settings, capsys, "--manifest", manifest, code=1)
    assert "Does not add up: counted: 28 published, 27 found" in text


def test_whatever_contradicts_the_archive_is_a_problem(settings: Path, capsys: Output) -> None:
    """A gap in the offsets, an unreadable record, a stray reject, and usage out of nothing."""
    catalog = open_catalog(LocalCatalog(settings.parent))
    place = {"kafka_partition": 0, "log_time": FLOWN}
    raw = row_of(RAW_EVENTS, **place, kafka_offset=WEEKS + 12, payload=b"{}")
    append(catalog, RAW_EVENTS, [raw])
    stray = row_of(REJECTED_EVENTS, **place, kafka_offset=1000, meter_id=None)
    append(catalog, REJECTED_EVENTS, [stray])
    invented = row_of(CLOSED_USAGE, row_id="i0", account_id="I")
    checkpoint = {
        "flink.job-id": "j",
        "flink.operator-id": "o",
        "flink.max-committed-checkpoint-id": "1",
    }
    for _ in range(2):
        append(catalog, CLOSED_USAGE, [invented], checkpoint)
    assert read_report(settings, capsys, code=1)["problems"] == [
        "raw_events: partition 0 has 32 records at offsets 0 to 32",
        "raw_events: 1 records neither rejected nor readable",
        "rejected_events: 1 rows that raw_events lacks",
        "flights: 3 more events metered than received",
        "closed_usage: checkpoint j/o/1 was committed 2 times; readers take each row once",
    ]


def test_the_text_is_a_table_and_a_plot(settings: Path, capsys: Output) -> None:
    """Headings, local dates, exact quantities, and the sum of all records at the end."""
    text = read_text(settings, capsys, "--account", "A")
    words = [line.split() for line in text.splitlines()]
    assert ["A", "2013-01-01", "2013-02-01", "5", "2,586.5"] in words
    assert "A: flights per billing period" in text
    assert "█" in text
    assert [
        "flights",
        "A",
        "2013-01-01",
        '{"origin":"JFK"}',
        "3",
        "4",
        "1",
        "2",
        "d",
        "0",
        "h",
    ] in words
    assert "longest rejects 1: missing_units" in text
    assert "All 31 records add up." in text


def test_many_periods_are_shortened(settings: Path, capsys: Output) -> None:
    """The middle of an account's 20 weeks is left out, and there with --all."""
    words = [line.split() for line in read_text(settings, capsys).splitlines()]
    assert ["W", "...", "14", "more"] in words
    assert ["W", "2013-01-28", "2013-02-04", "1", "-"] not in words
    words = [line.split() for line in read_text(settings, capsys, "--all").splitlines()]
    assert ["W", "2013-01-28", "2013-02-04", "1", "-"] in words
    usage = [line for line in words if line[:1] == ["W"] and line[1].startswith("2013-")]
    assert len(usage) == WEEKS


def test_empty_tables_make_a_report(tmp_path: Path, capsys: Output) -> None:
    """Nothing was published and nothing found."""
    settings = write_settings(tmp_path)
    make_tables(open_catalog(LocalCatalog(tmp_path)), "billing")
    text = read_text(settings, capsys)
    assert "Corrections: none." in text
    assert "Budget alerts: none." in text
    assert "All 0 records add up." in text


def test_the_snippets_run(settings: Path, capsys: Output) -> None:
    """What the report tells to copy works, in a fresh interpreter."""
    snippets = read_report(settings, capsys)["snippets"]
    program = [sys.executable, "-W", "error::DeprecationWarning", "-c", "\n".join(snippets)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{3 + WEEKS} ['row_id', 'account_id'")
    printed = read_text(settings, capsys)
    assert all(snippet in printed for snippet in snippets)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["│", "A", "│", "flights", "│", "5.000000000", "│"] in rows


@pytest.mark.parametrize("content", [None, "not json", "[]", '{"records": 3}', '{"kinds": [1]}'])
def test_a_wrong_manifest_is_one_line(settings: Path, capsys: Output, content: str | None) -> None:
    """A file that is missing or is no manifest; exit code 2."""
    path = settings.parent / "manifest.json"
    if content is not None:
        path.write_text(content)
    assert main(["--settings", str(settings), "--manifest", str(path)], {}) == 2
    line = capsys.readouterr().err
    assert line.startswith(f"manifest, {path}: expected a publisher's, found ")
    assert line.count("\n") == 1


def test_missing_tables_are_one_line(tmp_path: Path, capsys: Output) -> None:
    """The line names the table and what to run."""
    settings = write_settings(tmp_path)
    open_catalog(LocalCatalog(tmp_path)).create_namespace("billing")
    assert main(["--settings", str(settings)], {}) == 2
    line = capsys.readouterr().err
    assert line == (
        "table raw_events, namespace billing: expected one, found none;"
        " run python -m jobs.create_tables\n"
    )


def test_rows_that_contradict_each_other_end_the_report(settings: Path, capsys: Output) -> None:
    """No total is shown that might be wrong; exit code 1."""
    catalog = open_catalog(LocalCatalog(settings.parent))
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE, event_count=99)])
    assert main(["--settings", str(settings)], {}) == 1
    found = capsys.readouterr()
    assert found.out == ""
    assert "closed_usage: rows of one identity differ" in found.err

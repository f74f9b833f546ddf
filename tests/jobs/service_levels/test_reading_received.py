"""What is read of records, in the small live world and with what can go wrong in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection

from jobs.service_levels.reading_received import MeteringFacts, read_delay_bins, read_received
from jobs.settings import load_meters
from schemas.explained_gaps import ExplainedGaps
from schemas.instant import HOUR_US, SECOND_US, to_us
from schemas.service_facts import MeterCount, Ranks, ReceivedFacts, SettledFacts
from schemas.service_level import MeasuredWindow, Unmeasured
from tests.jobs.service_world import second

SETTLED = second(215)
EVER = MeasuredWindow(None, to_us(second(86_400)), to_us(second(86_400)))


@pytest.fixture(scope="module")
def metering(live_world: Path) -> MeteringFacts:
    """The configuration of the small world."""
    meters = load_meters(live_world.parent / "meters.yaml")
    return MeteringFacts(True, True, 10 * SECOND_US, meters, to_us(SETTLED), ExplainedGaps())


def _between(start: datetime, end: datetime) -> MeasuredWindow:
    return MeasuredWindow(to_us(start), to_us(end), to_us(end))


def _settled(facts: ReceivedFacts) -> SettledFacts:
    assert isinstance(facts.settled, SettledFacts)
    return facts.settled


def test_the_small_world_by_hand(rows: DuckDBPyConnection, metering: MeteringFacts) -> None:
    """Ten events counted, one repeat, one refused; the fifth delay is 5 s, the tenth 2 min."""
    facts = read_received(rows, metering, EVER, [to_us(second(210))])
    ranks = Ranks(10, {50: 5 * SECOND_US, 95: 120 * SECOND_US, 99: 120 * SECOND_US})
    assert facts == ReceivedFacts(
        is_live=True,
        counted=10,
        duplicates=1,
        conflicts=1,
        retractions=0,
        rejected={"not_an_object": 1},
        missing_offsets={0: 0},
        delay=ranks,
        delay_by_partition={0: ranks},
        settled=SettledFacts(
            until_us=to_us(second(210)),
            records=10,
            unreadable=0,
            missing_offsets=0,
            meters=(MeterCount("calls", 10, 10), MeterCount("bytes", 9, 9)),
        ),
    )


def test_a_window_is_half_open(rows: DuckDBPyConnection, metering: MeteringFacts) -> None:
    """Received from the third second on, before the sixth: delays of 4, 5 and 6 s."""
    facts = read_received(rows, metering, _between(second(3), second(6)), [to_us(second(6))])
    assert (facts.counted, facts.conflicts, facts.rejected) == (3, 0, {})
    assert facts.delay.by_percent_us == {50: 5_000_000, 95: 6_000_000, 99: 6_000_000}
    assert facts.settled is Unmeasured.WINDOWS_ROLLED_UP


def test_delays_in_bins(rows: DuckDBPyConnection) -> None:
    """1 s is in the bin from 1 to 2 s; two minutes are in that from one to five."""
    assert read_delay_bins(rows, EVER) == (0, 1, 3, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0)


def test_usage_that_was_lost_is_seen(rows: DuckDBPyConnection, metering: MeteringFacts) -> None:
    """By a meter that lacks a row of running usage, or all of it, or has one twice."""
    rows.execute("UPDATE metering_windows SET event_count = 7 WHERE meter_id = 'calls'")
    rows.execute("DELETE FROM metering_windows WHERE meter_id = 'bytes'")
    meters = _settled(read_received(rows, metering, EVER, [])).meters
    assert meters == (MeterCount("calls", 10, 7), MeterCount("bytes", 9, 0))


def test_what_was_taken_back_was_there(rows: DuckDBPyConnection, metering: MeteringFacts) -> None:
    """A row of retractions takes nothing off what the tables hold."""
    rows.execute(
        "INSERT INTO metering_windows SELECT * REPLACE (-3 AS event_count, true AS is_retraction)"
        " FROM metering_windows WHERE meter_id = 'calls'"
    )
    meters = _settled(read_received(rows, metering, EVER, [])).meters
    assert meters[0] == MeterCount("calls", 10, 10)


def test_what_a_person_repaired_is_there(rows: DuckDBPyConnection, metering: MeteringFacts) -> None:
    """Two lost events added and one repeat taken out; what was sent wrongly had been there."""
    rows.execute("UPDATE metering_windows SET event_count = 9 WHERE meter_id = 'calls'")
    repairs = (("lost_usage", 2), ("repeat_beyond_horizon", -1), ("wrongly_counted", -4))
    for kind, events in repairs:
        rows.execute(
            "INSERT INTO usage_adjustments BY NAME SELECT $1 AS row_id, $1 AS kind", [kind]
        )
        rows.execute(
            "INSERT INTO brought_back_usage BY NAME SELECT 'usage_adjustments' AS source_table,"
            " $1 AS source_row_id, 'calls' AS meter_id, $2 AS event_count, first_log_time,"
            " last_log_time FROM metering_windows WHERE meter_id = 'calls'",
            [kind, events],
        )
    meters = _settled(read_received(rows, metering, EVER, [])).meters
    assert meters[0] == MeterCount("calls", 10, 10)


def test_a_meter_that_is_added_lacks_nothing(
    rows: DuckDBPyConnection, metering: MeteringFacts
) -> None:
    """It must have counted only from the first event on that it did count."""
    rows.execute(
        "UPDATE metering_windows SET first_log_time = first_log_time + INTERVAL 4 SECOND,"
        " event_count = 6 WHERE meter_id = 'calls'"
    )
    meters = _settled(read_received(rows, metering, EVER, [])).meters
    assert meters[0] == MeterCount("calls", 6, 6)


def test_offsets_that_the_archive_lacks_are_gaps(
    rows: DuckDBPyConnection, metering: MeteringFacts
) -> None:
    """Two between others; the job cannot know of those before the first and behind the last."""
    rows.execute("DELETE FROM raw_events WHERE kafka_offset IN (0, 3, 4, 13)")
    facts = read_received(rows, metering, EVER, [])
    assert facts.missing_offsets == {0: 2}
    assert _settled(facts).missing_offsets == 2


def test_explained_gaps_are_none(rows: DuckDBPyConnection, metering: MeteringFacts) -> None:
    """What Kafka had no record at is not missing, whenever that was found; another gap is."""
    rows.execute("DELETE FROM raw_events WHERE kafka_offset IN (0, 3, 4, 7, 13)")
    gaps = ((0, 0, 1), (0, 3, 5), (1, 7, 8))
    old = replace(metering, explained=ExplainedGaps(gaps, {0: 13}, 0))
    facts = read_received(rows, old, EVER, [])
    assert facts.missing_offsets == {0: 1}
    assert _settled(facts).missing_offsets == 1
    every = replace(metering, explained=ExplainedGaps((*gaps, (0, 7, 8)), {0: 13}, 0))
    assert read_received(rows, every, EVER, []).missing_offsets == {0: 0}
    part = _between(second(4), second(9))
    assert read_received(rows, old, part, []).missing_offsets == {0: 1}


def test_young_gaps_wait_for_the_next_reconciliation(
    rows: DuckDBPyConnection, metering: MeteringFacts
) -> None:
    """Where transactions leave gaps; the last, of 25 hours ago, looked at offsets below 6."""
    rows.execute("DELETE FROM raw_events WHERE kafka_offset IN (1, 3, 6, 8)")
    marker, run_us = (0, 1, 2), EVER.measured_at_us - 25 * HOUR_US
    recent = ExplainedGaps((marker,), {0: 6}, run_us)
    facts = read_received(rows, replace(metering, explained=recent), EVER, [])
    assert facts.missing_offsets == {0: 1}  # what it looked at, and could not explain
    overdue = replace(recent, at_us=run_us - 1)
    facts = read_received(rows, replace(metering, explained=overdue), EVER, [])
    assert facts.missing_offsets == {0: 3}
    plain = ExplainedGaps((), {0: 6}, run_us)
    facts = read_received(rows, replace(metering, explained=plain), EVER, [])
    assert facts.missing_offsets == {0: 4}  # no transactions: each gap counts at once
    nothing_yet = replace(recent, looked_at={0: 0})
    facts = read_received(rows, replace(metering, explained=nothing_yet), EVER, [])
    assert facts.missing_offsets == {0: 0}


def test_what_is_not_settled_is_not_missed(
    rows: DuckDBPyConnection, metering: MeteringFacts
) -> None:
    """Usage received after the last but one checkpoint may be on its way."""
    early = replace(metering, settled_us=to_us(second(5)))
    rows.execute("DELETE FROM metering_windows")
    settled = _settled(read_received(rows, early, EVER, []))
    assert (settled.until_us, settled.records) == (to_us(second(0)), 0)
    assert settled.meters == (MeterCount("calls", 0, 0), MeterCount("bytes", 0, 0))


def test_why_completeness_is_not_measured(
    rows: DuckDBPyConnection, metering: MeteringFacts
) -> None:
    """No two checkpoints; no running usage; running usage rolled up across the window's end."""
    unsettled = replace(metering, settled_us=None)
    assert read_received(rows, unsettled, EVER, []).settled is Unmeasured.NO_CHECKPOINTS
    unkept = replace(metering, keeps_windows=False)
    assert read_received(rows, unkept, EVER, []).settled is Unmeasured.WINDOWS_NOT_KEPT
    rows.execute("UPDATE metering_windows SET log_window_end = log_window_end + INTERVAL 1 HOUR")
    assert read_received(rows, metering, EVER, []).settled is Unmeasured.WINDOWS_ROLLED_UP

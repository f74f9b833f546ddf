"""The program by itself, on Flink's mini cluster: nasty records, and a month end in a quiet night.

`python -m jobs.meter_usage` without a cluster runs the job in its own process. The flights of a few
accounts leave some partitions of the topic empty, and nothing but heartbeats moves time on.
"""

import contextlib
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import pytest

from jobs.beat_heartbeat import beat_heartbeat
from jobs.flights.departures import Departure
from jobs.local.flink_rest import FlinkError, FlinkRest
from jobs.local.metering_run import metered_until_ms, wait_metered
from jobs.local.ports import LOOPBACK, free_ports
from jobs.local.waiting import wait_until
from schemas.account import decode_account
from tests.conftest import Kafka
from tests.integration.flights import MORE_METERS, at_ms, write_config
from tests.integration.full_run import UNTIL
from tests.integration.new_account import (
    BAD_ACCOUNTS,
    CHANGE,
    CHANGED_AT,
    CHANGED_FLIGHTS,
    NEW,
    OFF_HOURS,
    new_flight,
    publish_new_account,
)
from tests.integration.night import Night, published, running
from tests.integration.retracting import SEAT_METERS
from tests.integration.world import (
    PARTITIONS,
    SLACK_MS,
    TIMEOUT_S,
    make_topics,
    make_world,
)
from tests.oracle.budgets import Total
from tests.oracle.comparing import Rows

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

# February in New York, and the 24 hours of grace.
CUT = "2013-03-02T05:00:00"
# What Beam's worker may write when the other side hangs up first: apache/beam issue 22643.
BEAMS_FAREWELL = re.compile(
    r"Exception in thread read_grpc_client_inputs:\nTraceback [^\n]*\n(?:  [^\n]*\n)+"
    r"grpc\._channel\._MultiThreadedRendezvous[^\n]*\n\tstatus = StatusCode\.CANCELLED\n"
    r'\tdetails = "Multiplexer hanging up"\n(?:\t[^\n]*\n)+>\n'
)


@pytest.fixture(scope="module")
def night(
    kafka: Kafka, departures: list[Departure], tmp_path_factory: pytest.TempPathFactory
) -> Night:
    """Publish all records first, then let heartbeats alone close February."""
    folder = tmp_path_factory.mktemp("mini")
    config = write_config(folder / "config")
    topics = make_topics(kafka.bootstrap_servers, "night", config)
    receipts = published(departures)
    topics.publish(receipts)
    (port,) = free_ports(1)
    rest = FlinkRest(f"http://{LOOPBACK}:{port}")
    properties = {"rest.port": port, "metrics.fetcher.update-interval": 1000}
    # Hours, as the boundaries of these accounts fall on them; other tests have minutes.
    world = make_world(folder, topics, event_window_s=3600, properties=properties)

    with running(world, folder / "flink") as program:

        def filled(table: str, rows: int) -> bool:
            program.check()
            return world.counts()[table] == rows

        def beat_until(log_ms: int) -> dict[str, Rows]:
            beat_heartbeat(topics.kafka, lambda: log_ms, lambda: True)
            wait_metered(rest, job_id, log_ms - SLACK_MS, TIMEOUT_S)
            return world.tables()

        wait_until(lambda: filled("raw_events", len(receipts)), "raw_events", TIMEOUT_S)
        (job_id,) = rest.jobs()
        # Time enough for the empty partition to be taken for idle, if it were.
        rest.wait_checkpoints(job_id, 3, TIMEOUT_S)
        assert metered_until_ms(rest, job_id) is None
        silent = world.tables()
        short = beat_until(at_ms(CUT) + SLACK_MS - 1)
        publish_new_account(topics)
        bad = len(BAD_ACCOUNTS) + len(OFF_HOURS)
        wait_until(lambda: filled("rejected_accounts", bad), "rejected_accounts", TIMEOUT_S)
        at_cut = beat_until(at_ms(CUT) + SLACK_MS)
        topics.publish([new_flight(time, CHANGED_AT) for time in CHANGED_FLIGHTS])
        closed = beat_until(at_ms(UNTIL))
        # Its REST interface goes down with the job.
        with contextlib.suppress(OSError, FlinkError):
            rest.stop_with_savepoint(job_id, folder / "savepoint")
        wait_until(lambda: not program.alive(), "end of the program", TIMEOUT_S)
        log = program.log_path.read_text()
    return Night(world, receipts, silent, short, at_cut, closed, log)


def test_all_rows_are_those_of_the_recompute(night: Night) -> None:
    """Every fate of every record, and every column of every row, is the oracle's."""
    assert night.world.differences(night.closed) == {}
    assert night.world.repeated_commits() == []
    fates = {
        (fate.partition, fate.offset): fate.fate
        for fate in night.world.expected(night.closed).fates
        if fate.index is None
    }
    edges = [each.value for each in night.receipts if each.kind == "edge"]
    found = [
        fates[row["kafka_partition"], row["kafka_offset"]]
        for row in night.closed["raw_events"]
        if row["payload"] in edges
    ]
    assert len(found) == len(edges) > 50
    assert set(found) == {"counted", "duplicate", "rejected"}


def test_the_corpus_has_its_fates(night: Night) -> None:
    """Each of the fuzzer's kept records is archived byte for byte; the rows above are its own."""
    corpus = [each.value for each in night.receipts if each.kind == "corpus"]
    archived = Counter(row["payload"] for row in night.closed["raw_events"])
    assert len(corpus) > 200
    assert all(archived[value] for value in corpus)
    reasons = {row["reason"] for row in night.closed["rejected_events"]}
    assert reasons >= {"too_large", "malformed_json", "bad_time", "too_long", "bad_retraction"}


def test_events_of_batches_are_events_like_others(night: Night) -> None:
    """Of every fate there are some; the rows above are the oracle's, which takes batches apart."""
    fates = night.world.expected(night.closed).fates
    batches = [fate for fate in fates if fate.fate == "batch"]
    assert len(batches) > 20
    found = Counter(fate.fate for fate in fates if fate.index is not None)
    assert set(found) == {"counted", "duplicate", "rejected", "retraction", "heartbeat"}
    assert found["counted"] > 300
    refused = [row for row in night.closed["rejected_events"] if row["batch_index"] is not None]
    assert {row["reason"] for row in refused} >= {"not_an_object", "bad_time", "malformed_json"}
    assert {row["meter_id"] for row in refused} >= {None, "miles"}
    assert any(row["batch_index"] is not None for row in night.closed["retractions"])
    assert any(row["batch_index"] is not None for row in night.closed["retracted_usage"])
    latest = [row["breakdown"] for row in night.closed["closed_usage"] if row["breakdown"]]
    assert any('"batch_index":' in text for text in latest)


def test_an_empty_partition_holds_time(night: Night) -> None:
    """Without heartbeats nothing closes, as a partition may be late with its records."""
    assert {each.partition for each in night.receipts} < set(range(PARTITIONS))
    assert len(night.silent["raw_events"]) == len(night.receipts)
    assert night.silent["closed_usage"] == []


def test_heartbeats_close_a_quiet_month_end(night: Night) -> None:
    """February of AA closes exactly when log time reaches its cut, by heartbeats alone."""

    def february(tables: Mapping[str, Rows]) -> list[str]:
        return [row["meter_id"] for row in tables["closed_usage"] if row["account_id"] == "AA"]

    assert night.short["closed_usage"] != []
    assert february(night.short) == []
    assert set(february(night.at_cut)) == {
        "flights",
        "miles",
        "air-minutes",
        "longest-flight",
        "cancellations",
        *(meter["meter"] for meter in (*MORE_METERS, *SEAT_METERS)),
    }


def test_usage_waits_for_its_account(night: Night) -> None:
    """What came before its account was known counts, when that comes in time."""
    found = {
        name: [row["meter_id"] for row in night.closed[name] if row["account_id"] == NEW]
        for name in ("closed_usage", "unassigned_usage", "usage_corrections")
    }
    departed = {"air-minutes", "flights", "longest-flight", "miles"}
    departed.update(meter["meter"] for meter in MORE_METERS)
    assert set(found.pop("closed_usage")) == departed
    assert found == {"unassigned_usage": [], "usage_corrections": []}


def test_a_change_of_terms_ends_the_open_period(night: Night) -> None:
    """A month that had begun ends at the change, with what it held; a week begins there."""
    rows = [row for row in night.closed["closed_usage"] if row["account_id"] == NEW]
    found = sorted(
        (row["period_start"], row["period_end"], int(row["quantity"]), row["terms_version"])
        for row in rows
        if row["meter_id"] == "miles"
    )
    first, change, week = (
        datetime.fromisoformat(f"{text}+00:00")
        for text in ("2013-03-01T00:00:00", CHANGE, "2013-03-11T04:00:00")
    )
    assert found == [(first, change, 14, 1), (change, week, 7, 2)]


def test_running_totals_have_the_new_end_of_a_period(night: Night) -> None:
    """A total is told again when terms move its period's end, and nothing else in it changes."""
    totals = night.world.totals()
    assert totals == night.world.expected(night.closed).totals
    change = datetime.fromisoformat(f"{CHANGE}+00:00")
    ends = {each.period_end: each.quantity for each in totals if is_new_miles(each)}
    assert ends[change] == 14
    assert len(night.world.expected(night.closed).alerts) > 5


def is_new_miles(total: Total) -> bool:
    """Return whether a total is of the new account's miles."""
    return (total.account_id, total.meter_id) == (NEW, "miles")


def test_accounts_that_cannot_be_used_are_kept(night: Night) -> None:
    """Each with its reason and its bytes; the account keeps its former terms."""
    refused = night.closed["rejected_accounts"]
    others = {(row["account_id"], row["reason"]) for row in refused if row["account_id"] != NEW}
    assert others == {(name, "off_window") for name in OFF_HOURS}
    rows = sorted(
        (row for row in refused if row["account_id"] == NEW), key=lambda row: row["kafka_offset"]
    )
    assert [(row["account_id"], row["reason"]) for row in rows] == [
        (NEW, "bad_terms"),
        (NEW, "key_mismatch"),
        (NEW, "tombstone"),
        (NEW, "off_window"),
        (NEW, "too_late"),
        (NEW, "bad_budget"),
        (NEW, "bad_budget"),
    ]
    assert [row["terms"] and row["terms"].encode() for row in rows] == list(BAD_ACCOUNTS)
    assert "expected the record's key NEW, found AA" in rows[1]["detail"]


def test_each_record_of_an_account_is_taken_or_refused(night: Night) -> None:
    """Pricing asks for the terms of an account where the job has left them."""
    taken, refused = night.closed["accounts"], night.closed["rejected_accounts"]
    places: dict[int, list[int]] = {}
    for row in (*taken, *refused):
        places.setdefault(row["kafka_partition"], []).append(row["kafka_offset"])
    assert all(sorted(offsets) == list(range(len(offsets))) for offsets in places.values())
    last = {row["account_id"]: row for row in sorted(taken, key=lambda row: row["kafka_offset"])}
    assert {row["account_id"] for row in night.closed["closed_usage"]} <= last.keys()
    account = decode_account(last[NEW]["terms"].encode())
    mine = [row for row in night.closed["closed_usage"] if row["account_id"] == NEW]
    versions = {each.version for each in account.terms}
    assert mine
    assert {row["terms_version"] for row in mine} <= versions


def test_the_program_ends_well(night: Night) -> None:
    """Stopped with a savepoint, the program ends without an error."""
    assert "Traceback" not in BEAMS_FAREWELL.sub("", night.log)
    assert list((night.world.file.parent / "savepoint").glob("savepoint-*/_metadata"))

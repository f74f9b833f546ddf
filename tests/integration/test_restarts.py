"""Stopped, killed and restored in the middle of the flights: the totals are exactly the same.

Each scenario publishes the first half, waits until it is metered, publishes most of the second half
and strikes while that is being worked on. What closes the rest comes only afterwards.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from jobs.flights.departures import DEPARTED, Departure
from jobs.flights.receiving import Receipt
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.flink_rest import latest_checkpoint
from jobs.local.metering_run import wait_metered
from jobs.local.waiting import wait_until
from jobs.publish_flights import partition_of
from schemas.usage_event import UsageEvent, encode_usage_event
from tests.conftest import Kafka
from tests.integration.batching import in_batches
from tests.integration.flights import (
    INJECTIONS,
    at_ms,
    beats,
    choose,
    receipts_of,
    write_config,
)
from tests.integration.full_run import UNTIL
from tests.integration.retracting import seat_receipts
from tests.integration.world import (
    JOB,
    PARTITIONS,
    SLACK_MS,
    TIMEOUT_S,
    Topics,
    World,
    make_topics,
    make_world,
    run_until,
)
from tests.oracle.budgets import Alert
from tests.oracle.comparing import Rows

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

MIDDLE = "2013-02-27T00:00:00"
# By origin, so that rows of the late records can be told from all others.
LATE = "LATE"
# Account and event time: before the middle B6 closed its period, AA's January expired, and AA's
# February is open.
LATE_EVENTS = (
    ("B6", "2013-02-10T12:00:00"),
    ("AA", "2013-01-10T12:00:00"),
    ("AA", "2013-02-10T12:00:00"),
)


@pytest.fixture(scope="module")
def own_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlinkCluster]:
    """A cluster whose processes are killed."""
    # A TaskManager waits so long for a killed JobManager.
    options = {"heartbeat.timeout": "15000"}
    with FlinkCluster(tmp_path_factory.mktemp("killed"), slots=4, options=options) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def receipts(departures: list[Departure]) -> list[Receipt]:
    """A tenth of five weeks of flights, and seats that are sold and given back; some as batches."""
    chosen = choose(departures, "2013-02-05T00:00:00", "2013-03-12T00:00:00", 10)
    receipts = receipts_of(chosen, INJECTIONS) + seat_receipts()
    return in_batches(sorted(receipts, key=lambda each: each.log_time_ms))


@dataclass(frozen=True, slots=True)
class Scenario:
    """One log in two halves, and what it is metered into."""

    world: World
    first: list[Receipt]
    second: list[Receipt]

    @property
    def topics(self) -> Topics:
        """What the world reads."""
        return self.world.topics

    def meter_first(self, cluster: FlinkCluster) -> tuple[str, Mapping[str, Rows]]:
        """Publish and meter the first half; return the job's id and the tables."""
        self.topics.publish(self.first)
        job_id = run_until(cluster, self.world, at_ms(MIDDLE))
        return job_id, self.world.tables()

    def publish_second(self, cluster: FlinkCluster, job_id: str) -> None:
        """Publish the second half but for the end, and wait until the job counts events of it."""
        before = cluster.rest.counter(job_id, "counted_events")
        self.topics.publish(self.second)
        wait_until(
            lambda: cluster.rest.counter(job_id, "counted_events") > before,
            "events of the second half",
            TIMEOUT_S,
        )

    def finish(self, cluster: FlinkCluster, job_id: str) -> dict[str, Rows]:
        """Publish the heartbeats of the end, wait until all is metered, and end the job."""
        self.topics.publish(beats(UNTIL))
        wait_metered(cluster.rest, job_id, at_ms(UNTIL) - SLACK_MS, TIMEOUT_S)
        tables = self.world.tables()
        assert cluster.rest.counter(job_id, ".numLateRecordsDropped") == 0
        cluster.rest.cancel(job_id)
        return tables

    def check(self, before: Mapping[str, Rows], after: dict[str, Rows]) -> None:
        """Assert that the tables are exact, and that both sides of the middle wrote to them."""
        assert self.world.differences(after) == {}
        assert self.world.repeated_commits() == []
        assert len(before["raw_events"]) == len(self.first)
        names = ("closed_usage", "usage_corrections", "rejected_events")
        for name in (*names, "retracted_usage", "budget_alerts"):
            assert 0 < len(before[name]) < len(after[name])
        expected = self.world.expected(after)
        assert self.world.totals() == expected.totals
        assert self.world.alerts() == expected.alerts


def make_scenario(kafka: Kafka, folder: Path, name: str, receipts: list[Receipt]) -> Scenario:
    """Create topics and tables of their own, and cut the log in two."""
    topics = make_topics(kafka.bootstrap_servers, name, write_config(folder / "config"))
    middle_ms = at_ms(MIDDLE)
    first = [each for each in receipts if each.log_time_ms < middle_ms] + beats(MIDDLE)
    second = [each for each in receipts if each.log_time_ms >= middle_ms]
    return Scenario(make_world(folder, topics), first, second)


def late_receipts() -> list[Receipt]:
    """Return records received in the middle whose events are weeks older."""
    receipts = []
    for number, (account_id, time) in enumerate(LATE_EVENTS):
        data = {"miles": 100, "air_minutes": 10, "origin": LATE}
        time_us = at_ms(time) * 1000
        event = UsageEvent(f"late-{number}", "test", DEPARTED, account_id, time_us, data)
        key = account_id.encode()
        value = encode_usage_event(event)
        receipt = Receipt(at_ms(MIDDLE), partition_of(key, PARTITIONS), key, value, "late")
        receipts.append(receipt)
    return receipts


@pytest.fixture(scope="module")
def restored(
    kafka: Kafka,
    own_cluster: FlinkCluster,
    receipts: list[Receipt],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Scenario, Mapping[str, Rows], dict[str, Rows]]:
    """Stop with a savepoint and restore; late records are the first that come after it."""
    folder = tmp_path_factory.mktemp("savepoint")
    scenario = make_scenario(kafka, folder, "savepoint", receipts)
    job_id, before = scenario.meter_first(own_cluster)
    savepoint = own_cluster.rest.stop_with_savepoint(job_id, folder / "savepoints", TIMEOUT_S)
    scenario.topics.publish(late_receipts() + scenario.second)
    job_id = own_cluster.submit(JOB, scenario.world.arguments, restore_from=savepoint)
    return scenario, before, scenario.finish(own_cluster, job_id)


def test_stopped_with_a_savepoint(
    restored: tuple[Scenario, Mapping[str, Rows], dict[str, Rows]],
) -> None:
    """A stop with savepoint in the middle and a restore change no row."""
    scenario, before, after = restored
    scenario.check(before, after)


def test_late_records_right_after_a_restore_count(
    restored: tuple[Scenario, Mapping[str, Rows], dict[str, Rows]],
) -> None:
    """They are a correction of what was closed, expired, or in revision 0 of what is open."""
    _, _, after = restored
    found = {
        name: [
            (row["account_id"], row["event_count"])
            for row in after[name]
            if LATE in row["dimensions"] and row["meter_id"] == "flights"
        ]
        for name in ("usage_corrections", "expired_usage", "closed_usage")
    }
    assert found == {
        "usage_corrections": [("B6", 1)],
        "expired_usage": [("AA", 1)],
        "closed_usage": [("AA", 1)],
    }


def test_killed_task_manager(
    kafka: Kafka, own_cluster: FlinkCluster, receipts: list[Receipt], tmp_path: Path
) -> None:
    """The job restarts from its last checkpoint on a new TaskManager, and no row changes."""
    scenario = make_scenario(kafka, tmp_path, "killed-task-manager", receipts)
    job_id, before = scenario.meter_first(own_cluster)
    scenario.publish_second(own_cluster, job_id)
    own_cluster.kill_task_manager()
    own_cluster.start_task_manager()
    own_cluster.rest.wait_restarted(job_id, 0, TIMEOUT_S)
    after = scenario.finish(own_cluster, job_id)
    scenario.check(before, after)


@pytest.mark.slow
def test_killed_job_manager(
    kafka: Kafka, own_cluster: FlinkCluster, receipts: list[Receipt], tmp_path: Path
) -> None:
    """A new JobManager, and the job from its last retained checkpoint: no row changes."""
    scenario = make_scenario(kafka, tmp_path, "killed-job-manager", receipts)
    job_id, before = scenario.meter_first(own_cluster)
    scenario.publish_second(own_cluster, job_id)
    own_cluster.kill_job_manager()
    own_cluster.start_job_manager()
    own_cluster.wait_recovered()
    checkpoint = latest_checkpoint(tmp_path / "checkpoints", job_id)
    restored_id = own_cluster.submit(JOB, scenario.world.arguments, restore_from=checkpoint)
    assert restored_id != job_id
    after = scenario.finish(own_cluster, restored_id)
    scenario.check(before, after)


@pytest.mark.slow
def test_totals_that_begin_in_the_middle(
    kafka: Kafka, own_cluster: FlinkCluster, receipts: list[Receipt], tmp_path: Path
) -> None:
    """Restored from a savepoint of a job without them, they hold what was counted before."""
    plain = make_scenario(kafka, tmp_path, "totals-later", receipts)
    world = plain.world.with_metering(running_totals=False)
    job_id, before = replace(plain, world=world).meter_first(own_cluster)
    assert before["budget_alerts"] == []
    assert world.totals() == []
    savepoint = own_cluster.rest.stop_with_savepoint(job_id, tmp_path / "savepoints", TIMEOUT_S)
    world = world.with_metering(running_totals=True)
    scenario = replace(plain, world=world)
    scenario.topics.publish(scenario.second)
    job_id = own_cluster.submit(JOB, world.arguments, restore_from=savepoint)
    after = scenario.finish(own_cluster, job_id)
    expected = world.expected(after)
    assert world.totals() == expected.totals

    def thresholds(alerts: list[Alert]) -> list[tuple[object, ...]]:
        # The log windows of before the savepoint are not remembered, so neither is in which one.
        return [
            (each.account_id, each.meter_id, each.period_start, each.threshold_percent)
            for each in alerts
        ]

    assert thresholds(world.alerts()) == thresholds(expected.alerts)
    assert set(world.differences(after)) <= {"budget_alerts"}

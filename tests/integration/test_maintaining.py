"""Maintenance beside the running job, and older savepoints with and without a rewind."""

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import pytest

from iceberg.catalog import open_catalog
from iceberg.compacting import MergeSize
from iceberg.flink_commits import last_commit
from iceberg.tables import RAW_EVENTS
from jobs import rewind_tables
from jobs.check_commits import main as check_commits
from jobs.flights.departures import Departure
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.flink_rest import FlinkError
from jobs.local.metering_run import wait_metered
from jobs.local.waiting import wait_until
from jobs.maintaining.maintenance import AskedMaintenance, maintain
from tests.conftest import Kafka
from tests.integration.flights import (
    INJECTIONS,
    at_ms,
    beats,
    choose,
    receipts_of,
    write_config,
)
from tests.integration.full_run import UNTIL
from tests.integration.world import (
    JOB,
    SLACK_MS,
    TIMEOUT_S,
    World,
    make_topics,
    make_world,
    run_until,
)

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(5000)]

FIRST, SECOND = "2013-02-12T00:00:00", "2013-02-22T00:00:00"
# Above the checkpoint interval of two seconds, and all that a busy machine adds to it.
_ORPHAN_HOURS = 0.05
ALL = AskedMaintenance(
    merge_size=MergeSize(least_files=2),
    expire_days=0,
    orphan_hours=_ORPHAN_HOURS,
    floor_hours=_ORPHAN_HOURS,
)


def now_ms() -> int:
    """Return the wall clock's time, which snapshots and files have."""
    return time.time_ns() // 1_000_000


@pytest.fixture
def world(
    kafka: Kafka, departures: list[Departure], tmp_path: Path, request: pytest.FixtureRequest
) -> World:
    """Topics with the first part of a log, and tables."""
    name = "maintaining" if "maintenance" in request.node.name else "rewinding"
    topics = make_topics(kafka.bootstrap_servers, name, write_config(tmp_path / "config"))
    return make_world(tmp_path, topics, parallelism=1)


def _publish(world: World, departures: list[Departure], since: str, until: str) -> None:
    """Publish what was received between two instants, and the heartbeats of the second."""
    chosen = choose(departures, "2013-02-05T00:00:00", "2013-03-02T00:00:00", 20)
    receipts = receipts_of(chosen, INJECTIONS)
    since_ms, until_ms = at_ms(since), at_ms(until)
    received = [each for each in receipts if since_ms <= each.log_time_ms < until_ms]
    world.topics.publish(received + beats(until))


@contextmanager
def _maintaining(world: World) -> Iterator[Counter[str]]:
    """Maintain the tables again and again, beside what the block does; count the steps."""
    done: Counter[str] = Counter()
    stop = threading.Event()
    failures: list[BaseException] = []

    def go_on() -> None:
        try:
            while not stop.wait(3):
                for step in maintain(world.settings, ALL, now_ms()):
                    done[type(step).__name__] += 1
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()
    assert failures == []


def _plant_orphan(world: World) -> Path:
    """Leave a file that no snapshot leads to, of long ago."""
    table = open_catalog(world.settings.catalog).load_table(("billing", RAW_EVENTS.name))
    path = Path(urlparse(table.location()).path) / "data" / "left-behind.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left behind")
    os.utime(path, (1, 1))
    return path


def test_maintenance_beside_the_job_changes_no_row(
    world: World, cluster: FlinkCluster, departures: list[Departure], tmp_path: Path
) -> None:
    """Merged, expired and cleaned every few seconds, over a restore: all rows are the oracle's."""
    _publish(world, departures, "2013-02-05T00:00:00", FIRST)
    orphan = _plant_orphan(world)
    job_id = run_until(cluster, world, at_ms(FIRST))
    with _maintaining(world) as done:
        _publish(world, departures, FIRST, SECOND)
        wait_metered(cluster.rest, job_id, at_ms(SECOND) - SLACK_MS, TIMEOUT_S)
        savepoint = cluster.rest.stop_with_savepoint(job_id, tmp_path / "savepoints", TIMEOUT_S)
        list(maintain(world.settings, ALL, now_ms()))
        job_id = cluster.submit(JOB, world.arguments, restore_from=savepoint)
        _publish(world, departures, SECOND, UNTIL)
        wait_metered(cluster.rest, job_id, at_ms(UNTIL) - SLACK_MS, TIMEOUT_S)
        # On a fast machine all is metered before the first snapshot is old enough.
        wait_until(lambda: done["Merged"] and done["Expired"], "both steps", TIMEOUT_S)
    assert (
        check_commits([*world.arguments, "--max-age-s", "3600"], {}, lambda: now_ms() * 1000) == 0
    )
    cluster.rest.cancel(job_id)
    list(maintain(world.settings, ALL, now_ms()))
    assert cluster.rest.restarts(job_id) == 0
    assert not orphan.exists()
    assert world.differences(world.tables()) == {}
    assert world.repeated_commits() == []


def test_an_older_savepoint_needs_a_rewind(
    world: World, cluster: FlinkCluster, departures: list[Departure], tmp_path: Path
) -> None:
    """Without it the job refuses to start; with it all rows are the oracle's, each once."""
    _publish(world, departures, "2013-02-05T00:00:00", FIRST)
    job_id = run_until(cluster, world, at_ms(FIRST))
    older = cluster.rest.stop_with_savepoint(job_id, tmp_path / "savepoints", TIMEOUT_S)
    _publish(world, departures, FIRST, SECOND)
    job_id = run_until(cluster, world, at_ms(SECOND), restore_from=older)
    newer = cluster.rest.stop_with_savepoint(job_id, tmp_path / "savepoints", TIMEOUT_S)
    list(maintain(world.settings, AskedMaintenance(merge_size=MergeSize(least_files=2)), now_ms()))
    before = world.counts()
    with pytest.raises(FlinkError, match="start without state, table"):
        cluster.submit(JOB, world.arguments)
    with pytest.raises(FlinkError, match=r"meter_usage: savepoint, .*: expected checkpoint \d+ or"):
        cluster.submit(JOB, world.arguments, restore_from=older)
    assert world.counts() == before

    asked = [*world.arguments, "--to", older, "--by", "ada", "--reason", "the newer one is lost"]
    assert rewind_tables.main(asked, {}) == 0
    after = world.counts()
    assert after["raw_events"] < before["raw_events"]
    with pytest.raises(FlinkError, match="was put back to it at"):
        cluster.submit(JOB, world.arguments, restore_from=newer)
    job_id = cluster.submit(JOB, world.arguments, restore_from=older)
    _publish(world, departures, SECOND, UNTIL)
    wait_metered(cluster.rest, job_id, at_ms(UNTIL) - SLACK_MS, TIMEOUT_S)
    cluster.rest.cancel(job_id)
    assert world.differences(world.tables()) == {}
    assert world.repeated_commits() == []
    table = open_catalog(world.settings.catalog).load_table(("billing", RAW_EVENTS.name))
    last = last_commit(table)
    assert last is not None
    assert last.job_id == job_id

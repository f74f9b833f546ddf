"""A live topic gets more partitions, while the job runs and while it is stopped; nothing is lost.

Records of a partition that the job does not know yet are behind the log time of the others. They
must be read before that has passed their log windows.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from jobs.beat_heartbeat import beat_heartbeat
from jobs.kafka_clients import open_admin
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.metering_run import wait_metered
from jobs.local.waiting import wait_until
from jobs.settings import TimestampType
from tests.conftest import Kafka
from tests.integration.odd_log import (
    differences,
    least_log_time_ms,
    listed,
    published,
    send,
    use,
    watermark_of,
    write_odd_config,
)
from tests.integration.world import (
    JOB,
    PARTITIONS,
    SLACK_MS,
    TIMEOUT_S,
    World,
    make_topics,
    make_world,
)
from tests.oracle.comparing import Rows

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(1500)]

ADDED_RUNNING, ADDED_STOPPED = PARTITIONS, PARTITIONS + 1
IN_EACH_BURST = 40
LOG_WINDOW_S = 1
HOUR_MS = 3_600_000
# Usage of a burst happens a little later than it is received, so that none is late for its period,
# and all periods are over when log time has gone on by so much in all partitions.
AHEAD_MS, PERIOD_MS = 2_000, 5_000
PASSED_MS = AHEAD_MS + PERIOD_MS + SLACK_MS + 2_000


def now_ms() -> int:
    """Return the time as the broker has it: they share a clock."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Grown:
    """The tables after each growth, when all that was published had been metered."""

    world: World
    running: dict[str, Rows]
    stopped: dict[str, Rows]
    dropped: tuple[int, int]


@contextmanager
def beating(world: World) -> Iterator[None]:
    """Beat heartbeats, which find new partitions by themselves."""
    stopped = threading.Event()
    beat = threading.Thread(
        target=beat_heartbeat,
        args=(world.topics.kafka, now_ms, lambda: stopped.wait(0.2)),
    )
    beat.start()
    try:
        yield
    finally:
        stopped.set()
        beat.join()


def add_partition(world: World, number: int) -> None:
    """Let the usage topic grow by one partition."""
    topic = world.topics.kafka.usage_topic
    with open_admin(world.topics.kafka) as admin:
        admin.create_partitions({topic: number + 1})

        def is_there() -> bool:
            (described,) = admin.describe_topics([topic])
            leaders = [each["leader_id"] for each in described["partitions"]]
            return len(leaders) == number + 1 and min(leaders) > 0

        wait_until(is_there, f"partition {number}", TIMEOUT_S)


def send_burst(world: World, partition: int, first: int) -> None:
    """Send usage of one partition that happens now."""
    at_ms = now_ms() + AHEAD_MS
    send(world.topics, [use(partition, first + n, at_ms, at_ms) for n in range(IN_EACH_BURST)])


def wait_log_time(passed_ms: int) -> None:
    """Wait until the brokers' clock, which is log time on a live topic, has gone on."""
    until_ms = now_ms() + passed_ms
    wait_until(lambda: now_ms() >= until_ms, "log time", TIMEOUT_S)


def wait_beaten(world: World) -> None:
    """Wait until a heartbeat of now is in every partition."""
    since_ms = now_ms()
    wait_until(
        lambda: least_log_time_ms(world.topics) >= since_ms,
        "heartbeats in every partition",
        TIMEOUT_S,
    )


def metered(cluster: FlinkCluster, job_id: str, world: World, partitions: int) -> dict[str, Rows]:
    """Wait until all that was published is metered; return the tables."""
    records = published(world.topics)
    wait_until(lambda: world.counts()["raw_events"] == records, f"{records} raw events", TIMEOUT_S)
    until_ms = watermark_of(world.tables()["raw_events"], partitions)
    wait_metered(cluster.rest, job_id, until_ms, TIMEOUT_S)
    return world.tables()


@pytest.fixture(scope="module")
def grown(kafka: Kafka, cluster: FlinkCluster, tmp_path_factory: pytest.TempPathFactory) -> Grown:
    """Let the topic grow twice: while the job runs, and between its savepoint and its restore."""
    folder = tmp_path_factory.mktemp("grown")
    begin_ms = now_ms() // 1000 * 1000
    calendar = listed(begin_ms, PERIOD_MS, HOUR_MS // PERIOD_MS)
    config = write_odd_config(folder / "config", ADDED_STOPPED + 1, begin_ms, calendar, 0)
    kind = TimestampType.LOG_APPEND_TIME
    topics = make_topics(kafka.bootstrap_servers, "grown", config, kind)
    world = make_world(folder, topics, event_window_s=1, log_window_s=LOG_WINDOW_S)
    rest = cluster.rest
    for partition in range(PARTITIONS):
        send_burst(world, partition, 0)
    with beating(world):
        job_id = cluster.submit(JOB, world.arguments)
        wait_metered(rest, job_id, now_ms() - SLACK_MS, TIMEOUT_S)
        add_partition(world, ADDED_RUNNING)
        send_burst(world, ADDED_RUNNING, 0)
        wait_log_time(PASSED_MS)
        wait_beaten(world)
    running = metered(cluster, job_id, world, ADDED_RUNNING + 1)
    dropped_running = rest.counter(job_id, ".numLateRecordsDropped")

    savepoint = rest.stop_with_savepoint(job_id, folder / "savepoints", TIMEOUT_S)
    add_partition(world, ADDED_STOPPED)
    send_burst(world, ADDED_STOPPED, 0)
    with beating(world):
        wait_log_time(PASSED_MS)
        wait_beaten(world)
    job_id = cluster.submit(JOB, world.arguments, restore_from=savepoint)
    stopped = metered(cluster, job_id, world, ADDED_STOPPED + 1)
    dropped_stopped = rest.counter(job_id, ".numLateRecordsDropped")
    cluster.rest.cancel(job_id)
    return Grown(world, running, stopped, (dropped_running, dropped_stopped))


def counted(tables: dict[str, Rows], partition: int) -> int:
    """Return how many uses of a partition's account are in closed rows."""
    rows = [row for row in tables["closed_usage"] if row["meter_id"] == "uses"]
    return sum(row["event_count"] for row in rows if row["account_id"] == f"P{partition}")


def test_a_partition_added_while_the_job_runs(grown: Grown) -> None:
    """What comes into it before the job has found it is in the rows, as all else."""
    assert grown.dropped[0] == 0
    assert differences(grown.world, grown.running, ADDED_RUNNING + 1) == {}
    assert counted(grown.running, ADDED_RUNNING) >= IN_EACH_BURST


def test_a_partition_added_while_the_job_is_stopped(grown: Grown) -> None:
    """Its records are read before log time passes them, however far the others have gone on."""
    assert grown.dropped[1] == 0
    assert differences(grown.world, grown.stopped, ADDED_STOPPED + 1) == {}
    assert counted(grown.stopped, ADDED_STOPPED) == IN_EACH_BURST

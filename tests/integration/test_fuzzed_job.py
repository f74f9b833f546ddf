"""The whole job on records that no producer should send: none stops it, is lost or counted wrongly.

Another run: `FUZZ_SEED=7 FUZZ_RECORDS=5000 pytest -m slow tests/integration/test_fuzzed_job.py`.
"""

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from jobs.flights.receiving import Receipt, heartbeats
from jobs.local.flink_rest import FlinkRest
from jobs.local.metering_run import wait_metered
from jobs.local.ports import LOOPBACK, free_ports
from jobs.local.waiting import wait_until
from jobs.publish_flights import partition_of
from tests.conftest import Kafka
from tests.fuzz.checking import write_config
from tests.fuzz.corpus import kept
from tests.fuzz.nasty_records import draw_record
from tests.integration.flights import at_ms
from tests.integration.night import running
from tests.integration.world import PARTITIONS, SLACK_MS, TIMEOUT_S, make_topics, make_world
from tests.udfs.reading import LOG_MS

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(1500)]

SEED = int(os.environ.get("FUZZ_SEED", "1"))
RECORDS = int(os.environ.get("FUZZ_RECORDS", "3000"))
UNTIL = "2013-10-01T00:00:00"
# Each of them was 32,767 rows once; together they filled the memory of Python's worker.
POISON = 200


def poisoned_log() -> list[bytes]:
    """Return what was kept, what is drawn, and a burst of the costliest, mixed."""
    chance = random.Random(SEED)  # noqa: S311
    records = kept("records")
    drawn = [draw_record(chance) for _ in range(RECORDS)]
    log = [*records.values(), *drawn]
    chance.shuffle(log)
    return log + [records["batch_of_ones"]] * POISON + [records["batch_of_1024"]] * 10


def test_the_job_under_fuzz(kafka: Kafka, tmp_path: Path) -> None:
    """Every record has its fate, and every row is the oracle's, column for column."""
    config = tmp_path / "config"
    config.mkdir()
    write_config(config)
    topics = make_topics(kafka.bootstrap_servers, f"fuzz-{SEED}", config)
    # One key: repeats of an identity must meet in one partition.
    key = b"A"
    partition = partition_of(key, PARTITIONS)
    log = poisoned_log()
    receipts = [
        Receipt(LOG_MS + 700 * at, partition, key, payload, "fuzz")
        for at, payload in enumerate(log)
    ]
    topics.publish([*receipts, *heartbeats(PARTITIONS, at_ms(UNTIL))])
    (port,) = free_ports(1)
    rest = FlinkRest(f"http://{LOOPBACK}:{port}")
    properties = {"rest.port": port, "metrics.fetcher.update-interval": 1000}
    world = make_world(tmp_path / f"fuzzed-{SEED}", topics, properties=properties)
    with running(world, tmp_path / "flink") as program:

        def is_archived() -> bool:
            program.check()
            return world.counts()["raw_events"] == len(log) + PARTITIONS

        wait_until(is_archived, "raw_events", TIMEOUT_S)
        (job_id,) = rest.jobs()
        wait_metered(rest, job_id, at_ms(UNTIL) - SLACK_MS, TIMEOUT_S)
        assert rest.restarts(job_id) == 0
        tables = world.tables()
    archived = sorted(tables["raw_events"], key=lambda row: row["kafka_offset"])
    mine = [row["payload"] for row in archived if row["kafka_partition"] == partition]
    assert mine[: len(log)] == log
    assert world.differences(tables) == {}
    assert world.repeated_commits() == []
    fates = Counter(fate.fate for fate in world.expected(tables).fates if fate.index is None)
    assert fates.total() == len(log) + PARTITIONS
    assert fates.keys() >= {"counted", "duplicate", "rejected", "retraction", "heartbeat", "batch"}
    assert tables["closed_usage"]
    assert tables["unassigned_usage"]

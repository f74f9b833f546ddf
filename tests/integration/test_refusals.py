"""What the metering program refuses to start on: exit code 2 and one line that says what to do."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from iceberg.catalog import open_catalog
from iceberg.keeping import keep_layout, keep_parallelism
from iceberg.tables import CLOSED_USAGE
from jobs.local.flink_home import FlinkHome, flink_distribution
from jobs.local.places import FLINK_JARS, ROOT
from jobs.meter_usage import state_layout
from jobs.settings import TimestampType
from tests.conftest import Kafka
from tests.iceberg.filling import append, flink_summary
from tests.iceberg.rows import row_of
from tests.integration.flights import write_config
from tests.integration.kept_savepoints import KEPT
from tests.integration.world import JOB, Topics, World, make_topics, make_world

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def topics(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Topics:
    """Topics that are as they should be."""
    config = write_config(tmp_path_factory.mktemp("config"))
    return make_topics(kafka.bootstrap_servers, "refused", config)


@pytest.fixture
def world(topics: Topics, tmp_path: Path) -> World:
    """Settings and tables that are as they should be."""
    return make_world(tmp_path, topics)


def refusal(world: World, environ: Mapping[str, str] | None = None) -> str:
    """Run the program, which must refuse, and return its one line."""
    done = subprocess.run(
        [sys.executable, "-m", JOB, *world.arguments],
        env={**os.environ, **(environ or {})},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("meter_usage: ")
    return done.stderr


def change(world: World, section: str, **values: Any) -> None:
    """Write other values into a section of the settings file."""
    content = yaml.safe_load(world.file.read_text())
    content[section] |= values
    world.file.write_text(yaml.safe_dump(content))


def drop_table(world: World) -> None:
    """Drop one of the tables."""
    open_catalog(world.settings.catalog).drop_table(("billing", "closed_usage"))


def run_before(name: str, value: int) -> Callable[[World], None]:
    """Return a change of history: the job has run with another value of a setting."""

    def spoil(world: World) -> None:
        catalog = open_catalog(world.settings.catalog)
        keep_layout(catalog, "billing", {**state_layout(world.settings), name: value})
        append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])

    return spoil


def raise_parallelism(world: World) -> None:
    """Let a job that has run, and read nothing yet, have more readers."""
    run_before("metering.log_window_s", world.settings.metering.log_window_s)(world)
    change(world, "flink", parallelism=3)


def flink_property(name: str, value: object) -> Callable[[World], None]:
    """Return a change that sets a Flink option."""
    return lambda world: change(world, "flink", properties={name: value})


def restore_before(world: World) -> None:
    """Let the job have committed its 11th checkpoint, and be restored from its 10th."""
    _committed(world, 11)
    folder = world.file.parent / "savepoint"
    with tarfile.open(next(KEPT.glob("*/savepoint.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    (metadata,) = folder.rglob("_metadata")
    properties = {"execution.state-recovery.path": metadata.parent.as_uri()}
    change(world, "flink", properties=properties)


def start_without_state(world: World) -> None:
    """Let the job have run, under the same settings, and be started as a new one."""
    _committed(world, 11)


def _committed(world: World, checkpoint_id: int) -> None:
    catalog = open_catalog(world.settings.catalog)
    keep_layout(catalog, "billing", state_layout(world.settings))
    keep_parallelism(catalog, "billing", world.settings.flink.parallelism)
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)], flink_summary(checkpoint_id))


UNALIGNED = "execution.checkpointing.unaligned.enabled"
CONCURRENT = "execution.checkpointing.max-concurrent-checkpoints"


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (
            lambda world: change(world, "kafka", timestamp_type="LogAppendTime"),
            "timestamp type, topic refused-usage: expected LogAppendTime, found CreateTime",
        ),
        (
            lambda world: change(world, "kafka", usage_topic="not-there"),
            "expected not-there, found UnknownTopicOrPartitionError",
        ),
        (
            lambda world: change(world, "kafka", accounts_topic="not-there-either"),
            "expected not-there-either, found UnknownTopicOrPartitionError",
        ),
        (
            lambda world: change(world, "kafka", bootstrap_servers="127.0.0.1:1"),
            "Kafka, 127.0.0.1:1: expected an answer, found",
        ),
        (
            lambda world: change(world, "flink", parallelism=5),
            "partitions, topic refused-usage: expected at least flink.parallelism (5), found 4",
        ),
        (
            raise_parallelism,
            "expected at most the number of partitions that the job has read from, found 3",
        ),
        (drop_table, "table closed_usage, namespace billing: expected one, found none"),
        (
            lambda world: change(world, "metering", grace_s=1),
            "unknown setting",
        ),
        (
            lambda world: change(world, "metering", meters_file="nowhere.yaml"),
            "nowhere.yaml: expected a YAML file, found nothing",
        ),
        (
            run_before("flink.max_parallelism", 128),
            "flink.max_parallelism, settings: expected 128, as the state behind the tables",
        ),
        (
            run_before("metering.account_buckets", 64),
            "metering.account_buckets, settings: expected 64, as the state behind the tables",
        ),
        (
            run_before("metering.log_window_s", 60),
            "metering.log_window_s, settings: expected 60, as the state behind the tables",
        ),
        (flink_property(UNALIGNED, True), f"expected {UNALIGNED}: false"),
        (flink_property(CONCURRENT, 2), f"expected {CONCURRENT}: 1"),
    ],
    ids=[
        "timestamp-type",
        "no-usage-topic",
        "no-accounts-topic",
        "no-broker",
        "more-readers-than-partitions",
        "readers-without-known-partitions",
        "no-table",
        "unknown-setting",
        "no-meters",
        "max-parallelism-changed",
        "account-buckets-changed",
        "log-window-changed",
        "unaligned-checkpoints",
        "concurrent-checkpoints",
    ],
)
def test_what_is_wrong_is_refused(world: World, spoil: Callable[[World], None], line: str) -> None:
    """One line names what is wrong, where, what was expected and what was found."""
    spoil(world)
    assert line in refusal(world)


@pytest.mark.parametrize(
    "jar",
    ["flink-sql-connector-kafka", "iceberg-flink-runtime", "hadoop-client-api", "sqlite-jdbc"],
)
def test_missing_jars_are_named(world: World, tmp_path: Path, jar: str) -> None:
    """A class path without one of our jars is refused before anything is submitted."""
    home = FlinkHome(tmp_path / "flink", flink_distribution())
    home.prepare(home.default_options(0, 0, 1))
    missing = list(home.lib_dir.glob(f"{jar}-*.jar"))
    assert len(missing) == len(list(FLINK_JARS.glob(f"{jar}-*.jar"))) == 1
    missing[0].unlink()
    line = refusal(world, home.environment())
    assert f"missing jar, class path of Flink: expected {jar}" in line
    assert "run `make setup`" in line


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (start_without_state, "closed_usage of namespace billing: expected no rows, found"),
        (restore_before, "expected checkpoint 11 or later, as table closed_usage has a commit of"),
    ],
    ids=["without-state-over-written-tables", "older-savepoint"],
)
def test_a_start_that_tables_contradict_is_refused(
    world: World, tmp_path: Path, spoil: Callable[[World], None], line: str
) -> None:
    """Flink's own options say what the job is to be restored from."""
    home = FlinkHome(tmp_path / "flink", flink_distribution())
    home.prepare(home.default_options(0, 0, 1))
    spoil(world)
    assert line in refusal(world, home.environment())


def test_a_live_topic_must_not_be_an_import(kafka: Kafka, world: World, tmp_path: Path) -> None:
    """The other way around: CreateTime in the settings, LogAppendTime on the topic."""
    config = world.topics.config
    live = make_topics(kafka.bootstrap_servers, "live", config, TimestampType.LOG_APPEND_TIME)
    kind = TimestampType.CREATE_TIME
    wrong = replace(live, kafka=replace(live.kafka, timestamp_type=kind), are_there=False)
    other = make_world(tmp_path / "other", wrong)
    assert "expected CreateTime, found LogAppendTime" in refusal(other)

"""Brokers, topics and clocks, told by a client that makes up its answers."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from kafka.errors import ClusterAuthorizationFailedError, NodeNotReadyError
from kafka.protocol.api_key import ApiKey

from jobs.create_topics import intake_retention
from jobs.diagnosing.checking_kafka import check_broker, check_clock, check_topics
from jobs.diagnosing.deployment import Deployment, UnmetError
from jobs.kafka_clients import KafkaUnreachableError
from jobs.settings import load_settings
from schemas.finding import Finding, Verdict
from tests.jobs.diagnosing.examined import NOW_US, examined, only
from tests.jobs.metered_tables import write_settings

DAY_MS = 86_400_000
USAGE = {
    "message.timestamp.type": "LogAppendTime",
    "cleanup.policy": "delete",
    "retention.ms": str(40 * DAY_MS),
    "retention.bytes": "-1",
}
COMPACTED = {"cleanup.policy": "compact"}


class _Admin:
    """Answers as a broker's admin client does; each test changes what it says."""

    def __init__(self) -> None:
        self.topics: dict[str, dict[str, str]] = {
            "usage-events": USAGE,
            "accounts": COMPACTED,
            "running-totals": COMPACTED,
            "budget-alerts": COMPACTED,
        }
        self.partitions = 4
        self.versions: dict[int, Any] = {1: 11}
        self.controller_ms: int | None = NOW_US // 1000
        self.newest_ms = -1

    def list_topics(self) -> list[str]:
        return list(self.topics)

    def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        return [
            {"error_code": 0 if name in self.topics else 3, "partitions": [{}] * self.partitions}
            for name in names
        ]

    def describe_configs(self, resources: list[Any], config_filter: str) -> Any:
        assert config_filter == "all"
        name = resources[0].name
        options = {key: {"value": value} for key, value in self.topics[name].items()}
        return {"topic": {name: options}}

    def describe_cluster(self) -> dict[str, Any]:
        hosts = [{"broker_id": each, "host": f"b{each}", "port": 9092} for each in self.versions]
        return {"brokers": hosts}

    def get_broker_version_data(self, broker_id: int) -> Any:
        version = self.versions[broker_id]
        if isinstance(version, Exception):
            raise version
        return SimpleNamespace(
            broker_version=(4, 1), api_versions={ApiKey.ListOffsets: (0, version)}
        )

    def describe_metadata_quorum(self) -> dict[str, Any]:
        if self.controller_ms is None:
            raise ClusterAuthorizationFailedError("no")
        voters = [
            {"replica_id": 1, "last_fetch_timestamp": 5},
            {"replica_id": 2, "last_fetch_timestamp": self.controller_ms},
        ]
        return {"topics": [{"partitions": [{"leader_id": 2, "current_voters": voters}]}]}

    def list_partition_offsets(self, asked: dict[Any, Any]) -> dict[Any, Any]:
        return {each: SimpleNamespace(timestamp=self.newest_ms) for each in asked}


@pytest.fixture
def admin() -> _Admin:
    """A cluster of one broker that is as it should be."""
    return _Admin()


def test_brokers_that_answer(admin: _Admin, tmp_path: Path) -> None:
    """One row for each; one that is too old, or that cannot be reached where it says it is."""
    admin.versions = {1: 11, 2: 6, 3: NodeNotReadyError("node 3")}
    good, old, gone = check_broker(examined(tmp_path, admin))
    assert good == Finding(Verdict.OK, "broker 1 at b1:9092, Kafka 4.1 or later")
    assert (old.verdict, old.expected) == (Verdict.FAILED, "Kafka 3.0 or later")
    assert (gone.verdict, "advertised.listeners" in gone.remedy) == (Verdict.FAILED, True)
    assert gone.found.startswith("broker 3 at b3:9092 does not answer: ")


def test_no_broker(tmp_path: Path) -> None:
    """The client's line is taken apart, topics and clock are left out."""
    error = KafkaUnreachableError("Kafka, b:9092: expected an answer, found a timeout")
    deployment = examined(tmp_path, error)
    finding = only(check_broker(deployment))
    assert (finding.found, finding.expected) == ("Kafka, b:9092: a timeout", "an answer")
    for check in (check_topics, check_clock):
        with pytest.raises(UnmetError, match="no broker answers"):
            list(check(deployment))


def test_topics_as_they_should_be(admin: _Admin, tmp_path: Path) -> None:
    """One row for each, and nothing else."""
    found = list(check_topics(examined(tmp_path, admin)))
    assert found == [
        Finding(Verdict.OK, "usage-events: 4 partitions, delete"),
        Finding(Verdict.OK, "accounts: 4 partitions, compact"),
        Finding(Verdict.OK, "running-totals: 4 partitions, compact"),
        Finding(Verdict.OK, "budget-alerts: 4 partitions, compact"),
    ]


def test_every_wrong_topic_is_found(admin: _Admin, tmp_path: Path) -> None:
    """Unlike a start of the job, which tells the first."""
    admin.topics["usage-events"] = USAGE | {
        "message.timestamp.type": "CreateTime",
        "cleanup.policy": "compact",
    }
    admin.topics["accounts"] = {"cleanup.policy": "delete"}
    del admin.topics["running-totals"]
    found = list(check_topics(examined(tmp_path, admin)))
    failed = [each for each in found if each.verdict is Verdict.FAILED]
    assert [(each.found.partition(",")[0], each.expected) for each in failed] == [
        ("timestamp type", "LogAppendTime"),
        ("cleanup policy", "delete"),
        ("cleanup policy", "compact"),
        ("missing topic", "running-totals"),
    ]
    assert all(each.remedy for each in failed)
    good = [each.found for each in found if each.verdict is Verdict.OK]
    assert good == ["budget-alerts: 4 partitions, compact"]


def test_an_intake_is_looked_at_with_the_others(admin: _Admin, tmp_path: Path) -> None:
    """It is missing, keeps raw records too long, and is as it should be."""
    write_settings(tmp_path)
    path = tmp_path / "settings.yaml"
    privacy = {"intake_topic": "intake", "key_store": "keys.db"}
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"privacy": privacy}))
    finding = next(check_topics(examined(tmp_path, admin)))
    assert (finding.verdict, finding.expected) == (Verdict.FAILED, "intake")
    settings = load_settings(path, {})
    assert settings.privacy is not None
    right = USAGE | intake_retention(settings.kafka, settings.privacy)
    admin.topics["intake"] = right | {"retention.ms": "-1"}
    finding = next(check_topics(examined(tmp_path, admin)))
    assert finding.verdict is Verdict.FAILED
    assert finding.found == "option of the intake, topic intake: -1"
    admin.topics["intake"] = right
    found = list(check_topics(examined(tmp_path, admin)))
    assert found[-1] == Finding(Verdict.OK, "intake: 4 partitions, delete")
    assert {each.verdict for each in found} == {Verdict.OK}


def test_partitions(admin: _Admin, tmp_path: Path) -> None:
    """Fewer than readers is a failure, another number than the settings' a warning."""
    admin.partitions = 1
    found = [each for each in check_topics(examined(tmp_path, admin)) if each.expected]
    assert [(each.verdict, each.expected) for each in found] == [
        (Verdict.FAILED, "at least flink.parallelism (2)"),
        (Verdict.WARNING, "kafka.partitions: 4"),
    ]


@pytest.mark.parametrize(
    ("option", "value", "found", "expected"),
    [
        (
            "retention.ms",
            str(7 * DAY_MS),
            "usage-events: records are kept for 7 days",
            str(35 * DAY_MS),
        ),
        (
            "retention.bytes",
            "5000",
            "usage-events: at most 5,000 bytes are kept of a partition",
            "-1",
        ),
    ],
)
def test_short_retention(
    option: str, value: str, found: str, expected: str, admin: _Admin, tmp_path: Path
) -> None:
    """Kept for less than repeats are recognised: a warning, and what to do; 35 days are enough."""
    admin.topics["usage-events"] = USAGE | {option: value}
    (warning,) = [
        each for each in check_topics(examined(tmp_path, admin)) if each.verdict is Verdict.WARNING
    ]
    assert warning.found == found
    assert "metering.dedupe_ttl_days (35 days)" in warning.expected
    assert warning.remedy.endswith(f"--entity-name usage-events --add-config {option}={expected}")
    for enough in (str(35 * DAY_MS), "-1"):
        admin.topics["usage-events"] = USAGE | {"retention.ms": enough}
        verdicts = {each.verdict for each in check_topics(examined(tmp_path, admin))}
        assert verdicts == {Verdict.OK}


def ticking(*times_ms: float) -> Callable[[], int]:
    """Return a clock that says these times, from now, one after the other."""
    left = iter(times_ms)
    return lambda: NOW_US + int(next(left) * 1000)


def clocked(folder: Path, admin: _Admin, *times_ms: float) -> Deployment:
    """Return a deployment whose machine has a clock that says these times, from now."""
    return examined(folder, admin, now_us=ticking(*times_ms))


@pytest.mark.parametrize(
    ("before_ms", "after_ms", "verdict", "found"),
    [
        (-4, 6, Verdict.OK, "1 ms ahead of the brokers' controller, give or take 5"),
        (-3000, -2990, Verdict.WARNING, "2,995 ms behind the brokers' controller"),
        (7000, 7010, Verdict.FAILED, "7,005 ms ahead of the brokers' controller"),
        # An answer that took 8 s says nothing more exactly than that.
        (-4000, 4000, Verdict.OK, "give or take 4,000"),
    ],
)
def test_the_clock(
    before_ms: int, after_ms: int, verdict: Verdict, found: str, admin: _Admin, tmp_path: Path
) -> None:
    """Off by more than is measured: up to a second is fine, up to the slack a warning."""
    finding = only(check_clock(clocked(tmp_path, admin, before_ms, after_ms)))
    assert finding.verdict is verdict
    assert found in finding.found
    assert bool(finding.remedy) == (verdict is not Verdict.OK)


def test_a_controller_that_does_not_tell(admin: _Admin, tmp_path: Path) -> None:
    """Then only a record of the future shows a wrong clock."""
    admin.controller_ms = None
    admin.newest_ms = NOW_US // 1000 + 60_000
    finding = only(check_clock(clocked(tmp_path, admin, 0, 0, 0)))
    assert finding.verdict is Verdict.FAILED
    assert finding.found == "the newest record of usage-events is of 60,000 ms from now"
    admin.newest_ms = NOW_US // 1000 - 60_000
    with pytest.raises(UnmetError, match="no record is of the future"):
        only(check_clock(clocked(tmp_path, admin, 0, 0, 0)))
    environ = {"METERCLOSE_KAFKA_TIMESTAMP_TYPE": "CreateTime"}
    with pytest.raises(UnmetError, match="records have their writers'"):
        only(check_clock(examined(tmp_path, admin, environ=environ)))

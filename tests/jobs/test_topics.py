"""Topics on a real broker: created as metering needs them, refused where they would lose usage."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from jobs import create_topics as program
from jobs.create_topics import TopicError, check_topics, create_topics
from jobs.kafka_clients import KafkaUnreachableError, open_admin
from jobs.local.ports import free_ports
from jobs.settings import KafkaSettings, TimestampType
from tests.conftest import Kafka

pytestmark = [
    pytest.mark.integration,
    # kafka-python may leave a socket to the garbage collector when a client closes under load.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
DAY_MS = 86_400_000
LIVE, IMPORT = TimestampType.LOG_APPEND_TIME, TimestampType.CREATE_TIME
_numbers = count()


@pytest.fixture
def topics(kafka: Kafka) -> Callable[[TimestampType], KafkaSettings]:
    """Names topics that nobody else uses."""

    def name(timestamp_type: TimestampType) -> KafkaSettings:
        number = next(_numbers)
        return KafkaSettings(
            kafka.bootstrap_servers,
            f"topics-usage-{number}",
            f"topics-accounts-{number}",
            timestamp_type,
            partitions=3,
            totals_topic=f"topics-totals-{number}",
            alerts_topic=f"topics-alerts-{number}",
        )

    return name


Topics = Callable[[TimestampType], KafkaSettings]


def options(kafka: KafkaSettings, topic: str) -> dict[str, str]:
    """Return the options of a topic."""
    with open_admin(kafka) as admin:
        return dict(program.topic_options(admin, kafka, topic))


@pytest.mark.parametrize("timestamp_type", [LIVE, IMPORT])
def test_missing_topics_are_created_once(topics: Topics, timestamp_type: TimestampType) -> None:
    """All topics come with what their use needs; creating again changes nothing."""
    kafka = topics(timestamp_type)
    compacted = (kafka.accounts_topic, kafka.totals_topic, kafka.alerts_topic)
    assert create_topics(kafka) == (kafka.usage_topic, *compacted)
    assert create_topics(kafka) == ()
    check_topics(kafka)
    usage = options(kafka, kafka.usage_topic)
    assert usage["message.timestamp.type"] == str(timestamp_type)
    assert usage["cleanup.policy"] == "delete"
    assert usage["retention.ms"] == ("-1" if timestamp_type is IMPORT else str(35 * DAY_MS))
    assert usage["retention.bytes"] == "-1"
    for topic in compacted:
        assert options(kafka, topic)["cleanup.policy"] == "compact"
    with open_admin(kafka) as admin:
        described = {
            topic: len(admin.describe_topics([topic])[0]["partitions"])
            for topic in (kafka.usage_topic, *compacted)
        }
    assert list(described.values()) == [3, 1, 3, 3]


def test_a_live_topic_keeps_what_repeats_may_come_of(topics: Topics) -> None:
    """It is made to keep usage for as long as repeats are recognised; one that is there stays."""
    kafka = topics(LIVE)
    create_topics(kafka, dedupe_ttl_days=2)
    create_topics(kafka, dedupe_ttl_days=40)
    assert options(kafka, kafka.usage_topic)["retention.ms"] == str(2 * DAY_MS)


@pytest.mark.parametrize(("configured", "found"), [(LIVE, IMPORT), (IMPORT, LIVE)])
def test_another_timestamp_type_is_refused(
    topics: Topics, configured: TimestampType, found: TimestampType
) -> None:
    """The line says which of both to change."""
    kafka = topics(found)
    create_topics(kafka)
    line = f"expected {configured}, found {found}; set the topic's message.timestamp.type"
    with pytest.raises(TopicError, match=line):
        check_topics(replace(kafka, timestamp_type=configured))
    with pytest.raises(TopicError, match=line):
        create_topics(replace(kafka, timestamp_type=configured))


@pytest.mark.parametrize(
    ("option", "value", "line"),
    [
        ("cleanup.policy", "compact", "expected delete, found compact; compaction would lose"),
        ("retention.ms", "1000000000000", "expected retention.ms=-1 for CreateTime, found 1000"),
        ("retention.bytes", "1000000", "expected retention.bytes=-1 for CreateTime"),
    ],
)
def test_options_that_lose_usage_are_refused(
    topics: Topics, option: str, value: str, line: str
) -> None:
    """An import must be kept whole."""
    kafka = topics(IMPORT)
    create_topics(kafka)
    with open_admin(kafka) as admin:
        resource = ConfigResource(ConfigResourceType.TOPIC, kafka.usage_topic, {option: value})
        admin.alter_configs([resource])
    with pytest.raises(TopicError, match=line):
        check_topics(kafka)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("accounts_topic", "accounts"),
        ("totals_topic", "running totals"),
        ("alerts_topic", "alerts"),
    ],
)
def test_topics_of_last_values_must_be_compacted(topics: Topics, name: str, rows: str) -> None:
    """Otherwise old terms, totals and alerts would go with time."""
    kafka = topics(LIVE)
    topic = getattr(kafka, name)
    with open_admin(kafka) as admin:
        admin.create_topics({topic: {"num_partitions": 1}}, wait_for_metadata=True)
    line = f"topic {topic}: expected compact, found delete; {rows} would be lost"
    with pytest.raises(TopicError, match=line):
        create_topics(kafka)


def test_a_missing_topic_is_named(topics: Topics) -> None:
    """The line names the topic and the program that creates it."""
    kafka = topics(LIVE)
    with pytest.raises(TopicError, match=f"expected {kafka.usage_topic}, found .*create_topics"):
        check_topics(kafka)
    create_topics(kafka)
    other = replace(kafka, alerts_topic=f"not-{kafka.alerts_topic}")
    with pytest.raises(TopicError, match=f"expected {other.alerts_topic}, found .*create_topics"):
        check_topics(other)


def test_an_unreachable_broker_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """No broker: one line with its address."""
    monkeypatch.setattr("jobs.kafka_clients._ANSWER_MS", 500)
    (port,) = free_ports(1)
    kafka = KafkaSettings(f"127.0.0.1:{port}")
    with pytest.raises(KafkaUnreachableError) as caught:
        check_topics(kafka)
    assert str(caught.value).startswith(f"Kafka, 127.0.0.1:{port}: expected an answer, found ")
    assert "\n" not in str(caught.value)


def test_the_program(topics: Topics, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The program says what it did, and ends with 2 and one line where it cannot."""
    kafka = topics(LIVE)
    path = tmp_path / "settings.yaml"
    path.write_text(
        f"kafka:\n  bootstrap_servers: {kafka.bootstrap_servers}\n"
        f"  usage_topic: {kafka.usage_topic}\n  accounts_topic: {kafka.accounts_topic}\n"
        f"  totals_topic: {kafka.totals_topic}\n  alerts_topic: {kafka.alerts_topic}\n"
        "catalog: {uri: c, warehouse: w}\n"
        "metering: {meters_file: m, dedupe_ttl_days: 3}\nflink: {checkpoint_dir: c}\n"
    )
    arguments = ["--settings", str(path)]
    assert program.main(arguments, {}) == 0
    assert capsys.readouterr().out == (
        f"{kafka.usage_topic}: created\n{kafka.accounts_topic}: created\n"
        f"{kafka.totals_topic}: created\n{kafka.alerts_topic}: created\n"
    )
    assert options(kafka, kafka.usage_topic)["retention.ms"] == str(3 * DAY_MS)
    assert program.main(arguments, {}) == 0
    assert "exists, as configured" in capsys.readouterr().out
    assert program.main(arguments, {"METERCLOSE_KAFKA_TIMESTAMP_TYPE": "CreateTime"}) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"timestamp type, topic {kafka.usage_topic}: expected CreateTime")
    assert error.count("\n") == 1

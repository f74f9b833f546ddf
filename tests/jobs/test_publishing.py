"""Publishing to a real broker: every record arrives, in order, with its time and its bytes."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from jobs import publish_accounts, publish_flights
from jobs.beat_heartbeat import beat_heartbeat
from jobs.create_topics import TopicError, create_topics
from jobs.flights.departures import Departure
from jobs.flights.receiving import Injections, Receipt, heartbeats, receive
from jobs.publish_flights import Manifest, partition_of, publish_receipts
from jobs.settings import KafkaSettings, SettingsError, TimestampType, load_accounts
from schemas.account import decode_account
from schemas.heartbeat import HEARTBEAT_TYPE
from tests.conftest import Kafka
from tests.iceberg.filling import LocalCatalog
from tests.jobs.acting import entries_of
from tests.jobs.metered_tables import write_settings

pytestmark = [
    pytest.mark.integration,
    # kafka-python may leave a socket to the garbage collector when a client closes under load.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
ROOT = Path(__file__).parents[2]
UNTIL_MS = 1_401_580_800_000
_numbers = count()


@pytest.fixture
def topics(kafka: Kafka) -> KafkaSettings:
    """Two topics of an import that nobody else uses."""
    number = next(_numbers)
    settings = KafkaSettings(
        kafka.bootstrap_servers,
        f"publishing-usage-{number}",
        f"publishing-accounts-{number}",
        TimestampType.CREATE_TIME,
    )
    create_topics(settings)
    return settings


def environ(kafka: KafkaSettings) -> dict[str, str]:
    """Return the environment that points the demo's settings at the test's topics."""
    return {
        "METERCLOSE_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "METERCLOSE_KAFKA_USAGE_TOPIC": kafka.usage_topic,
        "METERCLOSE_KAFKA_ACCOUNTS_TOPIC": kafka.accounts_topic,
        "METERCLOSE_KAFKA_TIMESTAMP_TYPE": str(kafka.timestamp_type),
    }


def read(kafka: KafkaSettings, topic: str) -> Iterator[tuple[int, int, bytes | None, bytes | None]]:
    """Yield partition, timestamp, key and value of all records, by partition and offset."""
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap_servers)
    places = [TopicPartition(topic, n) for n in sorted(consumer.partitions_for_topic(topic))]
    ends = consumer.end_offsets(places)
    for place in places:
        consumer.assign([place])
        consumer.seek_to_beginning()
        while consumer.position(place) < ends[place]:
            for record in consumer.poll(timeout_ms=1000).get(place, ()):
                yield record.partition, record.timestamp, record.key, record.value
    consumer.close()


def by_partition(receipts: list[Receipt]) -> list[tuple[int, int, bytes | None, bytes | None]]:
    """Return the receipts as `read` yields them."""
    ordered = sorted(receipts, key=lambda each: each.partition)
    return [(each.partition, each.log_time_ms, each.key, each.value) for each in ordered]


def test_every_record_arrives_in_order(topics: KafkaSettings, year: list[Departure]) -> None:
    """Partition, order, timestamp, key and bytes are those of the receipts; so are the offsets."""
    injections = Injections(seed=5, repeat_rate=0.05, late_rate=0.05, malformed=1)
    receipts = receive(year[::100], injections, lambda key: partition_of(key, 4))
    half = len(receipts) // 2
    begin, middle = publish_receipts(topics, receipts[:half])
    middle_again, end = publish_receipts(topics, receipts[half:])
    assert begin == (0, 0, 0, 0)
    assert middle == middle_again
    assert sum(end) == len(receipts)
    assert list(read(topics, topics.usage_topic)) == by_partition(receipts)


def test_log_time_must_not_go_back(topics: KafkaSettings) -> None:
    """A wrong order is a fault of the caller and crashes before anything is sent."""
    first, second = heartbeats(1, 1000) + heartbeats(1, 999)
    with pytest.raises(AssertionError, match="log time goes back"):
        publish_receipts(topics, [first, second])
    assert list(read(topics, topics.usage_topic)) == []


def test_the_flights_program(
    topics: KafkaSettings,
    year: list[Departure],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The program publishes the data set once and tells what it published."""
    monkeypatch.setattr(publish_flights, "read_flights", lambda: year[::300])
    monkeypatch.setattr(publish_flights, "read_departure", lambda departure: departure)
    arguments = ["--settings", str(ROOT / "config/demo.yaml"), "--json"]
    path = tmp_path / "manifest.json"
    options = ["--late-rate", "0.1", "--malformed", "1", "--manifest", str(path)]
    assert publish_flights.main([*arguments, *options], environ(topics)) == 0
    manifest = json.loads(capsys.readouterr().out)
    assert manifest == json.loads(path.read_text())
    records = list(read(topics, topics.usage_topic))
    assert manifest["records"] == sum(manifest["kinds"].values()) == len(records)
    assert sum(manifest["end_offsets"]) == len(records)
    assert manifest["kinds"]["heartbeat"] == 4
    assert manifest["last_log_time"] == "2014-06-01T00:00:00Z"
    last = {partition: (time_ms, key) for partition, time_ms, key, _ in records}
    assert last == dict.fromkeys(range(4), (UNTIL_MS, None))
    assert publish_flights.main(arguments, environ(topics)) == 2
    assert f"expected an empty topic, because log time must not go back, found {len(records)}" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("kind", "until_ms", "line"),
    [
        (TimestampType.LOG_APPEND_TIME, UNTIL_MS, "kafka.timestamp_type: expected CreateTime"),
        (TimestampType.CREATE_TIME, 1_388_534_400_000, "--until: expected the last receipt, 2014"),
    ],
)
def test_flights_are_refused_where_they_make_no_sense(
    topics: KafkaSettings,
    year: list[Departure],
    monkeypatch: pytest.MonkeyPatch,
    kind: TimestampType,
    until_ms: int,
    line: str,
) -> None:
    """A live topic would stamp the year with today; heartbeats come after all records."""
    monkeypatch.setattr(publish_flights, "read_flights", lambda: year[-300_000::1000])
    monkeypatch.setattr(publish_flights, "read_departure", lambda departure: departure)
    settings = KafkaSettings(
        topics.bootstrap_servers, topics.usage_topic, topics.accounts_topic, kind
    )
    injections = Injections(late_rate=1.0)
    with pytest.raises(SettingsError, match=line):
        publish_flights.publish_flights(settings, injections, until_ms)


def test_the_accounts_program(
    topics: KafkaSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each account is one record under its id, as the job reads it; the log says who did it."""
    make_tables(open_catalog(LocalCatalog(tmp_path)), "billing")
    file, settings = str(ROOT / "config/accounts.yaml"), str(write_settings(tmp_path))
    why = ("--by", "Ada L", "--reason", "new terms")
    arguments = ["--settings", settings, "--accounts", file, *why]
    assert publish_accounts.main(arguments, environ(topics)) == 0
    assert capsys.readouterr().out == f"{topics.accounts_topic}: 16 accounts\n"
    records = list(read(topics, topics.accounts_topic))
    found = tuple(decode_account(value or b"") for _, _, _, value in records)
    assert found == load_accounts(file)
    assert [key for _, _, key, _ in records] == [each.account_id.encode() for each in found]
    assert [each.outcome.value for each in entries_of(tmp_path)] == ["begun", "done"]
    wrong = ["--settings", settings, "--accounts", "none.yaml", *why]
    assert publish_accounts.main(wrong, environ(topics)) == 2
    assert capsys.readouterr().err == (
        "missing file, none.yaml: expected a YAML file, found nothing\n"
    )


def test_heartbeats_beat_in_every_partition(topics: KafkaSettings) -> None:
    """Each beat is one record in each partition, until waiting says to stop."""
    times = iter([1000, 2000, 3000])
    stops = iter([False, False, True])
    assert beat_heartbeat(topics, lambda: next(times), lambda: next(stops)) == 3
    records = list(read(topics, topics.usage_topic))
    assert [(partition, time_ms) for partition, time_ms, _, _ in records] == [
        (partition, time_ms) for partition in range(4) for time_ms in (1000, 2000, 3000)
    ]
    assert {(key, json.loads(value or b"")["type"]) for _, _, key, value in records} == {
        (None, HEARTBEAT_TYPE)
    }


def _beat(kafka: KafkaSettings, *options: str) -> subprocess.Popen[str]:
    settings = ["--settings", str(ROOT / "config/demo.yaml")]
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.beat_heartbeat", *settings, *options],
        env={"PATH": "/usr/bin:/bin", **environ(kafka)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_heartbeat_program_beats_until_it_is_told_to_end(kafka: Kafka) -> None:
    """On a live topic the broker stamps the beats; SIGTERM ends it in an orderly way."""
    settings = KafkaSettings(kafka.bootstrap_servers, "beating-usage", "beating-accounts")
    create_topics(settings)
    before_ms = datetime.now(UTC).timestamp() * 1000
    program = _beat(settings, "--every", "1")
    while not list(read(settings, settings.usage_topic)):
        assert program.poll() is None
    program.send_signal(signal.SIGTERM)
    output, error = program.communicate(timeout=60)
    assert (program.returncode, error) == (0, "")
    assert output.startswith("beating-usage: ")
    records = list(read(settings, settings.usage_topic))
    assert {partition for partition, _, _, _ in records} == {0, 1, 2, 3}
    assert min(time_ms for _, time_ms, _, _ in records) >= before_ms - 1000


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--every", "1"], "missing option, command line: expected --at with the log time"),
        (
            ["--at", "1970-01-01T00:00:01Z"],
            "expected the topic's last log time, 1970-01-01T00:00:02",
        ),
    ],
)
def test_the_heartbeat_program_moves_an_imports_time_only_on(
    topics: KafkaSettings, options: list[str], line: str
) -> None:
    """An import's log time is given by hand, and never earlier than what is there."""
    beat_heartbeat(topics, lambda: 2000, lambda: True)
    program = _beat(topics, *options)
    _, error = program.communicate(timeout=60)
    assert program.returncode == 2
    assert line in error
    assert error.count("\n") == 1


def test_two_writers_are_noticed(topics: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offsets that do not add up are an error: another writer's times would go back."""
    offsets = iter([(0, 0, 0, 0), (2, 1, 1, 1)])
    monkeypatch.setattr(publish_flights, "end_offsets", lambda admin, topic: next(offsets))
    with pytest.raises(TopicError, match="let nothing else write"):
        publish_receipts(topics, heartbeats(4, 1000))


def test_a_manifest_is_one_line_of_json() -> None:
    """Programs read it back."""
    manifest = Manifest("t", 1, 2, {"original": 2}, (0,), (2,), "a", "b")
    assert json.loads(manifest.encode())["end_offsets"] == [2]
    assert "\n" not in manifest.encode()

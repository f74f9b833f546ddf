"""What the accounts topic of a real broker says, and the program that asks it."""

import json
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest

from iceberg.account_tables import REJECTED_ACCOUNTS
from iceberg.catalog import open_catalog
from jobs.account_records import read_account_records
from jobs.bring_back_usage import main
from jobs.create_topics import create_topics
from jobs.kafka_clients import KafkaUnreachableError, open_producer
from jobs.settings import KafkaSettings
from schemas.account import Account, encode_account
from schemas.account_record import AccountRecord
from schemas.cadence import Cadence
from schemas.instant import to_us
from schemas.terms import Recurring, Terms
from tests.conftest import Kafka
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import row_of
from tests.jobs.bringing_back import Output, call
from tests.jobs.metered_tables import FLOWN, make_world

pytestmark = [
    pytest.mark.integration,
    # kafka-python may leave a socket to the garbage collector when a client closes under load.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
_numbers = count()


@pytest.fixture
def topics(kafka: Kafka) -> KafkaSettings:
    """Two topics that nobody else uses."""
    number = next(_numbers)
    settings = KafkaSettings(
        kafka.bootstrap_servers, f"bringing-usage-{number}", f"bringing-accounts-{number}"
    )
    create_topics(settings)
    return settings


def terms_of(account_id: str, anchor: datetime) -> bytes:
    """Return an account that is billed by the month."""
    terms = Terms(1, to_us(FLOWN), "UTC", Recurring(Cadence(months=1), anchor), "standard")
    return encode_account(Account(account_id, (terms,)))


def publish(kafka: KafkaSettings, *records: tuple[str, bytes | None]) -> None:
    """Publish keys and values, in order."""
    with open_producer(kafka) as producer:
        for key, value in records:
            producer.send(kafka.accounts_topic, key=key.encode(), value=value)
        producer.flush()


def environ(kafka: KafkaSettings) -> dict[str, str]:
    """Return the environment that points settings at the test's topics."""
    return {
        "METERCLOSE_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "METERCLOSE_KAFKA_USAGE_TOPIC": kafka.usage_topic,
        "METERCLOSE_KAFKA_ACCOUNTS_TOPIC": kafka.accounts_topic,
    }


def test_the_records_of_the_accounts_asked_for(topics: KafkaSettings) -> None:
    """In order, with their place; tombstones too; nothing of others, nothing of an empty topic."""
    assert read_account_records(topics, ["A", "B"]) == ()
    publish(topics, ("A", b"1"), ("C", b"2"), ("B", b"3"), ("A", None))
    assert read_account_records(topics, ["A", "B"]) == (
        AccountRecord("A", 0, 0, b"1"),
        AccountRecord("B", 0, 2, b"3"),
        AccountRecord("A", 0, 3, None),
    )


def test_a_missing_topic_is_not_created(topics: KafkaSettings) -> None:
    """The line says what to do."""
    missing = KafkaSettings(topics.bootstrap_servers, topics.usage_topic, "nowhere")
    for _ in range(2):
        with pytest.raises(KafkaUnreachableError, match="expected nowhere, found nothing; create"):
            read_account_records(missing, ["A"])


def test_the_program_asks_the_topic(topics: KafkaSettings, tmp_path: Path, capsys: Output) -> None:
    """The period is that of the last record that the job has not refused."""
    path = make_world(tmp_path)
    publish(
        topics,
        ("X", terms_of("X", datetime(2013, 1, 3))),
        ("X", terms_of("X", datetime(2013, 1, 20))),
    )
    place = {"kafka_partition": 0, "kafka_offset": 1, "log_time": FLOWN}
    too_late = row_of(REJECTED_ACCOUNTS, **place, account_id="X", reason="too_late", detail="d")
    append(open_catalog(LocalCatalog(tmp_path)), REJECTED_ACCOUNTS, [too_late])
    assert main([*call(path, "u-flights"), "--json"], environ(topics)) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row["period_end"] == "2013-02-03T00:00:00Z"


def test_no_broker_is_one_line(tmp_path: Path, capsys: Output) -> None:
    """Nothing is brought back without the terms."""
    path = make_world(tmp_path)
    nobody = {"METERCLOSE_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    assert main(call(path, "u-flights"), nobody) == 2
    line = capsys.readouterr().err
    assert line.startswith("Kafka, 127.0.0.1:1: expected an answer, found ")
    assert line.count("\n") == 1

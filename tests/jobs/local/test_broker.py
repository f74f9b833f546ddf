"""The local broker is a real one: durable, restartable, strict about topics."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError

from jobs.local.broker import Broker
from jobs.local.waiting import wait_until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of its own, to be stopped and killed."""
    with Broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


def create_topic(broker: Broker, name: str) -> None:
    """Make a topic with one partition."""
    client = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    client.create_topics([NewTopic(name, 1, 1)])
    client.close()


def send(broker: Broker, topic: str, value: bytes) -> None:
    """Write one record and wait until the broker has it."""
    with KafkaProducer(bootstrap_servers=broker.bootstrap_servers) as producer:
        producer.send(topic, value, partition=0).get(timeout=30)


def read(broker: Broker, topic: str, count: int) -> list[bytes]:
    """Return the first `count` values of partition 0."""
    consumer = KafkaConsumer(
        bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest"
    )
    consumer.assign([TopicPartition(topic, 0)])
    values = [next(consumer).value for _ in range(count)]
    consumer.close()
    return values


def test_records_survive_stop_and_kill(broker: Broker) -> None:
    """After a stop and a kill the broker is back at the same address with all its records."""
    create_topic(broker, "kept")
    address = broker.bootstrap_servers
    send(broker, "kept", b"one")
    broker.stop()
    broker.start()
    send(broker, "kept", b"two")
    broker.kill()
    broker.start()
    send(broker, "kept", b"three")
    assert broker.bootstrap_servers == address
    assert read(broker, "kept", 3) == [b"one", b"two", b"three"]


def test_use_makes_no_topic(broker: Broker) -> None:
    """Asking for a topic that does not exist does not make it."""
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap_servers)
    assert not consumer.partitions_for_topic("typo")
    assert "typo" not in consumer.topics()
    consumer.close()


def test_second_broker_may_run_beside(broker: Broker, tmp_path: Path) -> None:
    """Ports and data are each broker's own."""
    with Broker(tmp_path) as other:
        assert other.bootstrap_servers != broker.bootstrap_servers
        create_topic(other, "mine")
        send(other, "mine", b"x")
        assert read(other, "mine", 1) == [b"x"]


def test_a_second_broker_joins(broker: Broker, tmp_path: Path) -> None:
    """Partitions are spread over both; those of one that is killed wait until it is back."""
    with Broker(tmp_path, joins=broker) as second:
        client = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
        client.create_topics([NewTopic("spread", 2, -1)], wait_for_metadata=True)

        def leaders() -> list[int]:
            try:
                (described,) = client.describe_topics(["spread"])
            except KafkaError:
                return []  # The client asked the one that is gone.
            return sorted(each["leader_id"] for each in described["partitions"])

        wait_until(lambda: leaders() == [1, 2], "a partition on each broker", 60)
        second.kill()
        wait_until(lambda: leaders() == [-1, 1], "loss of the second broker", 60)
        second.start()
        wait_until(lambda: leaders() == [1, 2], "return of the second broker", 60)
        client.close()

"""What a producer says of each record decides what the spool may forget."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kafka.errors import KafkaTimeoutError

from jobs.kafka_clients import KafkaUnreachableError
from jobs.metering_agent import delivering
from jobs.metering_agent.delivering import connect_kafka
from jobs.metering_agent.spool_lines import KeptEvent
from jobs.settings import KafkaSettings

EVENTS = [KeptEvent(number, "acme", b"%d" % number) for number in range(3)]
KAFKA = KafkaSettings("b:1", "usage")


class PlayedProducer:
    """Acknowledges all records but some; each is its own future.

    Attributes:
        sent: What was sent.
    """

    def __init__(self, *lost: bytes) -> None:
        self.sent: list[tuple[str, bytes, bytes]] = []
        self._lost = lost

    def send(self, topic: str, key: bytes, value: bytes) -> "PlayedProducer":
        """Note a record."""
        self.sent.append((topic, key, value))
        return PlayedProducer(value) if value in self._lost else PlayedProducer()

    def flush(self) -> None:
        """Do nothing: all is sent."""

    def get(self) -> None:
        """Say what became of it."""
        if self._lost:
            raise KafkaTimeoutError("lost")


def play(monkeypatch: pytest.MonkeyPatch, *lost: bytes, fails_at_its_end: bool = False) -> None:
    """Let producers lose records."""

    @contextmanager
    def open_producer(_: KafkaSettings) -> Iterator[PlayedProducer]:
        producer = PlayedProducer(*lost)
        yield producer
        assert producer.sent[:1] == [("usage", b"acme", b"0")]
        if fails_at_its_end:
            raise KafkaTimeoutError("records still wait")

    monkeypatch.setattr(delivering, "open_producer", open_producer)


@pytest.mark.parametrize(("lost", "count"), [((), 3), ((b"2",), 2), ((b"1",), 1)])
def test_the_first_ones_are_acknowledged(
    monkeypatch: pytest.MonkeyPatch, lost: tuple[bytes, ...], count: int
) -> None:
    """What comes after one that was lost is sent again with it: the order stays."""
    play(monkeypatch, *lost)
    with connect_kafka(KAFKA) as send:
        assert send(EVENTS) == count


def test_where_none_is_acknowledged_kafka_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """So delivery pauses, and connects anew."""
    play(monkeypatch, b"0")
    lost = pytest.raises(KafkaUnreachableError, match="found KafkaTimeoutError: lost")
    with lost, connect_kafka(KAFKA) as send:
        send(EVENTS)


def test_a_producer_that_fails_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an outage like others: what was acknowledged stays so."""
    play(monkeypatch, fails_at_its_end=True)
    failed = pytest.raises(KafkaUnreachableError, match="expected an end, found KafkaTimeoutError")
    with failed, connect_kafka(KAFKA) as send:
        assert send(EVENTS) == 3

"""Delivers what waits in a spool, in its order, until it is told to end.

An event is sent until Kafka has acknowledged it: after an outage or a restart it may arrive again,
with the same bytes, and counts once by its identity.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from kafka import KafkaProducer
from kafka.errors import KafkaError

from jobs.kafka_clients import KafkaUnreachableError, open_producer
from jobs.metering_agent.spool import Spool
from jobs.metering_agent.spool_lines import KeptEvent
from jobs.settings import KafkaSettings

Send = Callable[[Sequence[KeptEvent]], int]
"""Sends events in order; returns how many of the first ones are acknowledged, at least one.

Raises `KafkaUnreachableError` where none is.
"""
Connect = Callable[[], AbstractContextManager[Send]]

_BATCH = 500
_PAUSE_S = 5.0


@contextmanager
def connect_kafka(kafka: KafkaSettings) -> Iterator[Send]:
    """Open a producer, and give what sends events to the usage topic.

    Raises:
        SettingsError: See `jobs.kafka_clients.client_arguments`.
        KafkaUnreachableError: No broker answers, or it refuses the login.
    """
    try:
        with open_producer(kafka) as producer:
            yield partial(_send, producer, kafka.usage_topic)
    except KafkaError as error:
        # Closing fails, too, where records still wait.
        servers, found = kafka.bootstrap_servers, " ".join(str(error).split())
        raise KafkaUnreachableError(f"Kafka, {servers}: expected an end, found {found}") from error


def _send(producer: KafkaProducer, topic: str, events: Sequence[KeptEvent]) -> int:
    sent = [
        producer.send(topic, key=each.account_id.encode(), value=each.payload) for each in events
    ]
    producer.flush()
    for count, each in enumerate(sent):
        try:
            each.get()
        except KafkaError:
            if count == 0:
                raise
            return count
    return len(sent)


def deliver(
    spool: Spool,
    connect: Connect,
    stopping: threading.Event,
    tell: Callable[[str], None],
    pause_s: float = _PAUSE_S,
) -> None:
    """Deliver until the end is asked for and nothing waits.

    Args:
        spool: What is delivered.
        connect: Opens a connection; again after each failure.
        stopping: Whether to end once nothing waits.
        tell: Is told of an outage, once as long as its reason is the same, and of its end.
        pause_s: Seconds between two tries.

    Raises:
        SettingsError: The configuration cannot be followed.
        OSError: The disk failed.
    """
    told = ""
    while not _is_done(spool, stopping):
        try:
            with connect() as send:
                while not _is_done(spool, stopping):
                    events = spool.waiting(_BATCH)
                    if events:
                        spool.acknowledge(events[send(events) - 1].number)
                        if told:
                            tell("delivery goes on")
                        told = ""
                    else:
                        spool.wait_for_event(stopping, pause_s)
        except KafkaUnreachableError as error:
            if str(error) != told:
                told = str(error)
                tell(f"delivery waits, events stay in the spool: {error}")
            spool.wait_for_change(pause_s)


def _is_done(spool: Spool, stopping: threading.Event) -> bool:
    return stopping.is_set() and not spool.waiting(1)

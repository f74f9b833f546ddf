"""The producer: sends the load tick by tick and keeps its own list of all that it sent."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.heartbeat import encode_heartbeat
from schemas.instant import to_text
from tests.faults.load import PARTITIONS, START_MS, TICK_LOG_MS, TICK_S, Load, Sent, Shape

# What Kafka has not acknowledged by then is sent again with a later log time, and may be there
# twice. A lower number than the broker's restart takes, so that this happens.
_PATIENCE_MS = 3000
_TRIES_AT_END = 100


class LoadProducer(threading.Thread):
    """Sends until it is stopped; then sends what is not acknowledged, and nothing new.

    The log time of a tick is given once; within a tick records are sent again under the same time,
    and the next tick begins when each of them is acknowledged or given up. So log time never goes
    back in a partition, as in an import it must not.

    Attributes:
        shape: What the next ticks are like.
        sent: All records with a meaning, without the heartbeats.
        partitions: How many partitions get heartbeats.
        tick_log_ms: Log time from tick to tick; fixed when it has started.
    """

    def __init__(self, bootstrap_servers: str, topic: str, seed: int) -> None:
        """Connect; nothing is sent before `start`."""
        super().__init__(name="load", daemon=True)
        self._client = Producer(
            {
                "bootstrap.servers": bootstrap_servers,
                "acks": "all",
                # A producer of the field that repeats what was not answered.
                "enable.idempotence": False,
                "max.in.flight.requests.per.connection": 1,
                "message.timeout.ms": _PATIENCE_MS,
                "reconnect.backoff.max.ms": 500,
                "topic.metadata.refresh.interval.ms": 2000,
                "linger.ms": 5,
                "queue.buffering.max.messages": 1_000_000,
                "log_level": 0,
            }
        )
        self._topic, self._load = topic, Load(seed)
        self._again: list[Sent] = []
        self._lock = threading.Lock()
        self._tick = 0
        self._stopping = threading.Event()
        self._failed: BaseException | None = None
        self.shape = Shape()
        self.sent: list[Sent] = []
        self.partitions = PARTITIONS
        self.tick_log_ms = TICK_LOG_MS

    @property
    def log_ms(self) -> int:
        """The log time of the last tick."""
        return START_MS + self._tick * self.tick_log_ms

    def change(self, **parts: Any) -> None:
        """Let the next ticks be otherwise."""
        self.shape = replace(self.shape, **parts)

    def repeat(self, share: float, copies: int) -> int:
        """Send some of the events once more, as often; return how many records these are."""
        chosen = [each for each in self.sent if each.places and each.refusal is None]
        chosen = chosen[len(chosen) - int(len(chosen) * share) :]
        with self._lock:
            self._again += chosen * copies
        return len(chosen) * copies

    def run(self) -> None:
        """Send until stopped and all is acknowledged."""
        try:
            while not self._stopping.is_set() or self._again:
                begun = time.monotonic()
                self._send_tick()
                time.sleep(max(0.0, TICK_S - (time.monotonic() - begun)))
        except BaseException as error:
            self._failed = error
            raise

    def check(self) -> None:
        """Raise what ended the producer."""
        if self._failed is not None:
            raise self._failed

    def finish(self, timeout_s: float) -> None:
        """Stop the load and wait until each event is acknowledged.

        Raises:
            TimeoutError: Kafka did not take them.
        """
        self._stopping.set()
        self.join(timeout_s)
        self.check()
        if self.is_alive():
            raise TimeoutError(f"{len(self._again)} records: not acknowledged in {timeout_s} s")

    def give_up(self) -> None:
        """Stop at once, whatever is not acknowledged."""
        self._stopping.set()
        with self._lock:
            self._again = []
        if self.is_alive():
            self.join(_PATIENCE_MS / 1000 + 10)

    def close_periods(self, days: int) -> int:
        """Send the heartbeats that end every period, when the load is over; return their time."""
        end_ms = self.log_ms + days * 86_400_000
        waiting = set(range(self.partitions))

        def arrived(partition: int, error: KafkaError | None, _: Message) -> None:
            if error is None:
                waiting.discard(partition)

        for _ in range(_TRIES_AT_END):
            for partition in sorted(waiting):
                self._beat(partition, end_ms, partial(arrived, partition))
            self._client.flush()
            if not waiting:
                return end_ms
        raise TimeoutError(f"heartbeats of partitions {sorted(waiting)}: not acknowledged")

    def _send_tick(self) -> None:
        shape = self.shape
        self._tick += 1
        with self._lock:
            again, self._again = self._again, []
        new = [] if self._stopping.is_set() else self._load.events(self.log_ms, shape)
        self.sent += new
        for each in [*again, *(one for one in new for _ in range(shape.copies))]:
            self._produce(each)
        for partition in range(self.partitions):
            if partition not in shape.silent:
                self._beat(partition, self.log_ms, _ignore)
        self._client.flush()

    def _produce(self, sent: Sent) -> None:
        self._client.produce(
            self._topic,
            sent.value,
            sent.event.subject.encode(),
            partition=sent.partition,
            timestamp=self.log_ms,
            on_delivery=partial(self._note, sent),
        )

    def _beat(
        self, partition: int, log_ms: int, then: Callable[[KafkaError | None, Message], None]
    ) -> None:
        value = encode_heartbeat(partition, to_text(log_ms * 1000))
        try:
            self._client.produce(
                self._topic, value, partition=partition, timestamp=log_ms, on_delivery=then
            )
        except KafkaException as refusal:
            if refusal.args[0].code() != KafkaError._UNKNOWN_PARTITION:
                raise
            # New to the client: it asks the broker now, and the next heartbeat goes there.
            self._client.list_topics(self._topic, _PATIENCE_MS / 1000)

    def _note(self, sent: Sent, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            sent.failures += 1
            if not sent.places:
                with self._lock:
                    self._again.append(sent)
            return
        partition, offset = message.partition(), message.offset()
        assert partition is not None
        assert offset is not None
        is_first = not sent.places
        sent.places.append((partition, offset))
        if is_first:
            self._load.acknowledged(sent)


def _ignore(_: KafkaError | None, __: Message) -> None:
    """A heartbeat that did not arrive is followed by the next one."""

"""The metering agent beside a real broker; both are killed, and the sum is the node's."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from jobs.create_topics import create_topics
from jobs.local.broker import Broker
from jobs.local.children import Child
from jobs.local.waiting import wait_until
from jobs.settings import KafkaSettings
from tests.jobs.metering_agent.fake_node import FakeGroup
from tests.jobs.metering_agent.pod_program import start

pytestmark = [
    pytest.mark.integration,
    # kafka-python may leave a socket to the garbage collector when a client closes under load.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
TOPIC = "pods-usage"
WAIT_S = 240


class Pod:
    """A pod of a fake node, and the agent that meters it.

    Attributes:
        folder: With node and spool.
        servers: Where Kafka is.
        group: What the kernel counts.
        cpu_us: CPU time used so far.
        agent: The agent that runs now.
    """

    def __init__(self, folder: Path, servers: str) -> None:
        """Start the first agent and wait until it has read that nothing was used."""
        self.folder, self.servers = folder, servers
        self.group, self.cpu_us = FakeGroup(folder / "node"), 0
        self.agent = self._start()
        self._wait_for_lines(0)

    def kill(self) -> None:
        """Kill the agent at once (SIGKILL), and start another one."""
        self.agent.kill()
        self.agent = self._start()

    def stop(self) -> None:
        """Ask the agent to end while there is no broker, and start another one."""
        self.agent.stop()
        assert re.search(r"^[0-9]+ events wait in ", self.said(), re.MULTILINE), self.said()
        self.agent = self._start()

    def said(self) -> str:
        """Return what all agents have said."""
        return self.agent.log_path.read_text()

    def use(self, cpu_us: int, lines: int = 1) -> None:
        """Use CPU time, and wait until the spool has grown by so many lines."""
        before = self._length()
        for _ in range(lines):
            self.cpu_us += cpu_us
            self.group.set(self.cpu_us, 3 * 10**8)
            before = self._wait_for_lines(before)

    def end(self) -> None:
        """Use some more, and ask the agent to end."""
        self.cpu_us += 1
        self.group.set(self.cpu_us, 0)
        self.agent.stop()

    def _start(self) -> Child:
        return start(self.folder, self.servers, TOPIC, "--every", "1", "--grace", "15")

    def _length(self) -> int:
        file = self.folder / "spool" / "spool"
        return file.stat().st_size if file.exists() else 0

    def _wait_for_lines(self, before: int) -> int:
        def grown() -> int:
            self.agent.check()
            return self._length() if self._length() > before else 0

        return wait_until(grown, "a line in the spool", WAIT_S)


def records_of(servers: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value of all records of the topic."""
    consumer = KafkaConsumer(bootstrap_servers=servers)
    places = [TopicPartition(TOPIC, n) for n in sorted(consumer.partitions_for_topic(TOPIC))]
    for place, end in sorted(consumer.end_offsets(places).items()):
        consumer.assign([place])
        consumer.seek_to_beginning()
        while consumer.position(place) < end:
            for record in consumer.poll(timeout_ms=1000).get(place, ()):
                yield record.key, record.value
    consumer.close()


def test_usage_survives_kills_of_agent_and_broker(tmp_path: Path) -> None:
    """Distinct events add up to the counter; no id has two contents, and no times overlap."""
    with Broker(tmp_path / "kafka") as broker:
        servers = broker.bootstrap_servers
        create_topics(KafkaSettings(servers, TOPIC, "pods-accounts"))
        pod = Pod(tmp_path, servers)
        for used_us in (1_000_003, 7, 2_500_000):
            pod.use(used_us)
            pod.kill()
        pod.use(11, lines=3)
        for end in (pod.kill, pod.stop):
            broker.kill()
            pod.use(40_000_013, lines=3)
            end()
            pod.use(19, lines=2)
            broker.start()
            pod.use(5, lines=2)
            pod.kill()
        pod.use(17, lines=2)
        pod.end()
        records = list(records_of(servers))
    events: dict[str, dict[str, str]] = {}
    payloads: dict[str, bytes] = {}
    for key, value in records:
        event = json.loads(value)
        assert key == b"acme"
        assert payloads.setdefault(event["id"], value) == value
        events[event["id"]] = event["data"] | {"time": event["time"]}
    counted = sum(Fraction(each["cpu_seconds"]) for each in events.values())
    assert counted == Fraction(pod.cpu_us, 10**6)
    assert sum(Fraction(each["memory_gb_hours"]) for each in events.values()) > 0
    in_order = {int(each.partition("-")[2]): events[each] for each in events}
    assert sorted(in_order) == [*range(len(events))]
    for number in range(1, len(events)):
        until = datetime.fromisoformat(in_order[number - 1]["until"])
        assert until <= datetime.fromisoformat(in_order[number]["time"])
    assert "delivery waits, events stay in the spool: Kafka" in pod.said()
    assert pod.said().count(" events wait in ") == 1, "nothing waits in the end"
    assert "Traceback" not in pod.said()

"""An agent between its node and a Kafka that is played: nothing lost, nothing told twice."""

import errno
import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import pytest

from jobs.kafka_clients import KafkaUnreachableError
from jobs.metering_agent.agent import Agent
from jobs.metering_agent.delivering import Send, deliver
from jobs.metering_agent.running import Moment, run_agent
from jobs.metering_agent.spool import LEAST_BYTES, Spool
from jobs.metering_agent.spool_lines import KeptEvent
from jobs.settings import SettingsError
from schemas.instant import SECOND_US
from tests.udfs.pod_readings import BOOT_US, POD, T0_US, reading

HOLD_US = 120 * SECOND_US


class PlayedKafka:
    """Acknowledges, or fails in ways that are told beforehand, one for each connection or batch.

    Attributes:
        received: The values of all records, also of those that were not acknowledged.
        keys: Their keys.
        troubles: What goes wrong next: `connect`, `before`, `after` (received, unacknowledged),
            `half` (only the first half is received).
    """

    def __init__(self, *troubles: str) -> None:
        self.received: list[bytes] = []
        self.keys: list[str] = []
        self.troubles = list(troubles)

    @contextmanager
    def connect(self) -> Iterator[Send]:
        """Give what sends."""
        if self.troubles[:1] == ["connect"]:
            self.troubles.pop(0)
            raise KafkaUnreachableError("Kafka, nowhere: expected an answer, found none")

        def send(events: Sequence[KeptEvent]) -> int:
            trouble = self.troubles.pop(0) if self.troubles else ""
            if trouble == "before":
                raise KafkaUnreachableError("Kafka, nowhere: expected an answer, found half")
            count = max(1, len(events) // 2) if trouble == "half" else len(events)
            self.received += [each.payload for each in events[:count]]
            self.keys += [each.account_id for each in events[:count]]
            if trouble == "after":
                raise KafkaUnreachableError("Kafka, nowhere: expected an answer, found a cut")
            return count

        yield send

    def cpu_us(self) -> int:
        """Add up the CPU time of the distinct events, in microseconds."""
        distinct = {each["id"]: each for each in map(json.loads, self.received)}
        assert len(distinct) == len(set(self.received)), "one id, two contents"
        return int(sum(Fraction(e["data"]["cpu_seconds"]) for e in distinct.values()) * 10**6)


def deliver_all(spool: Spool, kafka: PlayedKafka) -> list[str]:
    """Deliver what waits; return what was told meanwhile."""
    told: list[str] = []
    stopping = threading.Event()
    stopping.set()
    deliver(spool, kafka.connect, stopping, told.append, pause_s=0)
    return told


def agent_on(spool: Spool, told: list[str], new_spool_id: str = "s") -> Agent:
    """Return an agent that keeps its events there."""
    return Agent(POD, spool, HOLD_US, new_spool_id, told.append)


def test_usage_survives_agents_and_outages(tmp_path: Path) -> None:
    """Each agent dies after a few readings; Kafka fails in each way; the sum is the counter's."""
    kafka = PlayedKafka("connect", "before", "half", "half", "after", "half", "connect")
    told: list[str] = []
    step = 0
    for life in range(5):
        with Spool(tmp_path, LEAST_BYTES) as spool:
            agent = agent_on(spool, told, f"life-{life}")
            for _ in range(3):
                agent.take(reading(60 * step, 1000 * step * step))
                step += 1
            if life % 2:
                told += deliver_all(spool, kafka)
    with Spool(tmp_path, LEAST_BYTES) as spool:
        told += deliver_all(spool, kafka)
        assert spool.count_waiting() == 0
    assert kafka.troubles == []
    assert kafka.cpu_us() == 1000 * 14 * 14
    assert len(kafka.received) > 14
    assert set(kafka.keys) == {"acme"}
    assert all(json.loads(each)["id"].startswith("life-0-") for each in kafka.received)


def test_an_outage_is_told_once_and_its_end(tmp_path: Path) -> None:
    """Not at each try."""
    kafka = PlayedKafka("connect", "connect", "before", "before", "")
    with Spool(tmp_path, LEAST_BYTES) as spool:
        agent = agent_on(spool, [])
        agent.take(reading(0))
        agent.take(reading(60, 5))
        waits = (
            "delivery waits, events stay in the spool: Kafka, nowhere: expected an answer, found"
        )
        assert deliver_all(spool, kafka) == [f"{waits} none", f"{waits} half", "delivery goes on"]


def test_a_full_spool_makes_events_coarser_and_loses_nothing(tmp_path: Path) -> None:
    """It is told once; the next event that has room tells all that gathered, restarts included."""
    kafka, told, last = PlayedKafka(), list[str](), 0
    for _ in range(3):
        with Spool(tmp_path, LEAST_BYTES) as spool:
            agent = agent_on(spool, told)
            for _ in range(60):
                agent.take(reading(60 * last, 7 * last))
                last += 1
    assert told[:1] == ["the spool is full: usage gathers, and the next event tells it all"]
    assert set(told) == {told[0]}
    assert len(told) == 2, "once by each agent that found it full"
    with Spool(tmp_path, LEAST_BYTES) as spool:
        deliver_all(spool, kafka)
        agent = agent_on(spool, told)
        agent.take(reading(60 * last, 7 * last))
        deliver_all(spool, kafka)
    assert kafka.cpu_us() == 7 * last
    assert len(kafka.received) < last - 50
    longest = json.loads(kafka.received[-1])
    assert longest["data"]["until"] == "2025-12-01T03:00:00Z"
    assert longest["time"] < "2025-12-01T02:00:00Z"


def test_a_full_disk_keeps_usage_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No event is made that is nowhere; once there is room one event tells it all."""
    kafka, told = PlayedKafka(), list[str]()
    with Spool(tmp_path, LEAST_BYTES) as spool:
        agent = agent_on(spool, told)
        agent.take(reading(0, 0, 36 * 10**9))

        def refuse(*_: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(os, "pwrite", refuse)
            agent.take(reading(100, 5, 36 * 10**9))
            agent.take(reading(200, 6, 36 * 10**9))
        assert spool.count_waiting() == 0
        agent.take(reading(300, 7, 36 * 10**9))
        deliver_all(spool, kafka)
    assert [line.partition(":")[0] for line in told] == [
        "the disk is full",
        "the spool has room again",
    ]
    (event,) = map(json.loads, kafka.received)
    assert (event["id"], event["time"]) == ("s-0", "2025-12-01T00:00:00Z")
    assert (event["data"]["cpu_seconds"], event["data"]["memory_gb_hours"]) == ("0.000007", "3")


class Clock:
    """A clock that somebody turns."""

    def __init__(self) -> None:
        self.at_us = T0_US + 59_999_999

    def __call__(self) -> Moment:
        """Return the time."""
        return Moment(self.at_us, BOOT_US)


def test_readings_stop_with_one_more_and_all_is_delivered(tmp_path: Path) -> None:
    """The first at once, the last when the end is asked for."""
    kafka, clock, stopped = PlayedKafka(), Clock(), threading.Event()
    samples = []
    with Spool(tmp_path, LEAST_BYTES) as spool:
        agent = agent_on(spool, [])

        def sample(moment: Moment) -> None:
            samples.append(moment)
            agent.take(reading(len(samples), len(samples)))
            if len(samples) == 3:
                stopped.set()

        assert run_agent(spool, sample, kafka.connect, clock, 60, 60, stopped, print) == 0
    assert len(samples) == 4
    assert kafka.cpu_us() == 3


def test_what_waits_after_the_grace_is_counted(tmp_path: Path) -> None:
    """It stays in the spool, for the next agent."""
    stopped = threading.Event()
    stopped.set()
    kafka = PlayedKafka(*["connect"] * 10**4)
    readings = iter([reading(0), reading(1, 5)])
    with Spool(tmp_path, LEAST_BYTES) as spool:
        agent = agent_on(spool, [])
        waiting = run_agent(
            spool,
            lambda moment: agent.take(next(readings)),
            kafka.connect,
            Clock(),
            60,
            0.01,
            stopped,
            lambda line: None,
        )
    assert waiting == 1
    with Spool(tmp_path, LEAST_BYTES) as spool:
        deliver_all(spool, again := PlayedKafka())
    assert again.cpu_us() == 5


def test_what_delivery_cannot_go_on_from_ends_the_agent(tmp_path: Path) -> None:
    """It runs in a thread; its error is that of the program."""

    @contextmanager
    def connect() -> Iterator[Send]:
        raise SettingsError("bad property", "kafka.properties", "one", "another")
        yield

    with Spool(tmp_path, LEAST_BYTES) as spool:
        agent = agent_on(spool, [])
        counter = iter(range(100))

        def sample(moment: Moment) -> None:
            agent.take(reading(next(counter)))

        with pytest.raises(SettingsError, match="expected one, found another"):
            run_agent(spool, sample, connect, Clock(), 3600, 1, threading.Event(), print)

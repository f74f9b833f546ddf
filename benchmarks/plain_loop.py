"""The loop one would write by hand: one thread, a dict and a set, nothing durable.

No late data, periods or restarts: what it leaves out is what the job is for.
"""

import time
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

import orjson
from confluent_kafka import Consumer, TopicPartition

from benchmarks.synthetic import PARTITIONS
from schemas.heartbeat import HEARTBEAT_TYPE

_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Counted:
    """What the loop found.

    Attributes:
        seconds: How long it took, on one core.
        counted: Events, each counted once.
        units: Their units.
    """

    seconds: float
    counted: int
    units: Decimal


def count_usage(bootstrap_servers: str, topic: str) -> Counted:
    """Read the topic to the heartbeats and add up each account's units."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "plain_loop"})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    seen: set[tuple[str, str]] = set()
    open_partitions = PARTITIONS
    started = time.perf_counter()
    while open_partitions:
        for message in consumer.consume(_BATCH, 1.0):
            event = orjson.loads(message.value() or b"")
            if event["type"] == HEARTBEAT_TYPE:
                open_partitions -= 1
                continue
            identity = (event["source"], event["id"])
            if identity not in seen:
                seen.add(identity)
                totals[event["subject"]] += Decimal(event["data"]["units"])
    seconds = time.perf_counter() - started
    consumer.close()
    return Counted(seconds, len(seen), sum(totals.values(), Decimal()))

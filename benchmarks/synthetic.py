"""Synthetic usage: a busy day of API calls, the same for the same seed."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from confluent_kafka import Producer

from schemas.heartbeat import encode_heartbeat

START_MS = 1_793_491_200_000  # 2026-11-01T00:00:00Z
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNTS = 10_000
EVENTS_PER_MS = 20
REPEAT_RATE = 0.01
PARTITIONS = 4
_MOST_DELAY_MS = 2_000
_REMEMBERED = 5_000
_HEARTBEAT_AFTER_MS = 120_000


def account_id(number: int) -> str:
    """Return the name of one of the accounts."""
    return f"acct-{number:06d}"


def events(count: int, seed: int = 1) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield (log time in ms, key, value) of `count` records in order of log time.

    20,000 records a second of log time over 10,000 accounts; event time is up to 2 s earlier, so
    it is out of order; 1 % are received twice.
    """
    rng = random.Random(seed)  # noqa: S311 - no secret  # nosec B311
    recent: list[tuple[bytes, bytes]] = []
    for number in range(count):
        log_ms = START_MS + number // EVENTS_PER_MS
        if recent and rng.random() < REPEAT_RATE:
            key, value = rng.choice(recent)
        else:
            key, value = _event(rng, number, log_ms)
            if len(recent) < _REMEMBERED:
                recent.append((key, value))
            else:
                recent[rng.randrange(_REMEMBERED)] = (key, value)
        yield log_ms, key, value


def last_log_ms(count: int) -> int:
    """Return the log time of the heartbeats that follow the last record."""
    return START_MS + count // EVENTS_PER_MS + _HEARTBEAT_AFTER_MS


def publish(bootstrap_servers: str, topic: str, count: int) -> None:
    """Publish the records and, after them, one heartbeat into each partition."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "linger.ms": 50,
            "batch.size": 500_000,
            "queue.buffering.max.messages": 1_000_000,
            "partitioner": "murmur2_random",
        }
    )
    for log_ms, key, value in events(count):
        while True:
            try:
                producer.produce(topic, value, key, timestamp=log_ms)
                break
            except BufferError:
                producer.poll(0.1)
    at_ms = last_log_ms(count)
    beat = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_ms // 1000))
    producer.flush()
    for partition in range(PARTITIONS):
        value = encode_heartbeat(partition, beat)
        producer.produce(topic, value, None, partition=partition, timestamp=at_ms)
    if producer.flush():
        raise RuntimeError(f"{topic}: expected all records delivered, found some undelivered")


def _event(rng: random.Random, number: int, log_ms: int) -> tuple[bytes, bytes]:
    account = account_id(rng.randrange(ACCOUNTS))
    seconds, ms = divmod(log_ms - rng.randrange(_MOST_DELAY_MS), 1000)
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    value = (
        f'{{"specversion":"1.0","id":"evt-{number:012d}","source":"gateway/eu-1",'
        f'"type":"api.call","subject":"{account}","time":"{at}.{ms:03d}Z",'
        f'"datacontenttype":"application/json","data":{{"units":{rng.randrange(1, 100)},'
        f'"region":"eu-west-1","path":"/v1/items"}}}}'
    )
    return account.encode(), value.encode()

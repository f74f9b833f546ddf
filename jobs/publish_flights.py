"""Publishes the flights of 2013 to the usage topic, in order of receipt.

    python -m jobs.publish_flights --settings config/demo.yaml --malformed 3

The topic keeps CreateTime timestamps: each record's is the instant at which it was received.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from kafka.partitioner import murmur2

from jobs.create_topics import TopicError, check_topics
from jobs.flights.departures import FlightsError, read_departure, read_flights
from jobs.flights.receiving import Injections, Receipt, count_kinds, heartbeats, receive
from jobs.kafka_clients import KafkaUnreachableError, open_admin, open_producer
from jobs.settings import KafkaSettings, SettingsError, TimestampType, load_settings
from jobs.topic_offsets import end_offsets
from schemas.instant import to_text, to_us

_PROGRESS_STEP = 50_000


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was published: the demo and the tests check their totals against it.

    Attributes:
        topic: Where to.
        seed: Of the injections.
        records: Number of records, heartbeats included.
        kinds: Number of records by kind, see `jobs.flights.receiving.Receipt`.
        begin_offsets: By partition, the offset of the first record published.
        end_offsets: By partition, the offset after the last one.
        first_log_time: Of the first record, RFC 3339.
        last_log_time: Of the last record, RFC 3339.
    """

    topic: str
    seed: int
    records: int
    kinds: dict[str, int]
    begin_offsets: tuple[int, ...]
    end_offsets: tuple[int, ...]
    first_log_time: str
    last_log_time: str

    def encode(self) -> str:
        """Return the manifest as one line of JSON."""
        return json.dumps(asdict(self))


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that Kafka's own clients choose for a key."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


def publish_receipts(
    kafka: KafkaSettings,
    receipts: Sequence[Receipt],
    progress: Callable[[int, int], None] = lambda sent, total: None,
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Publish the receipts in the given order and make sure that each one has arrived.

    Args:
        kafka: Brokers and topic.
        receipts: In order of log time.
        progress: Called now and then with the number of records sent and of all.

    Returns:
        By partition, the offsets before and after.

    Raises:
        KafkaUnreachableError: a broker does not answer or refuses a record.
        TopicError: someone else writes to the topic at the same time.
    """
    assert all(a.log_time_ms <= b.log_time_ms for a, b in pairwise(receipts)), "log time goes back"
    topic = kafka.usage_topic
    with open_admin(kafka) as admin:
        begin = end_offsets(admin, topic)
        failures: list[BaseException] = []
        with open_producer(kafka) as producer:
            for sent, receipt in enumerate(receipts):
                producer.send(
                    topic,
                    value=receipt.value,
                    key=receipt.key,
                    partition=receipt.partition,
                    timestamp_ms=receipt.log_time_ms,
                ).add_errback(failures.append)
                if sent % _PROGRESS_STEP == 0:
                    progress(sent, len(receipts))
            producer.flush()
            if failures:
                raise failures[0]
        end = end_offsets(admin, topic)
    progress(len(receipts), len(receipts))
    expected = list(begin)
    for receipt in receipts:
        expected[receipt.partition] += 1
    if list(end) != expected:
        raise TopicError(
            f"end offsets, topic {topic}: expected {expected}, found {list(end)};"
            " let nothing else write to an import topic"
        )
    return begin, end


def publish_flights(
    kafka: KafkaSettings,
    injections: Injections,
    until_ms: int,
    progress: Callable[[int, int], None] = lambda sent, total: None,
) -> Manifest:
    """Publish the year into an empty import topic, then a heartbeat into each partition.

    Args:
        kafka: Brokers and topic, which must exist.
        injections: What to mix in.
        until_ms: Log time of the heartbeats: what is due up to then will close.
        progress: See `publish_receipts`.

    Raises:
        SettingsError: the topic is not configured as an import, or `until_ms` is too early.
        KafkaUnreachableError: see `publish_receipts`.
        TopicError: the topic is missing, not as configured, or not empty.
        FlightsError: the data set is not installed.
    """
    if kafka.timestamp_type is not TimestampType.CREATE_TIME:
        expected = f"{TimestampType.CREATE_TIME}, as flights of 2013 are an import"
        raise SettingsError("bad value", "kafka.timestamp_type", expected, kafka.timestamp_type)
    check_topics(kafka)
    with open_admin(kafka) as admin:
        offsets = end_offsets(admin, kafka.usage_topic)
    if any(offsets):
        raise TopicError(
            f"topic {kafka.usage_topic}: expected an empty topic, because log time must not go"
            f" back, found {sum(offsets)} records; delete the topic or name another"
        )
    departures = [read_departure(row) for row in read_flights()]
    receipts = receive(departures, injections, lambda key: partition_of(key, len(offsets)))
    if until_ms < receipts[-1].log_time_ms:
        last = to_text(receipts[-1].log_time_ms * 1000)
        found = to_text(until_ms * 1000)
        raise SettingsError("bad value", "--until", f"the last receipt, {last}, or later", found)
    receipts += heartbeats(len(offsets), until_ms)
    begin, end = publish_receipts(kafka, receipts, progress)
    return Manifest(
        topic=kafka.usage_topic,
        seed=injections.seed,
        records=len(receipts),
        kinds=count_kinds(receipts),
        begin_offsets=begin,
        end_offsets=end,
        first_log_time=to_text(receipts[0].log_time_ms * 1000),
        last_log_time=to_text(receipts[-1].log_time_ms * 1000),
    )


def _instant_ms(text: str) -> int:
    return to_us(datetime.fromisoformat(text)) // 1000


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 <= rate <= 1:
        raise ValueError(text)
    return rate


def _number(text: str) -> int:
    if int(text) < 0:
        raise ValueError(text)
    return int(text)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="publish_flights", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--seed", type=int, default=2013, help="decides all choices (%(default)s)")
    parser.add_argument("--repeat-rate", type=_rate, default=0.0, help="share received twice")
    parser.add_argument("--late-rate", type=_rate, default=0.0, help="share 2 to 60 days late")
    parser.add_argument("--malformed", type=_number, default=0, help="records of each bad kind")
    parser.add_argument(
        "--until",
        type=_instant_ms,
        default="2014-06-01T00:00:00Z",
        help="log time of the last heartbeats (%(default)s)",
    )
    parser.add_argument("--manifest", type=Path, help="file to write what was published to")
    parser.add_argument("--json", action="store_true", help="print the manifest only, as JSON")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Publish the year; return the exit code."""
    options = _parse(arguments)
    injections = Injections(options.seed, options.repeat_rate, options.late_rate, options.malformed)
    try:
        kafka = load_settings(options.settings, environ).kafka
        manifest = publish_flights(kafka, injections, options.until, _print_progress)
    except (SettingsError, KafkaUnreachableError, TopicError, FlightsError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.manifest:
        options.manifest.write_text(manifest.encode() + "\n")
    if options.json:
        print(manifest.encode())
    else:
        spoiled = sum(n for kind, n in manifest.kinds.items() if "/" in kind)
        plain = ", ".join(f"{n:,} {kind}" for kind, n in manifest.kinds.items() if "/" not in kind)
        print(
            f"{manifest.topic}: {manifest.records:,} records ({plain}, {spoiled:,} malformed or"
            f" odd), log time {manifest.first_log_time} to {manifest.last_log_time}"
        )
    return 0


def _print_progress(sent: int, total: int) -> None:
    print(f"published {sent:,} of {total:,}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

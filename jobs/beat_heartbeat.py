"""Writes a heartbeat into every partition of the usage topic, so that log time moves on.

    python -m jobs.beat_heartbeat --settings config/live.yaml --every 5
    python -m jobs.beat_heartbeat --settings config/demo.yaml --at 2014-06-01T00:00:00Z

On a live topic the broker stamps the heartbeats, so a quiet night closes its periods in time. On
an import topic nothing but its writer knows the log time: there `--at` gives it, once.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from kafka import KafkaProducer

from jobs.create_topics import TopicError, check_topics
from jobs.kafka_clients import KafkaUnreachableError, open_admin, open_producer
from jobs.settings import KafkaSettings, SettingsError, TimestampType, load_settings
from jobs.stop_signal import until_signal
from jobs.topic_offsets import last_log_time_ms
from schemas.heartbeat import encode_heartbeat
from schemas.instant import to_text, to_us


def beat_once(producer: KafkaProducer, topic: str, log_time_ms: int) -> int:
    """Write one heartbeat into each partition and make sure that each has arrived.

    Args:
        producer: Connected.
        topic: The usage topic.
        log_time_ms: Their timestamp; on a LogAppendTime topic the broker's clock replaces it.

    Returns:
        The number of partitions.

    Raises:
        kafka.errors.KafkaError: one did not arrive.
    """
    time = to_text(log_time_ms * 1000)
    sent = [
        producer.send(
            topic,
            value=encode_heartbeat(partition, time),
            partition=partition,
            timestamp_ms=log_time_ms,
        )
        for partition in sorted(producer.partitions_for(topic))
    ]
    producer.flush()
    for each in sent:
        each.get()
    return len(sent)


def beat_heartbeat(
    kafka: KafkaSettings, now_ms: Callable[[], int], wait: Callable[[], bool]
) -> int:
    """Beat until `wait` returns True; return the number of beats.

    Args:
        kafka: Brokers and topic.
        now_ms: The clock.
        wait: Waits for the time of the next beat; True means to stop.

    Raises:
        SettingsError: see `jobs.kafka_clients.client_arguments`.
        KafkaUnreachableError: a heartbeat did not arrive, although the client tried for minutes;
            whoever runs the program starts it again.
        TopicError: a topic is missing or not as configured.
    """
    check_topics(kafka)
    beats = 0
    with open_producer(kafka) as producer:
        while True:
            beat_once(producer, kafka.usage_topic, now_ms())
            beats += 1
            if wait():
                return beats


def _instant_ms(text: str) -> int:
    return to_us(datetime.fromisoformat(text)) // 1000


def _seconds(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def _check_at(kafka: KafkaSettings, at_ms: int | None) -> None:
    """Refuse a heartbeat whose log time the topic's kind does not allow."""
    is_import = kafka.timestamp_type is TimestampType.CREATE_TIME
    if is_import and at_ms is None:
        expected = "--at with the log time, on a topic with CreateTime"
        raise SettingsError("missing option", "command line", expected, "--every")
    if not is_import and at_ms is not None:
        expected = "--every, as the broker stamps the records of this topic"
        raise SettingsError("bad option", "command line", expected, "--at")


def main(arguments: Sequence[str], environ: Mapping[str, str], now_ms: Callable[[], int]) -> int:
    """Beat once or until a signal to end comes; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="beat_heartbeat", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument("--every", type=_seconds, help="seconds between two beats")
    when.add_argument("--at", type=_instant_ms, help="log time of a single beat, RFC 3339")
    options = parser.parse_args(arguments)
    stopped = until_signal()
    try:
        kafka = load_settings(options.settings, environ).kafka
        _check_at(kafka, options.at)
        if options.at is not None:
            _refuse_past(kafka, options.at)
            beats = beat_heartbeat(kafka, lambda: options.at, lambda: True)
        else:
            beats = beat_heartbeat(kafka, now_ms, lambda: stopped.wait(options.every))
    except (SettingsError, KafkaUnreachableError, TopicError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{kafka.usage_topic}: {beats} heartbeats in every partition")
    return 0


def _refuse_past(kafka: KafkaSettings, at_ms: int) -> None:
    """Refuse a log time before that of a record the topic already has."""
    with open_admin(kafka) as admin:
        last_ms = last_log_time_ms(admin, kafka.usage_topic)
    if at_ms < last_ms:
        expected = f"the topic's last log time, {to_text(last_ms * 1000)}, or later"
        raise SettingsError("bad option", "--at", expected, to_text(at_ms * 1000))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, lambda: int(datetime.now(UTC).timestamp() * 1000)))

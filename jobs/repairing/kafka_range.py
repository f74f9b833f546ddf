"""Reads a range of the usage topic again."""

import re
from dataclasses import dataclass

from kafka import TopicPartition

from jobs.kafka_clients import KafkaUnreachableError, open_consumer
from jobs.settings import KafkaSettings, SettingsError
from schemas.archived_record import ArchivedRecord

_ANSWER_MS = 10_000
_RANGE = re.compile(r"kafka:([^:]+)(?::([0-9]+):([0-9]+)-([0-9]+))?")


@dataclass(frozen=True, slots=True)
class KafkaRange:
    """Offsets of one partition, the last one not included; None: of all partitions, all."""

    kafka_partition: int | None = None
    begin_offset: int = 0
    end_offset: int = 0


def read_source(text: str, kafka: KafkaSettings) -> KafkaRange | None:
    """Return what `--from` names; None: the archive.

    Raises:
        SettingsError: It names nothing, or a topic whose offsets are not those of the archive.
    """
    if text == "raw_events":
        return None
    found = _RANGE.fullmatch(text)
    if found is None:
        expected = "raw_events, kafka:TOPIC or kafka:TOPIC:PARTITION:BEGIN-END"
        raise SettingsError("bad value", "--from", expected, repr(text))
    topic, partition, begin, end = found.groups()
    if topic != kafka.usage_topic:
        # Records are known by their place, and places of another topic are other records.
        expected = f"the usage topic, {kafka.usage_topic}"
        raise SettingsError("bad value", "--from", expected, topic)
    if partition is None:
        return KafkaRange()
    if int(end) <= int(begin):
        raise SettingsError("bad value", "--from", "an end after the begin", f"{begin}-{end}")
    return KafkaRange(int(partition), int(begin), int(end))


def read_records(kafka: KafkaSettings, wanted: KafkaRange) -> tuple[ArchivedRecord, ...]:
    """Return the records of a range that Kafka still has, by partition and offset.

    Raises:
        SettingsError: See `jobs.kafka_clients.client_arguments`; or there is no such partition.
        KafkaUnreachableError: No broker answers, or the topic is not there.
    """
    topic, records = kafka.usage_topic, []
    with open_consumer(kafka) as consumer:
        known = sorted(consumer.partitions_for_topic(topic) or ())
        number = wanted.kafka_partition
        if not known or (number is not None and number not in known):
            expected = f"a partition {'' if number is None else number} of {topic}"
            raise SettingsError("bad value", "--from", expected, f"partitions {known}")
        for partition in known if number is None else [number]:
            place = TopicPartition(topic, partition)
            (end,), (begin,) = (
                consumer.end_offsets([place]).values(),
                consumer.beginning_offsets([place]).values(),
            )
            if number is not None:
                begin, end = max(begin, wanted.begin_offset), min(end, wanted.end_offset)
            consumer.assign([place])
            consumer.seek(place, begin)
            position = begin
            while position < end:
                polled = consumer.poll(timeout_ms=_ANSWER_MS).get(place, ())
                records += [
                    ArchivedRecord(
                        partition,
                        each.offset,
                        each.timestamp * 1000,
                        None if each.key is None else each.key.decode(errors="replace"),
                        each.value,
                    )
                    for each in polled
                    if each.offset < end
                ]
                before, position = position, consumer.position(place)
                if position == before:
                    raise KafkaUnreachableError(
                        f"Kafka, {kafka.bootstrap_servers}: expected the records of {topic},"
                        f" partition {partition}, from offset {position} on, found no answer"
                    )
    return tuple(records)

"""What Kafka says of offsets that the archive lacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from kafka import TopicPartition

from audit.conservation import Gap
from jobs.kafka_clients import KafkaUnreachableError
from jobs.reconciling import explaining_gaps
from jobs.reconciling.explaining_gaps import explain_gaps
from jobs.settings import KafkaSettings

KAFKA = KafkaSettings("nowhere:9092", "usage")


@dataclass(frozen=True)
class Record:
    """What a consumer gives."""

    offset: int


class Topic:
    """A consumer of one partition with some records, and whatever the broker deleted before."""

    def __init__(self, begin: int, offsets: list[int]) -> None:
        """Start nowhere."""
        self._begin, self._offsets, self._position = begin, offsets, 0

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        """Return the only partition."""
        return {0} if topic == "usage" else None

    def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Return where the log begins."""
        return dict.fromkeys(places, self._begin)

    def assign(self, places: list[TopicPartition]) -> None:
        """Take the partition."""
        assert places == [TopicPartition("usage", 0)]

    def seek(self, place: TopicPartition, offset: int) -> None:
        """Go to an offset."""
        self._position = offset

    def poll(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        """Return the next record, if there is one."""
        found = [Record(each) for each in self._offsets if each >= self._position]
        return {TopicPartition("usage", 0): found[:max_records]} if found else {}


@pytest.mark.parametrize(
    ("gap", "begin", "offsets", "is_explained", "why"),
    [
        (Gap(0, 3, 4), 0, [0, 1, 2, 4], True, "Kafka has no record there"),
        (Gap(0, 3, 6), 0, [2, 4, 6], False, "Kafka has a record at offset 4"),
        (Gap(0, 0, 5), 5, [5, 6], True, "Kafka has deleted all before offset 5"),
        (Gap(0, 0, 5), 7, [7], True, "Kafka has deleted all before offset 7"),
        (Gap(0, 0, 5), 3, [3, 5], False, "Kafka has deleted all before offset 3"),
        (Gap(0, 2, 5), 9, [9], False, "Kafka has deleted all before offset 9"),
        (Gap(0, 2, 5), 0, [], False, "Kafka gave no answer"),
        (Gap(1, 2, 5), 0, [5], False, "Kafka has no partition 1 of usage"),
    ],
)
def test_a_gap_is_explained_by_the_topic_alone(
    gap: Gap,
    begin: int,
    offsets: list[int],
    is_explained: bool,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where Kafka has nothing there; what it has, or has deleted since, is no explanation."""

    @contextmanager
    def open_topic(_: KafkaSettings) -> Iterator[Topic]:
        yield Topic(begin, offsets)

    monkeypatch.setattr(explaining_gaps, "open_consumer", open_topic)
    (told,) = explain_gaps(KAFKA, [gap])
    assert (told.is_explained, told.why.partition(":")[0]) == (is_explained, why)


def test_what_was_explained_once_stays_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though Kafka has deleted all of it since; of another gap it is asked."""

    @contextmanager
    def open_topic(_: KafkaSettings) -> Iterator[Topic]:
        yield Topic(9, [9])

    monkeypatch.setattr(explaining_gaps, "open_consumer", open_topic)
    known, new = explain_gaps(KAFKA, [Gap(0, 2, 5), Gap(0, 6, 7)], {(0, 2, 5), (1, 6, 7)})
    assert (known.is_explained, known.is_known) == (True, True)
    assert (new.is_explained, new.is_known) == (False, False)


def test_kafka_is_asked_only_where_there_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """And where it does not answer, every gap stays unexplained."""

    def refuse(_: KafkaSettings) -> None:
        raise KafkaUnreachableError("nobody answers")

    monkeypatch.setattr(explaining_gaps, "open_consumer", refuse)
    assert explain_gaps(KAFKA, []) == ()
    assert explain_gaps(KAFKA, [Gap(0, 1, 2)], [(0, 1, 2)])[0].is_explained
    (told,) = explain_gaps(KAFKA, [Gap(0, 1, 2)])
    assert (told.is_explained, told.why) == (False, "Kafka cannot be asked: nobody answers")

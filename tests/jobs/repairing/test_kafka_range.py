"""A range of the usage topic is named, and read up to its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from kafka import TopicPartition

from jobs.kafka_clients import KafkaUnreachableError
from jobs.repairing import kafka_range
from jobs.repairing.kafka_range import KafkaRange, read_records, read_source
from jobs.settings import KafkaSettings, SettingsError

KAFKA = KafkaSettings("broker:9092")


@dataclass(frozen=True)
class _Record:
    offset: int
    timestamp: int = 5
    key: bytes | None = b"A"
    value: bytes | None = b"{}"


class _Consumer:
    """Two partitions with offsets 3 to 9; offset 5 is a transaction's marker, which is no record.

    A poll gives two records at most; a stalled one gives none.
    """

    def __init__(self, is_stalled: bool = False) -> None:
        self._at, self._is_stalled = 0, is_stalled

    def partitions_for_topic(self, topic: str) -> set[int]:
        assert topic == "usage-events"
        return {0, 1}

    def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 3)

    def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 10)

    def assign(self, places: list[TopicPartition]) -> None:
        (self._place,) = places

    def seek(self, place: TopicPartition, offset: int) -> None:
        self._at = offset

    def position(self, place: TopicPartition) -> int:
        return self._at

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[_Record]]:
        if self._is_stalled:
            return {}
        offsets = range(self._at, min(self._at + 2, 10))
        self._at += 2
        return {self._place: [_Record(each) for each in offsets if each != 5]}


def _read(
    monkeypatch: pytest.MonkeyPatch, wanted: KafkaRange, **more: Any
) -> list[tuple[int, int]]:
    @contextmanager
    def open_fake(kafka: KafkaSettings) -> Iterator[_Consumer]:
        yield _Consumer(**more)

    monkeypatch.setattr(kafka_range, "open_consumer", open_fake)
    found = read_records(KAFKA, wanted)
    assert all((each.record_key, each.log_time_us) == ("A", 5000) for each in found)
    return [(each.kafka_partition, each.kafka_offset) for each in found]


def test_a_range_is_named() -> None:
    """The archive, a topic, or offsets of one partition."""
    assert read_source("raw_events", KAFKA) is None
    assert read_source("kafka:usage-events", KAFKA) == KafkaRange()
    assert read_source("kafka:usage-events:1:20-30", KAFKA) == KafkaRange(1, 20, 30)


@pytest.mark.parametrize(
    "text", ["", "kafka:", "kafka:other", "kafka:usage-events:1", "kafka:usage-events:1:9-9"]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    """With what is expected."""
    with pytest.raises(SettingsError, match=r"bad value, --from: expected .*, found"):
        read_source(text, KAFKA)


def test_records_of_a_range_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to its end, as far as Kafka has them."""
    assert _read(monkeypatch, KafkaRange(1, 0, 7)) == [(1, 3), (1, 4), (1, 6)]
    assert _read(monkeypatch, KafkaRange(0, 8, 99)) == [(0, 8), (0, 9)]
    whole = [(p, o) for p in (0, 1) for o in (3, 4, 6, 7, 8, 9)]
    assert _read(monkeypatch, KafkaRange()) == whole
    with pytest.raises(SettingsError, match="expected a partition 7 of usage-events"):
        _read(monkeypatch, KafkaRange(7, 0, 1))


def test_a_broker_that_stalls_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line with the place; nothing is left out unseen."""
    with pytest.raises(KafkaUnreachableError, match="partition 0, from offset 3 on, found no"):
        _read(monkeypatch, KafkaRange(), is_stalled=True)

"""Asks the brokers how far a topic has been written."""

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec


def end_offsets(admin: KafkaAdminClient, topic: str) -> tuple[int, ...]:
    """Return, by partition, the offset after the last record."""
    found = admin.list_partition_offsets(
        dict.fromkeys(_partitions(admin, topic), OffsetSpec.LATEST)
    )
    return tuple(found[partition].offset for partition in sorted(found))


def begin_offsets(admin: KafkaAdminClient, topic: str) -> tuple[int, ...]:
    """Return, by partition, the offset of the first record that the brokers still have."""
    found = admin.list_partition_offsets(
        dict.fromkeys(_partitions(admin, topic), OffsetSpec.EARLIEST)
    )
    return tuple(found[partition].offset for partition in sorted(found))


def last_log_time_ms(admin: KafkaAdminClient, topic: str) -> int:
    """Return the greatest timestamp of the topic's records; -1 where it has none."""
    spec = OffsetSpec.MAX_TIMESTAMP
    found = admin.list_partition_offsets(dict.fromkeys(_partitions(admin, topic), spec))
    return int(max(each.timestamp for each in found.values()))


def _partitions(admin: KafkaAdminClient, topic: str) -> list[TopicPartition]:
    (described,) = admin.describe_topics([topic])
    return [TopicPartition(topic, number) for number in range(len(described["partitions"]))]

"""A record of the usage topic, as the archive keeps it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArchivedRecord:
    """One record.

    Attributes:
        kafka_partition: Its partition.
        kafka_offset: Its offset in the partition.
        log_time_us: When it was received: its Kafka timestamp.
        record_key: Its key; None: it has none.
        payload: Its value; None: a tombstone.
    """

    kafka_partition: int
    kafka_offset: int
    log_time_us: int
    record_key: str | None
    payload: bytes | None

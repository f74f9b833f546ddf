"""A record of the accounts topic, as it stands there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """One record.

    Attributes:
        account_id: The record's key.
        kafka_partition: Where it stands.
        kafka_offset: Where it stands in the partition.
        terms: Its value; None for a tombstone.
    """

    account_id: str
    kafka_partition: int
    kafka_offset: int
    terms: bytes | None

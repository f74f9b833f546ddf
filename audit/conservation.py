"""The conservation law, by partition and range of offsets: what a reconciliation says of it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class MeterEnds:
    """Where the counted events of one range ended for one meter.

    Attributes:
        meter_id: The meter.
        events: Distinct events of its type.
        ends: How many are closed, corrected, expired, unassigned, brought_back, taken_back,
            rejected for the meter, or open.
    """

    meter_id: str
    events: int
    ends: Mapping[str, int]

    @property
    def holds(self) -> bool:
        """Whether each event has exactly one end."""
        return self.events == sum(self.ends.values())


@dataclass(frozen=True)
class RangeCounts:
    """What became of the records of one partition's range of offsets.

    Attributes:
        kafka_partition: Of the usage topic.
        begin_offset: First offset.
        end_offset: First offset after.
        records: Records in the archive, each place once.
        batch_events: Events in records that are batches.
        fates: How many records and events of batches are counted, duplicate, conflict, rejected,
            retraction, heartbeat or batch.
        rejected: Those that are rejected, by reason.
        meters: Where counted events ended, by meter.
    """

    kafka_partition: int
    begin_offset: int
    end_offset: int
    records: int
    batch_events: int
    fates: Mapping[str, int]
    rejected: Mapping[str, int]
    meters: tuple[MeterEnds, ...]

    @property
    def holds(self) -> bool:
        """Whether each record and each event of a batch has exactly one fate."""
        return self.records + self.batch_events == sum(self.fates.values())


@dataclass(frozen=True)
class Gap:
    """Offsets of a partition that the archive lacks, half open."""

    kafka_partition: int
    begin_offset: int
    end_offset: int


@dataclass(frozen=True)
class Conflict:
    """A record with the identity of one that counts, and other content; places as in the log."""

    event_source: str
    event_id: str
    counted_partition: int
    counted_offset: int
    counted_index: int | None
    counted_fingerprint: str
    ignored_partition: int
    ignored_offset: int
    ignored_index: int | None
    ignored_fingerprint: str

"""What one run of the audit was asked for, and what it found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from audit.conservation import Conflict, Gap, RangeCounts
from audit.difference import Difference, RepeatBeyondHorizon


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look at, and how.

    Attributes:
        accounts: Only these; empty: all.
        since: Only periods that begin at or after it; None: from the first.
        until: Only periods that begin before it; None: to the last.
        ranges: Into how many ranges a partition is cut; None: one for each 100,000 offsets.
        buckets: In how many lots of accounts usage is worked out.
        memory_mb: What DuckDB may take.
        most: How many differences of a table are told one by one; all are counted.
    """

    accounts: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    ranges: int | None = None
    buckets: int = 1
    memory_mb: int = 1024
    most: int = 1000


@dataclass(frozen=True, slots=True)
class ToldGap:
    """A gap in the archive's offsets, and what Kafka says of it.

    Attributes:
        gap: The offsets.
        is_explained: Whether it is known to hold no record that the job should have read.
        why: In a few words.
        is_known: Whether an earlier run has explained it.
    """

    gap: Gap
    is_explained: bool
    why: str
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What one run found.

    Attributes:
        checkpoint_id: The job's checkpoint that the tables were read at.
        snapshot_ids: Snapshot by table.
        settled: Log time up to which due rows must be there; None: no row must be, yet.
        watermark: Log time up to which the job may have worked.
        rows_recomputed: Closed rows and corrections that were worked out.
        counts: What became of the records, by range of offsets.
        gaps: Gaps in the archive's offsets.
        conflicts: Records with a counted identity and other content; no differences.
        repeats: Repeats that the job counts, as it had forgotten the first.
        repeated_commits: What was committed twice, by table; readers take it once.
        repeated_places: Places that the archive has more than once.
        differences: What is not as it must be, at most `Wanted.most` of a table.
        difference_count: How many differences there are in all.
    """

    checkpoint_id: int
    snapshot_ids: Mapping[str, int]
    settled: datetime | None
    watermark: datetime
    rows_recomputed: int
    counts: tuple[RangeCounts, ...]
    gaps: tuple[ToldGap, ...]
    conflicts: tuple[Conflict, ...]
    repeats: tuple[RepeatBeyondHorizon, ...]
    repeated_commits: tuple[tuple[str, str], ...]
    repeated_places: int
    differences: tuple[Difference, ...]
    difference_count: int

    @property
    def records(self) -> int:
        """Records in the archive, each place once."""
        return sum(each.records for each in self.counts)

    @property
    def looked_at(self) -> dict[int, int]:
        """First offset after those of the archive, by partition."""
        ends: dict[int, int] = {}
        for each in self.counts:
            ends[each.kafka_partition] = max(ends.get(each.kafka_partition, 0), each.end_offset)
        return dict(sorted(ends.items()))

    @property
    def fates(self) -> dict[str, int]:
        """Records and events by fate, in the order of the fates' names."""
        totals: dict[str, int] = {}
        for each in self.counts:
            for fate, number in each.fates.items():
                totals[fate] = totals.get(fate, 0) + number
        return dict(sorted(totals.items()))

"""Adjustments of usage in Iceberg: what was approved, and how a proposal is added once."""

from collections.abc import Iterator, Sequence

from pyiceberg.catalog import Catalog

from iceberg.decided_tables import BACKFILLED_EVENTS, BROUGHT_BACK_USAGE, USAGE_ADJUSTMENTS
from iceberg.reading import read_once
from iceberg.row_shapes import read_shape, write_shape
from iceberg.scanning import batch_reader
from iceberg.tables import RAW_EVENTS
from iceberg.writing import append_rows
from schemas.archived_record import ArchivedRecord
from schemas.brought_back_usage import BroughtBackUsage, SourceTable
from schemas.instant import EPOCH, MICROSECOND
from schemas.usage_adjustment import UsageAdjustment

Place = tuple[int, int]
"""Partition and offset of a record."""


class AdjustmentStore:
    """The tables around adjustments, as they were when this was opened."""

    def __init__(self, catalog: Catalog, namespace: str) -> None:
        """Load them.

        Args:
            catalog: Has the tables.
            namespace: Theirs.
        """
        self._raw = catalog.load_table((namespace, RAW_EVENTS.name))
        self._backfilled = catalog.load_table((namespace, BACKFILLED_EVENTS.name))
        self._adjustments = catalog.load_table((namespace, USAGE_ADJUSTMENTS.name))
        self._brought_back = catalog.load_table((namespace, BROUGHT_BACK_USAGE.name))

    def adjustments(self) -> tuple[UsageAdjustment, ...]:
        """Return what was approved, ordered by row_id.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        rows = read_once(self._adjustments, USAGE_ADJUSTMENTS).to_pylist()
        found = [read_shape(UsageAdjustment, row) for row in rows]
        return tuple(sorted(found, key=lambda each: each.row_id))

    def counted_ids(self) -> frozenset[str]:
        """Return the ids of the adjustments that count: those that were brought back.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        within = {"source_table": [SourceTable.USAGE_ADJUSTMENTS.value]}
        rows = read_once(self._brought_back, BROUGHT_BACK_USAGE, within).to_pylist()
        return frozenset(row["source_row_id"] for row in rows)

    def append_records(self, records: Sequence[ArchivedRecord]) -> None:
        """Append records that were read again from Kafka, if nobody else has since.

        Raises:
            CommitConflictError: Another program did.
            UnknownCommitError: The catalog gave no clear answer.
        """
        append_rows(self._backfilled, BACKFILLED_EVENTS, [_record_row(each) for each in records])

    def append_adjustments(self, rows: Sequence[UsageAdjustment], job_version: str) -> None:
        """Append approved rows in one commit, if nobody has approved any since.

        Raises:
            CommitConflictError: Somebody did.
            UnknownCommitError: The catalog gave no clear answer.
        """
        written = [write_shape(row, job_version) for row in rows]
        append_rows(self._adjustments, USAGE_ADJUSTMENTS, written)

    def append_counted(self, rows: Sequence[BroughtBackUsage], job_version: str) -> None:
        """Let adjustments count in one commit, if nothing was brought back since.

        Raises:
            CommitConflictError: Something was.
            UnknownCommitError: The catalog gave no clear answer.
        """
        written = [write_shape(row, job_version) for row in rows]
        append_rows(self._brought_back, BROUGHT_BACK_USAGE, written)

    def missing_records(self, records: Sequence[ArchivedRecord]) -> tuple[ArchivedRecord, ...]:
        """Return those records that the archive lacks, read again or not.

        Args:
            records: Of some ranges; of a partition only the range between its records is read.
        """
        offsets: dict[int, list[int]] = {}
        for each in records:
            offsets.setdefault(each.kafka_partition, []).append(each.kafka_offset)
        known = {
            place
            for partition, found in sorted(offsets.items())
            for place in self._places(partition, min(found), max(found))
        }
        return tuple(
            each for each in records if (each.kafka_partition, each.kafka_offset) not in known
        )

    def _places(self, partition: int, first: int, last: int) -> Iterator[Place]:
        fields = ("kafka_partition", "kafka_offset")
        wanted = f"kafka_partition = {partition} and kafka_offset >= {first}"
        for table in (self._raw, self._backfilled):
            scan = table.scan(f"{wanted} and kafka_offset <= {last}", fields)
            for batch in batch_reader(scan):
                yield from zip(*(batch[name].to_pylist() for name in fields), strict=True)


def _record_row(record: ArchivedRecord) -> dict[str, object]:
    return {
        "kafka_partition": record.kafka_partition,
        "kafka_offset": record.kafka_offset,
        "log_time": EPOCH + record.log_time_us * MICROSECOND,
        "record_key": record.record_key,
        "payload": record.payload,
    }

"""Usage and the archive that it was made of, at one cut: what repairs look at."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import And
from pyiceberg.expressions.parser import parse

from iceberg.account_tables import ACCOUNTS
from iceberg.cutting import common_cut
from iceberg.decided_tables import BACKFILLED_EVENTS, BROUGHT_BACK_USAGE
from iceberg.reading import check_totals, is_in, load_revisions, load_windows, read_once
from iceberg.scanning import batch_reader
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, RAW_EVENTS, USAGE_CORRECTIONS
from schemas.archived_record import ArchivedRecord
from schemas.instant import EPOCH, MICROSECOND

_FIELDS = ("kafka_partition", "kafka_offset", "log_time", "payload")
_LATER = (
    f"DELETE FROM {CLOSED_USAGE.name} WHERE cut > ?",  # noqa: S608 - no outside text
    f"DELETE FROM {USAGE_CORRECTIONS.name} WHERE correction_end > ?",  # noqa: S608 - the same
)


class MeteredEvidence:
    """The tables of the metering job at one cut."""

    def __init__(self, catalog: Catalog, namespace: str, partitions: int) -> None:
        """Find the cut.

        Args:
            catalog: Has the tables.
            namespace: Theirs.
            partitions: Of the usage topic.
        """
        self._catalog, self._namespace = catalog, namespace
        cut = common_cut(catalog, namespace, partitions)
        self.received_until_us = None if cut is None else cut.received_until_us
        """Log time up to which every partition was read; None: there is no cut yet."""
        self._snapshot_ids = {} if cut is None else dict(cut.snapshot_ids)
        brought_back = catalog.load_table((namespace, BROUGHT_BACK_USAGE.name)).current_snapshot()
        if brought_back is not None:
            self._snapshot_ids[BROUGHT_BACK_USAGE.name] = brought_back.snapshot_id

    def records(self, more: Sequence[ArchivedRecord] = ()) -> Iterator[Any]:
        """Yield the archive as Arrow batches, place, log time and payload, each place once.

        Args:
            more: Records that the archive lacks.
        """
        raw = self._catalog.load_table((self._namespace, RAW_EVENTS.name))
        snapshot_id = self._snapshot_ids.get(RAW_EVENTS.name)
        if snapshot_id is not None:
            yield from batch_reader(raw.scan(selected_fields=_FIELDS, snapshot_id=snapshot_id))
        backfilled = self._catalog.load_table((self._namespace, BACKFILLED_EVENTS.name))
        yield from batch_reader(backfilled.scan(selected_fields=_FIELDS))
        if more:
            yield pa.RecordBatch.from_pydict(
                {
                    "kafka_partition": pa.array(
                        [each.kafka_partition for each in more], pa.int32()
                    ),
                    "kafka_offset": pa.array([each.kafka_offset for each in more], pa.int64()),
                    "log_time": pa.array(
                        [EPOCH + each.log_time_us * MICROSECOND for each in more],
                        pa.timestamp("us", "UTC"),
                    ),
                    "payload": pa.array([each.payload for each in more], pa.binary()),
                }
            )

    def account_records(self) -> list[dict[str, Any]]:
        """Return the records of accounts that the job took, in the order of each partition.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        existing = self._catalog.load_table((self._namespace, ACCOUNTS.name))
        found: list[dict[str, Any]] = read_once(existing, ACCOUNTS).to_pylist()
        return sorted(found, key=lambda row: (row["kafka_partition"], row["kafka_offset"]))

    def load_totals(self, rows: duckdb.DuckDBPyConnection, until_us: int) -> None:
        """Copy what usage totals are made of into DuckDB, up to a log time, with their views.

        Raises:
            BrokenRowsError: Rows contradict each other; a revision is missing.
        """
        load_revisions(rows, self._catalog, self._namespace, self._snapshot_ids)
        for sql in _LATER:
            rows.execute(sql, [EPOCH + until_us * MICROSECOND])
        check_totals(rows)

    def load_windows(
        self, rows: duckdb.DuckDBPyConnection, account_ids: Collection[str], span: tuple[int, int]
    ) -> None:
        """Copy running usage of accounts into DuckDB, as `metering_windows`, none told twice.

        Args:
            rows: Gets them.
            account_ids: Of which accounts.
            span: From which instant to before which, event time.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        existing = self._catalog.load_table((self._namespace, METERING_WINDOWS.name))
        since, until = ((EPOCH + each * MICROSECOND).isoformat() for each in span)
        start = "event_window_start"
        in_span = parse(f"{start} >= '{since}' and {start} < '{until}'")
        wanted = And(is_in("account_id", set(account_ids)), in_span)
        load_windows(rows, existing, wanted, self._snapshot_ids.get(METERING_WINDOWS.name))

"""The archive at one cut, and the tables of usage at the same: what usage is worked out from."""

from collections.abc import Collection, Iterator
from typing import Any

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import And
from pyiceberg.expressions.parser import parse

from iceberg.account_tables import ACCOUNTS
from iceberg.cutting import Cut, checkpoint_of, common_cut
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.kept_snapshots import check_kept
from iceberg.reading import is_in, load_revisions, load_windows, read_once
from iceberg.scanning import batch_reader
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, RAW_EVENTS, USAGE_CORRECTIONS
from schemas.instant import EPOCH, MICROSECOND

Span = tuple[int, int]
_FIELDS = ("kafka_partition", "kafka_offset", "log_time", "payload")


class Archive:
    """`raw_events` as of one snapshot, and the rows of usage that were made of it."""

    def __init__(
        self, catalog: Catalog, namespace: str, partitions: int, as_of: int | None = None
    ) -> None:
        """Find the cut.

        Tables that no checkpoint wrote have none: they are read as they are now.

        Args:
            catalog: Has the tables.
            namespace: Theirs.
            partitions: Of the usage topic.
            as_of: Id of a snapshot of `raw_events`, or number of a checkpoint; None: the newest
                cut.

        Raises:
            UnknownSnapshotError: The table keeps no such snapshot, and its checkpoints do not go
                back so far.
        """
        self._catalog, self._namespace = catalog, namespace
        raw = catalog.load_table((namespace, RAW_EVENTS.name))
        is_snapshot = as_of is not None and raw.snapshot_by_id(as_of) is not None
        number = checkpoint_of(raw, as_of) if as_of is not None and is_snapshot else as_of
        is_numbered = as_of is None or number is not None
        cut = common_cut(catalog, namespace, partitions, at_most=number) if is_numbered else None
        self.received_until_us = None if cut is None else cut.received_until_us
        """Log time up to which every partition was read; None: not known, or there is no cut."""
        self.has_cut = cut is not None
        """Whether checkpoints tell of the same records in all tables."""
        self.snapshot_ids = self._current()
        """What is read, by name of table; a table without rows is left out."""
        if cut is not None:
            brought_back = BROUGHT_BACK_USAGE.name
            kept = {name: each for name, each in self.snapshot_ids.items() if name == brought_back}
            self.snapshot_ids = {**kept, **cut.snapshot_ids}
        if as_of is not None and is_snapshot:
            self.snapshot_ids[RAW_EVENTS.name] = as_of
        elif as_of is not None and (cut is None or not _reaches(cut, as_of)):
            check_kept(raw, RAW_EVENTS, as_of)

    def batches(self) -> Iterator[Any]:
        """Yield the records as Arrow batches: place, log time and payload."""
        snapshot_id = self.snapshot_ids.get(RAW_EVENTS.name)
        if snapshot_id is not None:
            raw = self._catalog.load_table((self._namespace, RAW_EVENTS.name))
            yield from batch_reader(raw.scan(selected_fields=_FIELDS, snapshot_id=snapshot_id))

    def account_records(self) -> list[dict[str, Any]]:
        """Return the records of accounts that the job took, in the order of each partition.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        existing = self._catalog.load_table((self._namespace, ACCOUNTS.name))
        found: list[dict[str, Any]] = read_once(existing, ACCOUNTS).to_pylist()
        return sorted(found, key=lambda row: (row["kafka_partition"], row["kafka_offset"]))

    def load_usage(self, rows: duckdb.DuckDBPyConnection) -> None:
        """Copy closed rows, corrections and what was brought back into DuckDB, each row once.

        Args:
            rows: Gets a table of each name.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        load_revisions(rows, self._catalog, self._namespace, self.snapshot_ids)

    def load_windows(
        self, rows: duckdb.DuckDBPyConnection, account_ids: Collection[str], span: Span
    ) -> None:
        """Copy running usage of accounts into DuckDB, as `metering_windows`, none told twice.

        Args:
            rows: Gets them.
            account_ids: Of which accounts.
            span: From which instant to before which, event time.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        name = METERING_WINDOWS.name
        existing = self._catalog.load_table((self._namespace, name))
        since, until = ((EPOCH + each * MICROSECOND).isoformat() for each in span)
        start = "event_window_start"
        in_span = parse(f"{start} >= '{since}' and {start} < '{until}'")
        wanted = And(is_in("account_id", set(account_ids)), in_span)
        load_windows(rows, existing, wanted, self.snapshot_ids.get(name))

    def _current(self) -> dict[str, int]:
        found = {}
        for table in (BROUGHT_BACK_USAGE, CLOSED_USAGE, RAW_EVENTS, USAGE_CORRECTIONS):
            existing = self._catalog.load_table((self._namespace, table.name))
            snapshot = existing.current_snapshot()
            if snapshot is not None:
                found[table.name] = snapshot.snapshot_id
        return found


def _reaches(cut: Cut, number: int) -> bool:
    return cut.checkpoint_id == number and RAW_EVENTS.name in cut.snapshot_ids

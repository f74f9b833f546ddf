"""The archive at one cut, and the tables of usage at the same: what usage is worked out from."""

from collections.abc import Collection, Iterator
from typing import Any

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import AlwaysFalse, AlwaysTrue, And
from pyiceberg.expressions.parser import parse

from iceberg.account_tables import ACCOUNTS
from iceberg.cutting import Cut, checkpoint_of, common_cut
from iceberg.decided_tables import BACKFILLED_EVENTS, BROUGHT_BACK_USAGE, USAGE_ADJUSTMENTS
from iceberg.kept_snapshots import check_kept
from iceberg.reading import is_in, load_once, load_revisions, load_windows
from iceberg.scanning import batch_reader
from iceberg.table import Table
from iceberg.tables import (
    CLOSED_USAGE,
    METERING_WINDOWS,
    RAW_EVENTS,
    UNASSIGNED_USAGE,
    USAGE_CORRECTIONS,
)
from schemas.instant import EPOCH, MICROSECOND

_TOLD = (ACCOUNTS, UNASSIGNED_USAGE, USAGE_ADJUSTMENTS)
# What is added there changes nothing that has closed.
_AS_THEY_ARE = tuple(table.name for table in (BROUGHT_BACK_USAGE, BACKFILLED_EVENTS, *_TOLD))
Span = tuple[int, int]
_FIELDS = ("kafka_partition", "kafka_offset", "log_time", "payload")


class Archive:
    """`raw_events` as of one snapshot, and the rows of usage that were made of it."""

    def __init__(
        self,
        catalog: Catalog,
        namespace: str,
        partitions: int,
        as_of: int | None = None,
        is_repaired: bool = False,
    ) -> None:
        """Find the cut.

        Tables that no checkpoint wrote have none: they are read as they are now.

        Args:
            catalog: Has the tables.
            namespace: Theirs.
            partitions: Of the usage topic.
            as_of: Id of a snapshot of `raw_events`, or number of a checkpoint; None: the newest
                cut.
            is_repaired: Whether records count that were read again from Kafka, which no row of the
                job has.

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
        self.snapshot_ids = self._current((BACKFILLED_EVENTS,) if is_repaired else ())
        """What is read, by name of table; a table without rows is left out."""
        if cut is not None:
            now = {name: each for name, each in self.snapshot_ids.items() if name in _AS_THEY_ARE}
            self.snapshot_ids = {**now, **cut.snapshot_ids}
        if as_of is not None and is_snapshot:
            self.snapshot_ids[RAW_EVENTS.name] = as_of
        elif as_of is not None and (cut is None or not _reaches(cut, as_of)):
            check_kept(raw, RAW_EVENTS, as_of)

    def batches(self) -> Iterator[Any]:
        """Yield the records as Arrow batches: place, log time and payload.

        What the job has archived comes first; a place may come again.
        """
        for table in (RAW_EVENTS, BACKFILLED_EVENTS):
            snapshot_id = self.snapshot_ids.get(table.name)
            if snapshot_id is not None:
                existing = self._catalog.load_table((self._namespace, table.name))
                scan = existing.scan(selected_fields=_FIELDS, snapshot_id=snapshot_id)
                yield from batch_reader(scan)

    def load_usage(self, rows: duckdb.DuckDBPyConnection) -> None:
        """Copy closed rows, corrections and what was brought back into DuckDB, each row once.

        And what the audit's rules are read from: accounts, and usage that had none; and what people
        have adjusted.

        Args:
            rows: Gets a table of each name.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        load_revisions(rows, self._catalog, self._namespace, self.snapshot_ids)
        for table in _TOLD:
            existing = self._catalog.load_table((self._namespace, table.name))
            snapshot_id = self.snapshot_ids.get(table.name)
            wanted = AlwaysFalse() if snapshot_id is None else AlwaysTrue()
            load_once(rows, existing, table, snapshot_id, wanted)

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

    @property
    def has_backfilled(self) -> bool:
        """Whether there are records that were read again from Kafka, and they count."""
        return BACKFILLED_EVENTS.name in self.snapshot_ids

    def _current(self, more: tuple[Table, ...]) -> dict[str, int]:
        found = {}
        known = (BROUGHT_BACK_USAGE, CLOSED_USAGE, RAW_EVENTS, USAGE_CORRECTIONS, *_TOLD)
        for table in (*known, *more):
            existing = self._catalog.load_table((self._namespace, table.name))
            snapshot = existing.current_snapshot()
            if snapshot is not None:
                found[table.name] = snapshot.snapshot_id
        return found


def _reaches(cut: Cut, number: int) -> bool:
    return cut.checkpoint_id == number and RAW_EVENTS.name in cut.snapshot_ids

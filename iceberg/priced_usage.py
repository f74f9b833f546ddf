"""Reads what is to be priced: totals of billing periods at one cut, and windows where needed."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import AlwaysFalse, BooleanExpression
from pyiceberg.expressions.parser import parse

from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.kept_snapshots import check_kept
from iceberg.reading import check_totals, load_revisions, load_windows
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, USAGE_CORRECTIONS
from schemas.instant import EPOCH, MICROSECOND
from schemas.priced_usage import UsedMeter

_KEY = "account_id, meter_id, dimensions, period_start, period_end"
_BATCH_ROWS = 10_000

# Of each total the rows that it was read from, and the log time up to which it counts. Ordered by
# account, so that those of some accounts lie together.
_PRICED = f"""
    CREATE TABLE priced_usage AS
    WITH sources AS (
        SELECT {_KEY}, row_id, cut AS reach FROM {CLOSED_USAGE.name}
        UNION ALL SELECT {_KEY}, row_id, correction_end FROM {USAGE_CORRECTIONS.name}
        UNION ALL SELECT {_KEY}, row_id, NULL FROM {BROUGHT_BACK_USAGE.name}
    ), read_from AS (
        SELECT {_KEY}, list(row_id ORDER BY row_id) AS row_ids, max(reach) AS reach
        FROM sources GROUP BY ALL
    )
    SELECT {_KEY}, epoch_us(period_start) AS start_us, epoch_us(period_end) AS end_us,
        timezone, aggregation, unit, quantity, event_count, row_ids, reach
    FROM usage_totals JOIN read_from USING ({_KEY})
    ORDER BY account_id, start_us, end_us, meter_id, dimensions
"""  # noqa: S608 - no outside text
_LATER = (
    f"DELETE FROM {CLOSED_USAGE.name} WHERE cut > ?",  # noqa: S608 - no outside text
    f"DELETE FROM {USAGE_CORRECTIONS.name} WHERE correction_end > ?",  # noqa: S608 - the same
)
_USED = "SELECT DISTINCT account_id, start_us, end_us, meter_id FROM priced_usage ORDER BY ALL"
_SIZES = f"""
    SELECT account_id, count(*) FROM (
        SELECT account_id FROM priced_usage UNION ALL SELECT account_id FROM {METERING_WINDOWS.name}
    ) GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 - no outside text


class PricedUsage:
    """Usage at one cut, each row once; close it when done, and before others read its database."""

    def __init__(
        self,
        catalog: Catalog,
        namespace: str,
        snapshot_ids: Mapping[str, int],
        until_us: int,
        folder: str,
    ) -> None:
        """Read the totals into a database of its own, on disk: they may be larger than memory.

        Args:
            catalog: Has the tables.
            namespace: Theirs.
            snapshot_ids: What is read, by name of table.
            until_us: Log time up to which rows count: closed rows by their cut, corrections by the
                end of their bucket. So the same rows are read again, whatever came in between.
            folder: An empty folder for the database.

        Raises:
            BrokenRowsError: Rows contradict each other; a revision is missing.
        """
        self._catalog, self._namespace, self._snapshot_ids = catalog, namespace, snapshot_ids
        self.path = f"{folder}/usage.duckdb"
        """Of the database, for `iceberg.account_ranges`."""
        self._rows = duckdb.connect(self.path)
        load_revisions(self._rows, catalog, namespace, snapshot_ids)
        for sql in _LATER:
            self._rows.execute(sql, [_instant(until_us)])
        check_totals(self._rows)
        self._rows.execute(_PRICED)

    def close(self) -> None:
        """Give the database up."""
        self._rows.close()

    def used_meters(self) -> Iterator[UsedMeter]:
        """Yield each meter that was used in each period, ordered by account and period."""
        # A cursor of its own: windows may be loaded while it is open.
        found = self._rows.cursor().execute(_USED)
        while rows := found.fetchmany(_BATCH_ROWS):
            yield from (UsedMeter(*row) for row in rows)

    def load_windows(self, span: tuple[int, int] | None) -> None:
        """Read the windows of all accounts from an instant until before another.

        Args:
            span: Both; None: no windows are needed.

        Raises:
            UnknownSnapshotError: They are needed, and their snapshot has expired.
        """
        snapshot_id = self._snapshot_ids.get(METERING_WINDOWS.name)
        existing = self._catalog.load_table((self._namespace, METERING_WINDOWS.name))
        if snapshot_id is None or span is None:
            wanted: BooleanExpression = AlwaysFalse()
            snapshot_id = None  # it may have expired
        else:
            check_kept(existing, METERING_WINDOWS, snapshot_id)
            since, until = map(_instant, span)
            start = "event_window_start"
            wanted = parse(f"{start} >= '{since.isoformat()}' and {start} < '{until.isoformat()}'")
        load_windows(self._rows, existing, wanted, snapshot_id)

    def sizes(self) -> list[tuple[str, int]]:
        """Return how many totals and loaded windows each account has, ordered by account."""
        return self._rows.execute(_SIZES).fetchall()


def _instant(instant_us: int) -> datetime:
    return EPOCH + instant_us * MICROSECOND

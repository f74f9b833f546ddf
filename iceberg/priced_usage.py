"""Reads what is to be priced: totals of billing periods at one cut, and windows where needed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import AlwaysFalse, BooleanExpression
from pyiceberg.expressions.parser import parse

from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.reading import check_totals, load_revisions, load_windows
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, USAGE_CORRECTIONS
from schemas.aggregation import Aggregation
from schemas.instant import EPOCH, MICROSECOND
from schemas.priced_usage import UsageDetail, UsageTotal

_KEY = "account_id, meter_id, dimensions, period_start, period_end"
_BATCH_ROWS = 10_000

# Of each total the rows that it was read from, and the log time up to which it counts.
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
"""  # noqa: S608 - no outside text
_LATER = (
    f"DELETE FROM {CLOSED_USAGE.name} WHERE cut > ?",  # noqa: S608 - no outside text
    f"DELETE FROM {USAGE_CORRECTIONS.name} WHERE correction_end > ?",  # noqa: S608 - the same
)
_COUNTED = "SELECT count(DISTINCT (account_id, start_us, end_us)) FROM priced_usage"
_TOTAL_FIELDS = tuple(field.name for field in fields(UsageTotal))
_ORDERED = """
    SELECT account_id, start_us, end_us, timezone, meter_id, dimensions, unit, quantity,
        event_count, aggregation, row_ids
    FROM priced_usage
    ORDER BY account_id, start_us, end_us, meter_id, dimensions
"""
# Up to the log time of its last revision a meter's windows are in its totals, and no others are.
_DETAILS = f"""
    WITH reached AS (
        SELECT meter_id, max(reach) AS reach FROM priced_usage
        WHERE (account_id, period_start, period_end) = ($account, $start, $end)
        GROUP BY meter_id
    )
    SELECT meter_id, dimensions, epoch_us(event_window_start), ifnull(part, ''), quantity,
        event_count
    FROM {METERING_WINDOWS.name} JOIN reached USING (meter_id)
    WHERE account_id = $account AND event_window_start >= $start AND event_window_start < $end
        AND log_window_end <= reach
    UNION ALL
    SELECT meter_id, dimensions, epoch_us(first_event_time), '', quantity, event_count
    FROM {BROUGHT_BACK_USAGE.name}
    WHERE (account_id, period_start, period_end) = ($account, $start, $end)
    ORDER BY ALL
"""  # noqa: S608 - no outside text


@dataclass(frozen=True, slots=True)
class PeriodName:
    """One billing period of one account."""

    account_id: str
    start_us: int
    end_us: int


class PricedUsage:
    """Usage at one cut, each row once; close it when done."""

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
        self._rows = duckdb.connect(f"{folder}/usage.duckdb")
        load_revisions(self._rows, catalog, namespace, snapshot_ids)
        for sql in _LATER:
            self._rows.execute(sql, [_instant(until_us)])
        check_totals(self._rows)
        self._rows.execute(_PRICED)

    def close(self) -> None:
        """Give the database up."""
        self._rows.close()

    def count_periods(self) -> int:
        """Return how many billing periods there are."""
        ((count,),) = self._rows.execute(_COUNTED).fetchall()
        return int(count)

    def periods(self) -> Iterator[tuple[UsageTotal, ...]]:
        """Yield the totals of each period, ordered by account, period, meter and dimensions."""
        # A cursor of its own: details are asked for while it is open.
        ordered = self._rows.cursor().execute(_ORDERED)
        for _, totals in groupby(_totals(ordered), key=_period):
            yield tuple(totals)

    def load_details(self, periods: Sequence[PeriodName]) -> None:
        """Read the windows of some periods."""
        snapshot_id = self._snapshot_ids.get(METERING_WINDOWS.name)
        existing = self._catalog.load_table((self._namespace, METERING_WINDOWS.name))
        if snapshot_id is None or not periods:
            wanted: BooleanExpression = AlwaysFalse()
        else:
            since = min(each.start_us for each in periods)
            until = max(each.end_us for each in periods)
            start = "event_window_start"
            wanted = parse(
                f"{start} >= '{_instant(since).isoformat()}'"
                f" and {start} < '{_instant(until).isoformat()}'"
            )
        load_windows(self._rows, existing, wanted, snapshot_id)

    def details(self, period: PeriodName) -> tuple[UsageDetail, ...]:
        """Return the windows of a period that its totals count, and what was brought back.

        Args:
            period: One that `load_details` was given.
        """
        values = {
            "account": period.account_id,
            "start": _instant(period.start_us),
            "end": _instant(period.end_us),
        }
        found = self._rows.execute(_DETAILS, values).fetchall()
        return tuple(UsageDetail(*row) for row in found)


def _totals(ordered: duckdb.DuckDBPyConnection) -> Iterator[UsageTotal]:
    while rows := ordered.fetchmany(_BATCH_ROWS):
        for row in rows:
            values = dict(zip(_TOTAL_FIELDS, row, strict=True))
            aggregation, row_ids = Aggregation(values["aggregation"]), tuple(values["row_ids"])
            yield UsageTotal(**values | {"aggregation": aggregation, "row_ids": row_ids})


def _period(total: UsageTotal) -> PeriodName:
    return PeriodName(total.account_id, total.period_start_us, total.period_end_us)


def _instant(instant_us: int) -> datetime:
    return EPOCH + instant_us * MICROSECOND

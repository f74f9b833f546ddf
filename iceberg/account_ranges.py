"""Reads usage and charges of a range of accounts, from databases that several programs may open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import duckdb

from iceberg.charge_tables import CHARGES
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.row_shapes import read_shapes
from iceberg.tables import METERING_WINDOWS
from schemas.aggregation import Aggregation
from schemas.charge import Charge
from schemas.priced_usage import UsageDetail, UsageTotal

_BATCH_ROWS = 10_000
_WITHIN = "account_id >= ? AND (? IS NULL OR account_id < ?)"
_TOTALS = f"""
    SELECT account_id, start_us, end_us, timezone, meter_id, dimensions, unit, quantity,
        event_count, aggregation, row_ids
    FROM used.priced_usage WHERE {_WITHIN}
    ORDER BY account_id, start_us, end_us, meter_id, dimensions
"""  # noqa: S608 - no outside text
_CHARGES = f"""
    FROM charged.{CHARGES.name} WHERE {_WITHIN} ORDER BY account_id, charge_id
"""
# Up to the log time of its last revision a meter's windows are in its totals, and no others are.
_DETAILS = f"""
    WITH reached AS (
        SELECT account_id, start_us, end_us, meter_id, max(reach) AS reach
        FROM used.priced_usage SEMI JOIN wanted USING (account_id, start_us, end_us)
        GROUP BY ALL
    )
    SELECT account_id, start_us, end_us, meter_id, dimensions,
        epoch_us(event_window_start) AS at_us, ifnull(part, '') AS part, quantity, event_count
    FROM used.{METERING_WINDOWS.name} AS windows JOIN reached USING (account_id, meter_id)
    WHERE epoch_us(event_window_start) >= start_us AND epoch_us(event_window_start) < end_us
        AND log_window_end <= reach
    UNION ALL
    SELECT account_id, start_us, end_us, meter_id, dimensions, epoch_us(first_event_time), '',
        quantity, event_count
    FROM (
        SELECT *, epoch_us(period_start) AS start_us, epoch_us(period_end) AS end_us
        FROM used.{BROUGHT_BACK_USAGE.name}
    ) SEMI JOIN wanted USING (account_id, start_us, end_us)
    ORDER BY ALL
"""  # noqa: S608 - no outside text


@dataclass(frozen=True, slots=True)
class AccountRange:
    """Accounts whose ids lie together.

    Attributes:
        since: The least id.
        until: The least id that is greater than all of them; None: they are the last ones.
    """

    since: str
    until: str | None


@dataclass(frozen=True, slots=True)
class PeriodName:
    """One billing period of one account."""

    account_id: str
    start_us: int
    end_us: int


def cut_ranges(sizes: Sequence[tuple[str, int]], rows: int) -> tuple[AccountRange, ...]:
    """Return ranges of accounts that have about as many rows each.

    Args:
        sizes: Ids and numbers of rows of all accounts, ordered by id.
        rows: A range ends with the account with which it has as many; an account is never cut.
    """
    starts, room = [], 0
    for account_id, size in sizes:
        if room <= 0:
            starts.append(account_id)
            room = rows
        room -= size
    return tuple(map(AccountRange, starts, [*starts[1:], None]))


class RangeReader:
    """Opens the databases of a run to read; close it when done."""

    def __init__(self, usage_path: str, charges_path: str) -> None:
        """Open both.

        Args:
            usage_path: Of a `PricedUsage` that is closed.
            charges_path: Of a `ChargeStore` whose charges were read and given up.
        """
        self._rows = duckdb.connect(config={"threads": 1})
        self._rows.execute("SET TimeZone = 'UTC'")
        for path, name in ((usage_path, "used"), (charges_path, "charged")):
            quoted = path.replace("'", "''")
            self._rows.execute(f"ATTACH '{quoted}' AS {name} (READ_ONLY)")

    def close(self) -> None:
        """Give both up."""
        self._rows.close()

    def usage(self, within: AccountRange) -> dict[str, list[tuple[UsageTotal, ...]]]:
        """Return the totals by account and period, ordered, within by meter and dimensions."""
        ordered = self._rows.execute(_TOTALS, _bounds(within))
        found: dict[str, list[tuple[UsageTotal, ...]]] = {}
        for name, totals in groupby(_read_totals(ordered), key=period_of):
            found.setdefault(name.account_id, []).append(tuple(totals))
        return found

    def charges(self, within: AccountRange) -> dict[str, tuple[Charge, ...]]:
        """Return the charges by account, ordered by account and id."""
        found = self._rows.sql(_CHARGES, params=_bounds(within)).to_arrow_table()
        charges = read_shapes(Charge, found)
        by_account = groupby(charges, key=attrgetter("account_id"))
        return {account_id: tuple(each) for account_id, each in by_account}

    def details(self, periods: Sequence[PeriodName]) -> dict[PeriodName, tuple[UsageDetail, ...]]:
        """Return, by period, the windows that its totals count, and what was brought back."""
        self._rows.execute(
            "CREATE OR REPLACE TABLE wanted AS SELECT unnest(?::VARCHAR[]) AS account_id,"
            " unnest(?::BIGINT[]) AS start_us, unnest(?::BIGINT[]) AS end_us",
            [
                [each.account_id for each in periods],
                [each.start_us for each in periods],
                [each.end_us for each in periods],
            ],
        )
        found = self._rows.execute(_DETAILS).fetchall()
        by_period = groupby(found, key=lambda row: PeriodName(*row[:3]))
        return {name: tuple(UsageDetail(*row[3:]) for row in rows) for name, rows in by_period}


def period_of(total: UsageTotal) -> PeriodName:
    """Return the period that a total is of."""
    return PeriodName(total.account_id, total.period_start_us, total.period_end_us)


def _bounds(within: AccountRange) -> list[str | None]:
    return [within.since, within.until, within.until]


def _read_totals(ordered: duckdb.DuckDBPyConnection) -> Iterator[UsageTotal]:
    while rows := ordered.fetchmany(_BATCH_ROWS):
        for row in rows:
            values = (*row[:9], Aggregation(row[9]), tuple(row[10]))
            yield UsageTotal(*values)

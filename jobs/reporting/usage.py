"""Metered usage per account and billing period."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from duckdb import DuckDBPyConnection

from iceberg.reading import usage_totals

# What dimensions split is put together again where the aggregation allows: a sum of averages, or of
# unique counts, says nothing.
_USAGE = """
    SELECT account_id, epoch_us(period_start), epoch_us(period_end), timezone, meter_id,
        CASE WHEN aggregation IN ('average', 'latest', 'percentile', 'unique_count')
            THEN dimensions ELSE '{}' END AS shown,
        aggregation, unit,
        CASE aggregation WHEN 'max' THEN max(quantity) WHEN 'min' THEN min(quantity)
            ELSE sum(quantity) END,
        sum(event_count)::BIGINT
    FROM totals
    WHERE $1 IS NULL OR account_id = $1
    GROUP BY account_id, period_start, period_end, timezone, meter_id, shown, aggregation, unit
    ORDER BY account_id, period_start, period_end, meter_id, shown, timezone, aggregation, unit
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one account used of one meter in one billing period, corrections included.

    Attributes:
        account_id: The account.
        period_start_us: First instant of the period.
        period_end_us: First instant after the period.
        timezone: IANA zone of the period's boundaries.
        meter_id: The meter.
        dimensions: Canonical JSON where they cannot be put together, else `{}`.
        aggregation: How events become the quantity.
        unit: Unit of the quantity.
        quantity: Exact.
        event_count: Number of events in it.
    """

    account_id: str
    period_start_us: int
    period_end_us: int
    timezone: str
    meter_id: str
    dimensions: str
    aggregation: str
    unit: str
    quantity: Decimal
    event_count: int

    @property
    def label(self) -> str:
        """The meter, with its dimensions where they stay apart."""
        return self.meter_id if self.dimensions == "{}" else f"{self.meter_id} {self.dimensions}"


def read_usage(rows: DuckDBPyConnection, account_id: str | None) -> tuple[Usage, ...]:
    """Return the usage of one account, or of all, ordered by account, period and meter.

    Args:
        rows: From `iceberg.reading.open_rows`.
        account_id: None for all accounts.

    Raises:
        BrokenRowsError: Corrections do not add up.
    """
    rows.register("totals", usage_totals(rows))
    return tuple(Usage(*row) for row in rows.execute(_USAGE, [account_id]).fetchall())


def meters_of(usage: Iterable[Usage]) -> dict[str, str]:
    """Return the unit of each meter that occurs, ordered by the meter's label."""
    return dict(sorted({each.label: each.unit for each in usage}.items()))

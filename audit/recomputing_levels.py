"""The rows of meters over time, worked out by `audit.levels` from the units that SQL has placed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

import duckdb

from audit.counting import Clocks, Unit
from audit.judging import EPOCH
from audit.levels import level_rows
from audit.loading import insert_rows
from audit.shapes import Closed, Correction, OracleMeter, OracleTerms

_BATCH_ROWS = 10_000
_UNITS = """
    SELECT account_id, meter_id, dimensions, CAST(billionths AS VARCHAR), event_us, log_us,
        window_end_us, window_start_us, part, kafka_partition, kafka_offset, batch_index,
        is_retraction
    FROM metered WHERE place = 'period' AND aggregation = 'time_weighted_sum'
    ORDER BY account_id, meter_id, dimensions
"""


def add_level_rows(
    rows: duckdb.DuckDBPyConnection,
    meters: Sequence[OracleMeter],
    accounts: Mapping[str, Sequence[OracleTerms]],
    clocks: Clocks,
) -> None:
    """Add the rows of all levels to `audit_rows`; one level's units and all rows are held.

    Args:
        rows: With the table `metered` of `audit/sql/placed.sql`.
        meters: The configured ones.
        accounts: The accepted terms.
        clocks: The settings about log time.
    """
    by_id = {meter.meter_id: meter for meter in meters}
    found: list[tuple[Any, ...]] = []
    for (account_id, _, _), units in groupby(_units(rows, by_id), key=lambda unit: unit.subject):
        closed, corrections = level_rows([*units], [*accounts[account_id]], clocks)
        found += map(_values_of_closed, closed)
        found += map(_values_of_correction, corrections)
    schema = rows.sql("FROM audit_rows LIMIT 0").to_arrow_table().schema
    insert_rows(rows, "audit_rows", schema, found)


def _units(rows: duckdb.DuckDBPyConnection, meters: Mapping[str, OracleMeter]) -> Iterator[Unit]:
    ordered = rows.execute(_UNITS)
    while some := ordered.fetchmany(_BATCH_ROWS):
        for account_id, meter_id, dimensions, billionths, *instants, part, p, o, i, is_back in some:
            event_time, log_time, window_end, window_start = map(_instant, instants)
            yield Unit(
                meters[meter_id],
                account_id,
                dimensions,
                int(billionths),
                event_time,
                log_time,
                window_end,
                window_start,
                part,
                (p, o, i),
                is_back,
            )


def _instant(instant_us: int) -> datetime:
    return EPOCH + timedelta(microseconds=instant_us)


def _values_of_closed(row: Closed) -> tuple[Any, ...]:
    return _values(row, row.quantity, row.event_count, None)


def _values_of_correction(row: Correction) -> tuple[Any, ...]:
    return _values(row, row.quantity_delta, row.event_count_delta, row.correction_end)


def _values(
    row: Closed | Correction, delta: Decimal, count_delta: int, correction_end: datetime | None
) -> tuple[Any, ...]:
    return (
        row.account_id,
        row.meter_id,
        row.dimensions,
        row.period_start,
        row.period_end,
        row.timezone,
        row.aggregation,
        row.unit,
        row.revision,
        row.quantity,
        delta,
        row.event_count,
        count_delta,
        row.breakdown,
        row.cut,
        correction_end,
        row.first_event_time,
        row.last_event_time,
        row.first_log_time,
        row.last_log_time,
        row.terms_version,
    )

"""What was used in each billing period, and in each part of it, in SQL over rows of the tables."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

Tables = Mapping[str, Any]
"""Arrow tables by name, such as `closed_usage`; each may have any other columns and rows."""

CUT = {"count", "sum", "histogram"}
"""Aggregations of which each part of a period has its own usage."""
SUMMED = {*CUT, "time_weighted_sum"}
"""Aggregations that dimensions can be added up of."""

_ROW = "row_id, account_id, meter_id, dimensions, period_start, period_end, aggregation"
_KNOWN = f"""
    WITH known AS (
        SELECT DISTINCT {_ROW}, quantity, event_count, false AS is_more FROM closed_usage
        WHERE cut <= $until
        UNION ALL
        SELECT DISTINCT {_ROW}, quantity_delta, event_count_delta, false FROM usage_corrections
        WHERE correction_end <= $until
        UNION ALL
        SELECT DISTINCT {_ROW}, quantity, event_count, true FROM brought_back_usage
    )
    SELECT account_id, period_start, period_end, meter_id, dimensions, sum(quantity),
        sum(event_count)::BIGINT, min(aggregation), bool_or(is_more)
    FROM known WHERE account_id BETWEEN $first AND $last GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 - no outside text
# What was rolled up stands in the wider row, also where it was committed once more.
_IN_PARTS = """
    WITH told AS (
        SELECT DISTINCT account_id, meter_id, dimensions, aggregation, part, quantity, event_count,
            event_window_start, event_window_s, log_window_end,
            coalesce(is_retraction, false) AS is_retraction,
            starts_with(job_version, 'roll-up ') AS is_rolled
        FROM metering_windows SEMI JOIN cuts USING (account_id) WHERE log_window_end <= $until
    ), windows AS (
        FROM told WHERE NOT EXISTS (
            FROM told AS wide WHERE wide.is_rolled AND wide.event_window_s > told.event_window_s
                AND (wide.account_id, wide.meter_id, wide.dimensions, wide.is_retraction)
                    = (told.account_id, told.meter_id, told.dimensions, told.is_retraction)
                AND wide.part IS NOT DISTINCT FROM told.part
                AND wide.log_window_end >= told.log_window_end
                AND told.event_window_start >= wide.event_window_start
                AND told.event_window_start
                    < wide.event_window_start + to_seconds(wide.event_window_s)
        )
    ), pieces AS (
        SELECT account_id, cuts.part_start, meter_id, dimensions, aggregation, event_count,
            CASE aggregation WHEN 'histogram' THEN event_count ELSE quantity END AS quantity
        FROM windows JOIN cuts USING (account_id)
        WHERE event_window_start >= cuts.part_start AND event_window_start < cuts.part_end
        UNION ALL
        SELECT account_id, part_start, meter_id, dimensions, aggregation, event_count, quantity
        FROM (
            SELECT DISTINCT row_id, cuts.account_id, cuts.part_start, meter_id, dimensions,
                aggregation, event_count, quantity
            FROM brought_back_usage JOIN cuts ON cuts.account_id = brought_back_usage.account_id
                AND first_event_time >= cuts.part_start AND last_event_time < cuts.part_end
        )
    )
    SELECT account_id, part_start, meter_id, dimensions, sum(quantity), sum(event_count)::BIGINT,
        min(aggregation), false
    FROM pieces GROUP BY ALL ORDER BY ALL
"""
_INSTANT = pa.timestamp("us", tz="UTC")
_CUTS = pa.schema([("account_id", pa.string()), ("part_start", _INSTANT), ("part_end", _INSTANT)])


class Used(NamedTuple):
    """What was used of a meter, of one value of its dimensions.

    Attributes:
        meter_id: The meter.
        dimensions: Canonical JSON.
        quantity: Units.
        events: How many events carried them.
        aggregation: Of the meter.
        has_more: Whether some of it was brought back.
    """

    meter_id: str
    dimensions: str
    quantity: Decimal
    events: int
    aggregation: str
    has_more: bool


class Accounts(NamedTuple):
    """A range of accounts, both ends included."""

    first: str = ""
    last: str = "\U0010ffff"


def open_tables(tables: Tables) -> duckdb.DuckDBPyConnection:
    """Return a connection in which Arrow tables stand under their names."""
    rows = duckdb.connect()
    rows.execute("SET timezone = 'UTC'")
    for name, table in tables.items():
        rows.register(name, table)
    return rows


def total_usage(
    rows: duckdb.DuckDBPyConnection, until: datetime, within: Accounts
) -> dict[tuple[str, datetime, datetime], list[Used]]:
    """Return what all rows up to a log time say, by account, start and end of the period."""
    found: dict[tuple[str, datetime, datetime], list[Used]] = {}
    asked = {"until": until, "first": within.first, "last": within.last}
    for account_id, start, end, *used in rows.execute(_KNOWN, asked).fetchall():
        found.setdefault((account_id, start, end), []).append(Used(*used))
    return found


def usage_in_parts(
    rows: duckdb.DuckDBPyConnection,
    parts: Iterable[tuple[str, datetime, datetime]],
    until: datetime,
) -> dict[tuple[str, datetime], list[Used]]:
    """Return what was used in parts of periods, by account and start of the part.

    Args:
        rows: Has windows and what was brought back.
        parts: Account, first instant, and first instant after it.
        until: Log time up to which windows count.
    """
    cuts = [dict(zip(_CUTS.names, each, strict=True)) for each in parts]
    if not cuts:
        return {}
    rows.register("cuts", pa.Table.from_pylist(cuts, _CUTS))
    found: dict[tuple[str, datetime], list[Used]] = {}
    for account_id, start, *used in rows.execute(_IN_PARTS, {"until": until}).fetchall():
        found.setdefault((account_id, start), []).append(Used(*used))
    rows.unregister("cuts")
    return found

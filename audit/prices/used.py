"""What was used in each billing period, and in each part of it, in SQL over rows of the tables."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

Tables = Mapping[str, Any]
"""Arrow tables by name, such as `closed_usage`; each may have any other columns and rows."""

_ROW = "row_id, account_id, meter_id, dimensions, period_start, period_end"
_KNOWN = f"""
    WITH known AS (
        SELECT DISTINCT {_ROW}, quantity FROM closed_usage WHERE cut <= $until
        UNION ALL
        SELECT DISTINCT {_ROW}, quantity_delta FROM usage_corrections WHERE correction_end <= $until
        UNION ALL
        SELECT DISTINCT {_ROW}, quantity FROM brought_back_usage
    )
    SELECT account_id, period_start, period_end, meter_id, dimensions, sum(quantity)
    FROM known GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 - no outside text
_IN_PARTS = """
    WITH windows AS (
        SELECT DISTINCT cuts.account_id, cuts.part_start, meter_id, dimensions,
            event_window_start, event_window_s, part, log_window_end, is_retraction, quantity
        FROM metering_windows JOIN cuts ON cuts.account_id = metering_windows.account_id
            AND event_window_start >= cuts.part_start AND event_window_start < cuts.part_end
        WHERE log_window_end <= $until
    ), brought_back AS (
        SELECT DISTINCT row_id, cuts.account_id, cuts.part_start, meter_id, dimensions, quantity
        FROM brought_back_usage JOIN cuts ON cuts.account_id = brought_back_usage.account_id
            AND first_event_time >= cuts.part_start AND last_event_time < cuts.part_end
    ), pieces AS (
        SELECT account_id, part_start, meter_id, dimensions, quantity FROM windows
        UNION ALL
        SELECT account_id, part_start, meter_id, dimensions, quantity FROM brought_back
    )
    SELECT account_id, part_start, meter_id, dimensions, sum(quantity)
    FROM pieces GROUP BY ALL ORDER BY ALL
"""
_INSTANT = pa.timestamp("us", tz="UTC")
_CUTS = pa.schema([("account_id", pa.string()), ("part_start", _INSTANT), ("part_end", _INSTANT)])


class Used(NamedTuple):
    """What was used of a meter, of one value of its dimensions."""

    meter_id: str
    dimensions: str
    quantity: Decimal


def total_usage(
    tables: Tables, until: datetime
) -> dict[tuple[str, datetime, datetime], list[Used]]:
    """Return what all rows up to a log time say, by account, start and end of the period."""
    found: dict[tuple[str, datetime, datetime], list[Used]] = {}
    names = ("closed_usage", "usage_corrections", "brought_back_usage")
    for account_id, start, end, *used in _rows(_KNOWN, {n: tables[n] for n in names}, until):
        found.setdefault((account_id, start, end), []).append(Used(*used))
    return found


def usage_in_parts(
    tables: Tables, parts: Iterable[tuple[str, datetime, datetime]], until: datetime
) -> dict[tuple[str, datetime], list[Used]]:
    """Return what was used in parts of periods, by account and start of the part.

    Args:
        tables: Of them, windows and what was brought back.
        parts: Account, first instant, and first instant after it.
        until: Log time up to which windows count.
    """
    cuts = [dict(zip(_CUTS.names, each, strict=True)) for each in parts]
    read = {name: tables[name] for name in ("metering_windows", "brought_back_usage")}
    read["cuts"] = pa.Table.from_pylist(cuts, _CUTS)
    found: dict[tuple[str, datetime], list[Used]] = {}
    for account_id, start, *used in _rows(_IN_PARTS, read, until):
        found.setdefault((account_id, start), []).append(Used(*used))
    return found


def _rows(sql: str, tables: Tables, until: datetime) -> list[tuple[Any, ...]]:
    with duckdb.connect() as rows:
        rows.execute("SET timezone = 'UTC'")
        for name, table in tables.items():
            rows.register(name, table)
        return rows.execute(sql, {"until": until}).fetchall()

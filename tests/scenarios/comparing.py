"""Holds the rows of a run against those that a scenario's author wrote by hand."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from schemas.instant import EPOCH, HOUR_US
from schemas.usage_row import (
    ClosedUsage,
    DimensionOverflow,
    ExpiredUsage,
    UnassignedUsage,
    UsageCorrection,
)
from tests.scenarios.reading import MUST_SHOW, ExpectedTable, ScenarioError
from tests.scenarios.running import Run

_SHAPES = {
    "closed_usage": ClosedUsage,
    "usage_corrections": UsageCorrection,
    "expired_usage": ExpiredUsage,
    "unassigned_usage": UnassignedUsage,
    "dimension_overflows": DimensionOverflow,
}
_DECIMALS = ("quantity", "quantity_delta")


def rows_of(run: Run, table: str) -> list[Any]:
    """Return the rows that a run has put out for a table."""
    state = run.path.state
    if table in _SHAPES:
        return [row for row in state.engine.rows if isinstance(row, _SHAPES[table])]
    return list(state.rejects if table == "rejected_events" else state.refused)


def find_differences(run: Run, tables: Sequence[ExpectedTable]) -> list[str]:
    """Return what differs, as lines to read: for each table its columns, then its rows.

    Args:
        run: The run at its end.
        tables: The rows written by hand; a table that is not there has none.
    """
    lines: list[str] = []
    by_name = {table.name: table for table in tables}
    for name in MUST_SHOW:
        columns = tuple(sorted(MUST_SHOW[name]))
        table = by_name.get(name, ExpectedTable(name, columns, ()))
        wanted = Counter(tuple(map(_canonical, table.columns, cells)) for cells in table.rows)
        found = Counter(
            tuple(_cell(row, column) for column in table.columns) for row in rows_of(run, name)
        )
        differing = [("missing", row) for row in (wanted - found).elements()]
        differing += [("unexpected", row) for row in (found - wanted).elements()]
        if differing:
            lines += _aligned([(name, *table.columns), *((word, *row) for word, row in differing)])
    return lines


def _canonical(column: str, cell: str) -> str:
    """Return a cell as `_cell` writes it: only numbers may be written in several ways."""
    if column not in _DECIMALS:
        return cell
    try:
        return _plain(Decimal(cell))
    except InvalidOperation:
        raise ScenarioError(f"{column}: expected a number, found {cell}") from None


def _cell(row: Any, column: str) -> str:
    if column == "period":
        return f"{_time(row.period_start_us)} to {_time(row.period_end_us)}"
    if column == "hours":
        return str((row.period_end_us - row.period_start_us) // HOUR_US)
    if hasattr(row, f"{column}_us"):
        instant_us = getattr(row, f"{column}_us")
        return "-" if instant_us is None else _time(instant_us)
    if not hasattr(row, column):
        raise ScenarioError(f"{type(row).__name__}: expected one of its columns, found {column}")
    value = getattr(row, column)
    if isinstance(value, Decimal):
        return _plain(value)
    return "-" if value is None else str(value)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _time(instant_us: int) -> str:
    """Return a time as short as it can be told."""
    moment = EPOCH + timedelta(microseconds=instant_us)
    text = moment.strftime("%Y-%m-%d %H:%M:%S.%f")
    return text.removesuffix(".000000").removesuffix(":00").removesuffix(" 00:00")


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]

"""Running usage for the tests of roll-ups: rows of detail, and what any reader adds up of them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table as IcebergTable

from iceberg.catalog import open_catalog
from iceberg.creating import make_table
from iceberg.reading import read_once
from iceberg.rolling import RolledMonth, roll_up_windows
from iceberg.tables import METERING_WINDOWS
from schemas.instant import to_us
from tests.iceberg.filling import LocalCatalog
from tests.iceberg.rows import row_of
from udfs.rolling import roll_up_cuts

Row = dict[str, object]
START = datetime(2026, 3, 10, tzinfo=UTC)


def at(days: float = 0, **more: float) -> datetime:
    """Return an instant after the start of all tests, a midnight of UTC."""
    return START + timedelta(days=days, **more)


def detail(event: datetime, log_window_end: datetime, units: int = 1, **changes: object) -> Row:
    """Return a row of detail: one event at an instant, which lies in a window of a minute."""
    window_s = int(str(changes.get("event_window_s", 60)))
    since_us = to_us(event) % (window_s * 1_000_000)
    base: Row = {
        "event_window_start": event - timedelta(microseconds=since_us),
        "event_window_s": window_s,
        "part": None,
        "aggregation": "sum",
        "quantity": Decimal(units),
        "event_count": 1,
        "first_event_time": event,
        "last_event_time": event,
        "first_log_time": log_window_end - timedelta(seconds=7),
        "last_log_time": log_window_end - timedelta(seconds=3),
        "log_window_end": log_window_end,
    }
    return row_of(METERING_WINDOWS, **base | changes)


def open_windows(folder: Path) -> Catalog:
    """Return the catalog of a folder, with the table `metering_windows`; a writer opens its own."""
    catalog = open_catalog(LocalCatalog(folder))
    catalog.create_namespace_if_not_exists("billing")
    if not catalog.table_exists(("billing", METERING_WINDOWS.name)):
        make_table(catalog, "billing", METERING_WINDOWS)
    return catalog


def table_of(catalog: Catalog) -> IcebergTable:
    """Return the table, as it stands now."""
    return catalog.load_table(("billing", "metering_windows"))


def roll_up(
    catalog: Catalog, now: datetime, hours_after_days: int = 2, days_after_days: int = 5
) -> list[RolledMonth]:
    """Roll up as the program does at an instant."""
    cuts = roll_up_cuts(to_us(now), hours_after_days, days_after_days)
    return list(roll_up_windows(table_of(catalog), cuts, "1"))


def read_rows(catalog: Catalog) -> list[Row]:
    """Return the rows as a reader gets them."""
    rows: list[Row] = read_once(table_of(catalog), METERING_WINDOWS).to_pylist()
    return rows


def widths(rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    """Return width, start, quantity and event count of rows, ordered."""
    names = ("event_window_s", "event_window_start", "quantity", "event_count")
    return sorted(tuple(row[name] for name in names) for row in rows)

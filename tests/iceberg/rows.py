"""Rows of the tables for tests, each a full one with the given values changed."""

from datetime import UTC, datetime
from decimal import Decimal

from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.table import Table

_JANUARY, _FEBRUARY = datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 2, 1, tzinfo=UTC)
_DEFAULTS: dict[str, object] = {
    "row_id": "c0",
    "account_id": "A",
    "meter_id": "flights",
    "dimensions": "{}",
    "reason": "unknown_account",
    "period_start": _JANUARY,
    "period_end": _FEBRUARY,
    "timezone": "UTC",
    "aggregation": "count",
    "event_window_start": datetime(2013, 1, 5, tzinfo=UTC),
    "event_time": datetime(2013, 1, 5, tzinfo=UTC),
    "quantity": Decimal(3),
    "unit": "flight",
    "event_count": 3,
    "revision": 0,
    "cut": datetime(2013, 2, 2, tzinfo=UTC),
    "correction_end": datetime(2013, 2, 4, 1, tzinfo=UTC),
    "first_event_time": datetime(2013, 1, 5, tzinfo=UTC),
    "last_event_time": datetime(2013, 1, 30, tzinfo=UTC),
    "first_log_time": datetime(2013, 1, 5, 1, tzinfo=UTC),
    "last_log_time": datetime(2013, 1, 30, 1, tzinfo=UTC),
    "log_window_end": datetime(2013, 1, 30, 1, tzinfo=UTC),
    "budget_quantity": Decimal(5),
    "threshold_percent": 50,
    "reached": datetime(2013, 1, 30, 1, tzinfo=UTC),
    "terms_version": 1,
    "job_version": "1",
}


def row_of(table: Table, **changes: object) -> dict[str, object]:
    """Return a row of usage of account A in January 2013."""
    assert set(changes) <= set(table.names), changes
    return {name: _DEFAULTS.get(name) for name in table.names} | changes


def correction(revision: int, quantity: int, delta: int, **changes: object) -> dict[str, object]:
    """Return what changes in a row of `usage_corrections`: one event, received two days late."""
    late = datetime(2013, 2, 4, tzinfo=UTC)
    return {
        "row_id": f"c{revision}",
        "corrected_row_id": f"c{revision - 1}",
        "revision": revision,
        "quantity": Decimal(quantity),
        "quantity_delta": Decimal(delta),
        "event_count": quantity,
        "event_count_delta": delta,
        "first_log_time": late,
        "last_log_time": late,
        **changes,
    }


def brought_back(source_row_id: str, **changes: object) -> dict[str, object]:
    """Return a row of `brought_back_usage`: an expired one, brought back in November 2026."""
    own: dict[str, object] = {
        "row_id": f"b-{source_row_id}",
        "source_row_id": source_row_id,
        "source_table": "expired_usage",
        "decided_by": "ada",
        "reason": "the gateway was cut off",
        "decided_at": datetime(2026, 11, 24, tzinfo=UTC),
    }
    return row_of(BROUGHT_BACK_USAGE, **own | changes)

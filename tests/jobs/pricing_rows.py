"""Rows of usage to price, in months of 2013 in UTC, and what charges come to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, USAGE_CORRECTIONS
from schemas.charge import Charge
from schemas.instant import to_text
from tests.iceberg.rows import correction, row_of

Name = tuple[str, str, str, str, str]
"""Account, day on which the period starts, kind, id of the line, and product."""


def day(month: int, of_month: int, hour: int = 0) -> datetime:
    """Return an instant of 2013."""
    return datetime(2013, month, of_month, hour, tzinfo=UTC)


def closed(account_id: str, month: int, flights: int, **changes: Any) -> dict[str, object]:
    """Return the closed row of an account's flights in a month, whose cut is an hour after it."""
    end = day(month + 1, 1)
    own: dict[str, Any] = {
        "row_id": f"{account_id}{month}",
        "account_id": account_id,
        "period_start": day(month, 1),
        "period_end": end,
        "cut": end + timedelta(hours=1),
        "quantity": Decimal(flights),
        "event_count": flights,
    }
    return row_of(CLOSED_USAGE, **own | changes)


def corrected(
    account_id: str, month: int, revision: int, flights: int, delta: int, end: datetime
) -> dict[str, object]:
    """Return a correction of a closed row, which is known when its bucket ends."""
    own: dict[str, Any] = {
        "row_id": f"{account_id}{month}-{revision}",
        "corrected_row_id": f"{account_id}{month}-{revision - 1}",
        "account_id": account_id,
        "period_start": day(month, 1),
        "period_end": day(month + 1, 1),
        "correction_end": end,
    }
    return row_of(USAGE_CORRECTIONS, **correction(revision, flights, delta, **own))


def window(account_id: str, start: datetime, flights: int) -> dict[str, object]:
    """Return a metering window of flights, received within two days."""
    own: dict[str, Any] = {
        "account_id": account_id,
        "event_window_start": start,
        "event_window_s": 3600,
        "log_window_end": start + timedelta(days=2),
        "quantity": Decimal(flights),
        "event_count": flights,
    }
    return row_of(METERING_WINDOWS, **own)


def sum_lines(charges: Iterable[Charge]) -> dict[Name, int]:
    """Return what each line comes to in minor units, those of nothing left out."""
    sums: dict[Name, int] = {}
    for each in charges:
        start = to_text(each.period_start_us)[5:10]
        name = (each.account_id, start, each.kind.value, each.line_id, each.product)
        sums[name] = sums.get(name, 0) + each.amount_minor
    return {name: minor for name, minor in sorted(sums.items()) if minor}

"""A year of made-up usage by the demo's accounts, as the metering job would have written it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

from iceberg.table import Table
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, USAGE_CORRECTIONS
from tests.iceberg.rows import row_of

Row = dict[str, object]
_HOUR = timedelta(hours=1)
_GRACE = timedelta(days=1)
_NEW_PRICES = datetime(2013, 7, 1, 4, tzinfo=UTC)
_ORIGINS = ('{"origin":"EWR"}', '{"origin":"JFK"}', '{"origin":"LGA"}')
_METERS = (
    ("flights", "count", _ORIGINS, 400),
    ("miles", "sum", _ORIGINS, 900_000),
    ("cancellations", "count", ("{}",), 12),
)


class UsedPeriod(NamedTuple):
    """A billing period of an account."""

    account_id: str
    start: datetime
    end: datetime
    timezone: str


class _Window(NamedTuple):
    """What was used in an hour, and when all of it was known."""

    known: datetime
    start: datetime
    quantity: int


def usage_rows(random: Random, periods: Iterable[UsedPeriod]) -> dict[str, list[Row]]:
    """Return closed rows, corrections and windows of periods: some late, some meters unused."""
    rows: dict[str, list[Row]] = {}
    for period in periods:
        scale = _scale(random, period)
        for meter_id, aggregation, dimensions, most in _METERS:
            for of_dimension in dimensions:
                used = most if random.random() < 0.8 else 0
                windows = _windows(random, period, used * scale // 100)
                own = {
                    "account_id": period.account_id,
                    "meter_id": meter_id,
                    "dimensions": of_dimension,
                    "aggregation": aggregation,
                }
                for table, row in [*_window_rows(windows, own), *_usage_rows(period, windows, own)]:
                    rows.setdefault(table.name, []).append(row)
    return rows


def _scale(random: Random, period: UsedPeriod) -> int:
    """Return how much is used, as percents of the most."""
    if period.account_id == "B6":
        return 25  # so that its credit lasts for months, and corrections come after it is used up
    if period.start < _NEW_PRICES < period.end:
        return 100  # so that tiers and free units go on over the change
    return random.choice((0, 2, 10, 100, 100))


def _windows(random: Random, period: UsedPeriod, most: int) -> list[_Window]:
    """Return up to four hours of usage, those known first before others."""
    hours = range((period.end - period.start) // _HOUR)
    windows = []
    for hour in random.sample(hours, random.randint(1, 4) if most else 0):
        start = period.start + hour * _HOUR
        late = period.end + _GRACE + random.randint(1, 2000) * _HOUR
        known = late if random.random() < 0.2 else start + _HOUR
        windows.append(_Window(known, start, random.randint(1, most)))
    return sorted(windows)


def _window_rows(windows: Iterable[_Window], own: dict[str, Any]) -> list[tuple[Table, Row]]:
    return [
        (
            METERING_WINDOWS,
            row_of(
                METERING_WINDOWS,
                **own,
                event_window_start=each.start,
                event_window_s=3600,
                log_window_end=each.known,
                quantity=Decimal(each.quantity),
                event_count=1,
            ),
        )
        for each in windows
    ]


def _usage_rows(
    period: UsedPeriod, windows: Sequence[_Window], own: dict[str, Any]
) -> list[tuple[Table, Row]]:
    """Return the closed row, if anything was known by the cut, and a row for each later hour."""
    cut = period.end + _GRACE
    key = "/".join([period.account_id, str(period.start), own["meter_id"], own["dimensions"]])
    found: list[tuple[Table, Row]] = []
    times = [period.start, cut, *sorted({each.known for each in windows if each.known > cut})]
    for revision, (before, known) in enumerate(pairwise(times)):
        until_now = [each for each in windows if each.known <= known]
        if not until_now:
            continue
        added = [each for each in until_now if each.known > before]
        table = USAGE_CORRECTIONS if revision else CLOSED_USAGE
        of_all = {
            **own,
            "row_id": f"{key}/{revision}",
            "period_start": period.start,
            "period_end": period.end,
            "timezone": period.timezone,
            "revision": revision,
            "cut": cut,
            "quantity": Decimal(sum(each.quantity for each in until_now)),
            "event_count": len(until_now),
        }
        if revision:
            of_all |= {
                "quantity_delta": Decimal(sum(each.quantity for each in added)),
                "event_count_delta": len(added),
                "correction_end": known,
            }
        found.append((table, row_of(table, **of_all)))
    return found

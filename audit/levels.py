"""The rows of meters over time: the level drawn as one curve from the first event on.

A period's rows come from the curve of all events of the run that count by then; nothing is handed
from one period to the next.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from audit.counting import Clocks, Unit, live, plain, to_decimal
from audit.judging import EPOCH
from audit.periods import Period, period_of
from audit.shapes import Closed, Correction, OracleTerms

_US = timedelta(microseconds=1)
_PER_US = {"second": 10**6, "minute": 60 * 10**6, "hour": 3600 * 10**6, "day": 86400 * 10**6}


class _Curve(NamedTuple):
    """Of one period: billionths times microseconds under it, its first level and its last."""

    area: int = 0
    opening: int = 0
    closing: int = 0


def level_rows(
    units: Sequence[Unit], terms_list: list[OracleTerms], clocks: Clocks
) -> tuple[list[Closed], list[Correction]]:
    """Return all rows of one account's meter and dimensions, as far as log time got.

    Args:
        units: Its events that count, in any order.
        terms_list: The account's terms.
        clocks: The settings about log time.
    """
    closed: list[Closed] = []
    corrections: list[Correction] = []
    left = sorted(units, key=lambda unit: (unit.event_time, unit.place))
    while left:
        period = period_of(terms_list, left[0].event_time)
        while period is not None and not period.why_not:
            if _cut(left[0], period) > clocks.watermark:
                return closed, corrections
            so_far = [each for each in left if each.event_time < period.end]
            for row in _rows_of(so_far, period, clocks):
                if isinstance(row, Closed):
                    closed.append(row)
                else:
                    corrections.append(row)
            over, period = period.end, period_of(terms_list, period.end)
        left = [each for each in left if each.event_time >= over]
    return closed, corrections


def _cut(unit: Unit, period: Period) -> datetime:
    return period.end + timedelta(seconds=unit.meter.grace_s)


def _rows_of(units: list[Unit], period: Period, clocks: Clocks) -> Iterator[Closed | Correction]:
    cut = _cut(units[0], period)
    before, known, revision, quantity = _Curve(), 0, -1, Decimal(0)
    for due in _dues(units, cut, clocks):
        counted = [each for each in units if due_of(each, cut, clocks) <= due]
        curve = _draw(live(counted), period)
        own = [each for each in counted if each.event_time >= period.start]
        count = len(live(own))
        if count == known and curve == before:
            continue
        revision = 0 if due == cut else max(revision, 0) + 1
        added = [each for each in own if due_of(each, cut, clocks) == due]
        values = _common(units[0], added, period)
        after = to_decimal(_half_up(curve.area, _PER_US[units[0].meter.per]))
        values |= {"quantity": after, "breakdown": _text(curve), "event_count": count}
        values |= {"revision": revision, "cut": cut}
        if due == cut:
            yield Closed(**values)
        else:
            yield Correction(
                **values,
                quantity_delta=after - quantity,
                event_count_delta=count - known,
                correction_end=due,
            )
        before, known, quantity = curve, count, after


def _dues(units: list[Unit], cut: datetime, clocks: Clocks) -> list[datetime]:
    dues = {cut, *(due_of(each, cut, clocks) for each in units)}
    return sorted(due for due in dues if due <= clocks.watermark)


def due_of(unit: Unit, cut: datetime, clocks: Clocks) -> datetime:
    """Return when the row is due that a unit first counts in."""
    if unit.window_end <= cut:
        return cut
    size = clocks.correction_bucket
    return EPOCH - (EPOCH - unit.window_end) // size * size


def _draw(units: list[Unit], period: Period) -> _Curve:
    level, opening, area, since = 0, 0, 0, period.start
    for unit in units:
        if unit.event_time >= period.start:
            area += level * ((unit.event_time - since) // _US)
            since = unit.event_time
        level = unit.billionths + (level if unit.meter.readings == "delta" else 0)
        if unit.event_time < period.start:
            opening = level
    return _Curve(area + level * ((period.end - since) // _US), opening, level)


def _half_up(value: int, divisor: int) -> int:
    whole, rest = divmod(abs(value), divisor)
    whole += rest * 2 >= divisor
    return whole if value >= 0 else -whole


def _text(curve: _Curve) -> str:
    area, opening, closing = map(plain, curve)
    return (
        f'{{"level_microseconds":"{area}","opening_level":"{opening}","closing_level":"{closing}"}}'
    )


def _common(unit: Unit, added: Sequence[Unit], period: Period) -> dict[str, Any]:
    events, logs = [each.event_time for each in added], [each.log_time for each in added]
    return {
        "account_id": unit.account_id,
        "meter_id": unit.meter.meter_id,
        "dimensions": unit.dimensions,
        "unit": unit.meter.unit,
        "first_event_time": min(events, default=None),
        "last_event_time": max(events, default=None),
        "first_log_time": min(logs, default=None),
        "last_log_time": max(logs, default=None),
        "period_start": period.start,
        "period_end": period.end,
        "timezone": period.terms.timezone,
        "terms_version": period.terms.version,
        "aggregation": unit.meter.aggregation,
    }

"""Totals of one account's usage, from its rows: what the views of `iceberg.reading` are in SQL.

An engine that hands an account's rows over asks here; readers that have all accounts in a database
ask their views. Both are held against each other in tests, row by row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from itertools import groupby
from typing import TypeVar

from schemas.aggregation import Aggregation
from schemas.brought_back_usage import BroughtBackUsage
from schemas.instant import to_text
from schemas.priced_usage import UsageTotal
from schemas.usage_row import ClosedUsage, UsageCorrection
from udfs.aggregating import EXACT, rounded

T = TypeVar("T")
_Row = ClosedUsage | UsageCorrection | BroughtBackUsage
_Revision = ClosedUsage | UsageCorrection
_AnyRow = TypeVar("_AnyRow", _Revision, BroughtBackUsage)
_Key = tuple[str, int, int, str, str]

_ADDED = frozenset({Aggregation.COUNT, Aggregation.SUM})
_ZERO = Decimal(0)


class BrokenUsageError(Exception):
    """Rows of an account contradict each other; one line."""


@dataclass(frozen=True, slots=True)
class PeriodTotals:
    """What an account used in one billing period.

    Attributes:
        totals: Of each meter and dimensions, ordered by both, at least one.
        reach_us: By meter, the log time up to which its windows are in its totals; a meter of which
            only usage brought back is there has none.
    """

    totals: tuple[UsageTotal, ...]
    reach_us: Mapping[str, int]

    @property
    def span(self) -> tuple[int, int]:
        """First instant of the period, and the first one after it."""
        return self.totals[0].period_start_us, self.totals[0].period_end_us


def take_once(
    table: str, rows: Iterable[T], identity: Callable[[T], tuple[object, ...]]
) -> list[T]:
    """Return rows of which some may have been committed twice, each once, in their order.

    Args:
        table: Its name, for errors.
        rows: Without what may differ in a row that came twice.
        identity: What a row is known by.

    Raises:
        BrokenUsageError: Two rows of one identity differ.
    """
    once = list(dict.fromkeys(rows))
    times = Counter(map(identity, once))
    broken = [name for name, number in times.items() if number > 1]
    if broken:
        raise BrokenUsageError(f"{table}: rows of one identity differ: {min(broken, key=str)}")
    return once


def rows_until(
    closed: Iterable[ClosedUsage], corrections: Iterable[UsageCorrection], until_us: int
) -> tuple[list[ClosedUsage], list[UsageCorrection]]:
    """Return what counts up to an instant of log time, whatever has come since.

    A closed row counts from its cut on, a correction from the end of its bucket on.
    """
    return (
        [each for each in closed if each.cut_us <= until_us],
        [each for each in corrections if each.correction_end_us <= until_us],
    )


def check_revisions(closed: Sequence[ClosedUsage], corrections: Sequence[UsageCorrection]) -> None:
    """Check that no revision is missing, and that the deltas add up to what stands.

    Raises:
        BrokenUsageError: The first total, in the order of its key, of which that is not so.
    """
    for key, revisions in sorted(_revisions(closed, corrections).items()):
        last = _last(revisions)
        deltas = reduce(EXACT.add, map(_delta, revisions), _ZERO)
        first = sum(1 for each in revisions if each.revision == 0)
        if deltas != last.quantity or len(revisions) != last.revision + first:
            raise BrokenUsageError(f"usage_totals: revisions that do not add up: {_name(key)}")


def total_usage(
    closed: Sequence[ClosedUsage],
    corrections: Sequence[UsageCorrection],
    brought_back: Sequence[BroughtBackUsage],
) -> tuple[PeriodTotals, ...]:
    """Return what an account used, by period, meter and dimensions in their order.

    Args:
        closed: Rows of one account that count, each once.
        corrections: The same; `check_revisions` has passed them.
        brought_back: The same.

    Raises:
        BrokenUsageError: Usage was brought back with another aggregation or unit than its period
            has, or joins no quantity of this aggregation.
    """
    revised = _revisions(closed, corrections)
    back = _by_key(list(brought_back))
    totals = [
        _total(key, revised.get(key, []), back.get(key, []))
        for key in sorted(revised.keys() | back.keys())
    ]
    reach = {key: max(map(_reach_us, rows)) for key, rows in revised.items()}
    return tuple(
        PeriodTotals(tuple(in_period), _reaches(in_period, reach))
        for in_period in (list(each) for _, each in groupby(totals, key=_period))
    )


def _by_key(rows: Iterable[_AnyRow]) -> dict[_Key, list[_AnyRow]]:
    found: dict[_Key, list[_AnyRow]] = {}
    for row in rows:
        key = (
            row.account_id,
            row.period_start_us,
            row.period_end_us,
            row.meter_id,
            row.dimensions,
        )
        found.setdefault(key, []).append(row)
    return found


def _revisions(
    closed: Sequence[ClosedUsage], corrections: Sequence[UsageCorrection]
) -> dict[_Key, list[_Revision]]:
    rows: list[_Revision] = [*closed, *corrections]
    return _by_key(rows)


def _name(key: _Key) -> tuple[str, ...]:
    account_id, start_us, end_us, meter_id, dimensions = key
    return account_id, meter_id, dimensions, to_text(start_us), to_text(end_us)


def _last(revisions: Sequence[_Revision]) -> _Revision:
    return max(revisions, key=lambda each: each.revision)


def _delta(row: _Revision) -> Decimal:
    return row.quantity if isinstance(row, ClosedUsage) else row.quantity_delta


def _reach_us(row: _Revision) -> int:
    return row.cut_us if isinstance(row, ClosedUsage) else row.correction_end_us


def _total(
    key: _Key, revisions: Sequence[_Revision], back: Sequence[BroughtBackUsage]
) -> UsageTotal:
    """Return one total; `revisions` or `back` may be empty."""
    last = _last(revisions) if revisions else None
    first: _Row = last or min(back, key=lambda each: (each.timezone, each.aggregation, each.unit))
    fits = all((each.aggregation, each.unit) == (first.aggregation, first.unit) for each in back)
    quantity = _joined(first.aggregation, last, back) if fits else None
    if quantity is None:
        raise BrokenUsageError(f"usage_totals: usage brought back that does not fit: {_name(key)}")
    account_id, start_us, end_us, meter_id, dimensions = key
    return UsageTotal(
        account_id,
        start_us,
        end_us,
        first.timezone,
        meter_id,
        dimensions,
        first.unit,
        quantity,
        (last.event_count if last else 0) + sum(each.event_count for each in back),
        first.aggregation,
        tuple(sorted(each.row_id for each in (*revisions, *back))),
    )


def _joined(
    aggregation: Aggregation, last: _Revision | None, back: Sequence[BroughtBackUsage]
) -> Decimal | None:
    """Return the quantity with what was brought back; None: it joins no such quantity."""
    if not back:
        return None if last is None else last.quantity
    quantities = [each.quantity for each in back]
    if aggregation in _ADDED:
        return reduce(EXACT.add, quantities, _ZERO if last is None else last.quantity)
    if aggregation in (Aggregation.MAX, Aggregation.MIN):
        # A quantity of no events is no extreme.
        known = [] if last is None or not last.event_count else [last.quantity]
        return (max if aggregation is Aggregation.MAX else min)(known + quantities)
    if aggregation is Aggregation.AVERAGE:
        return _average(last, back)
    return None


def _average(last: _Revision | None, back: Sequence[BroughtBackUsage]) -> Decimal | None:
    before = 0 if last is None else last.event_count
    event_count = before + sum(each.event_count for each in back)
    if not event_count:
        return _ZERO
    units_sum = reduce(EXACT.add, (each.quantity for each in back), _ZERO)
    if last is not None and before:
        if last.breakdown is None:
            return None
        units_sum = EXACT.add(units_sum, Decimal(json.loads(last.breakdown)["sum"]))
    return rounded(Fraction(units_sum) / event_count)


def _period(total: UsageTotal) -> tuple[int, int]:
    return total.period_start_us, total.period_end_us


def _reaches(totals: Sequence[UsageTotal], reach: Mapping[_Key, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in totals:
        key = (
            each.account_id,
            each.period_start_us,
            each.period_end_us,
            each.meter_id,
            each.dimensions,
        )
        if key in reach:
            found[each.meter_id] = max(found.get(each.meter_id, reach[key]), reach[key])
    return found

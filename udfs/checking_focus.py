"""Checks rows against the rules of FOCUS 1.2, before anybody loads them.

Source: FOCUS v1.2, https://focus.finops.org/focus-specification/v1-2/; the text of each rule is on
the page of its column (`schemas.focus.FocusColumn.page`). Rules that no row shows by itself, such
as that sums of BilledCost match invoices, are the tests' of `udfs.exporting_focus`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from schemas.focus import (
    EXPORTED_COLUMNS,
    FOCUS_COLUMNS,
    FocusColumn,
    FocusLevel,
    FocusRow,
    FocusType,
    FocusValue,
)
from udfs.relating_focus import FOCUS_RULES


@dataclass(frozen=True, slots=True)
class FocusViolation:
    """What a row breaks.

    Attributes:
        row: Its place among the rows, from 0; None: the rows together break it.
        column: The column whose rule it is.
        detail: One line: expected, found.
    """

    row: int | None
    column: str
    detail: str


_NAMES = tuple(column.name for column in EXPORTED_COLUMNS)

ONE_FOR_EACH: tuple[tuple[str, str], ...] = (
    ("InvoiceId", "BillingAccountId"),
    ("InvoiceId", "BillingCurrency"),
    ("InvoiceId", "BillingPeriodEnd"),
    ("InvoiceId", "BillingPeriodStart"),
    ("ServiceName", "ServiceCategory"),
    ("ServiceName", "ServiceSubcategory"),
    ("SkuPriceId", "SkuId"),
)
"""Pairs of columns: rows that agree in the first, agree in the second.

An invoice is of one billing period, as rows of that sum to its invoices (BillingPeriodStart).
"""

Pairs = dict[tuple[str, str, FocusValue], FocusValue]
"""Of such a pair and a value of the first column, the value of the second."""


def check_focus(rows: Sequence[FocusRow], seen: Pairs | None = None) -> tuple[FocusViolation, ...]:
    """Return what rows break of FOCUS 1.2, in their order; what the rows break together last.

    Each row must have the declared columns in their order, mandatory ones at least; then types,
    nulls and allowed values are checked, and where these are right the rules of `FOCUS_RULES`.

    Args:
        rows: A dataset, or a part of one.
        seen: What the parts before it had in `ONE_FOR_EACH`, which this one is added to.
    """
    found: list[FocusViolation] = []
    for place, row in enumerate(rows):
        own = [FocusViolation(place, *each) for each in _check_columns(row)]
        if not own:
            whole = row if len(row) == len(_NAMES) else {name: row.get(name) for name in _NAMES}
            own = [
                FocusViolation(
                    place, rule.column, f"expected {rule.expected}, found {row.get(rule.column)}"
                )
                for rule in FOCUS_RULES
                if rule.column in row and not rule.holds(whole)
            ]
        found += own
    return (*found, *_check_pairs(rows, {} if seen is None else seen))


def _check_columns(row: FocusRow) -> Iterator[tuple[str, str]]:
    if tuple(row) != _NAMES:
        yield from _check_names(row)
    for column in EXPORTED_COLUMNS:
        if column.name in row and (problem := _problem(column, row[column.name])) is not None:
            yield column.name, problem


def _check_names(row: FocusRow) -> Iterator[tuple[str, str]]:
    for column in FOCUS_COLUMNS:
        if column.level is FocusLevel.MANDATORY and column.name not in row:
            yield column.name, "expected the mandatory column, found none"
    for name in row:
        if name not in _NAMES:
            yield name, "expected a column of FOCUS 1.2 or of ours, found another"
    found = [name for name in row if name in _NAMES]
    expected = [name for name in _NAMES if name in row]
    for name, place in zip(found, expected, strict=True):
        if name != place:
            yield name, f"expected {place} before it, found it here"
            return


def _problem(column: FocusColumn, value: FocusValue) -> str | None:
    """Return what is wrong with a value by itself."""
    if value is None:
        return None if column.is_nullable else "expected a value, found null"
    if not _IS_OF_TYPE[column.type](value):
        return f"expected {column.type.value}, found {value!r}"
    if column.allowed and value not in column.allowed:
        return f"expected one of {', '.join(column.allowed)}, found {value}"
    return None


def _is_string(value: FocusValue) -> bool:
    """Whether a value is text with something in it and no spaces around it (StringHandling)."""
    return isinstance(value, str) and bool(value) and value == value.strip()


def _is_number(value: FocusValue) -> bool:
    return isinstance(value, Decimal) and value.is_finite()


def _is_instant(value: FocusValue) -> bool:
    return isinstance(value, datetime) and value.utcoffset() == timedelta(0)


def _is_key_value(value: FocusValue) -> bool:
    """Whether a value is a JSON object of plain values (KeyValueFormat)."""
    if not isinstance(value, str):
        return False
    try:
        pairs = json.loads(value, object_pairs_hook=list)
    except ValueError:
        return False
    if not value.lstrip().startswith("{"):
        return False
    is_each_once = len({name for name, _ in pairs}) == len(pairs)
    return is_each_once and not any(isinstance(each, list) for _, each in pairs)


_IS_OF_TYPE: Mapping[FocusType, Callable[[FocusValue], bool]] = MappingProxyType(
    {
        FocusType.STRING: _is_string,
        FocusType.DECIMAL: _is_number,
        FocusType.DATE_TIME: _is_instant,
        FocusType.KEY_VALUE: _is_key_value,
    }
)


def _check_pairs(rows: Sequence[FocusRow], seen: Pairs) -> Iterator[FocusViolation]:
    for column, other in ONE_FOR_EACH:
        for row in rows:
            name, of = row.get(column), row.get(other)
            if name is None:
                continue
            before = seen.setdefault((column, other, name), of)
            if before != of:
                detail = f"expected one {other} for {name}, found {before} and {of}"
                yield FocusViolation(None, column, detail)

"""Columns, types, nulls and allowed values of FOCUS 1.2: what is wrong is found."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from schemas.focus import EXPORTED_COLUMNS, FOCUS_COLUMNS, FocusLevel, FocusType
from tests.focus_rows import FOUND, changed
from udfs.checking_focus import ONE_FOR_EACH, FocusViolation, Pairs, check_focus

USED, ONE = FOUND["usage"], Decimal(1)


@pytest.mark.parametrize(
    "name", [each.name for each in FOCUS_COLUMNS if each.level is FocusLevel.MANDATORY]
)
def test_a_mandatory_column_is_missed(name: str) -> None:
    """Each of them; others may be left out."""
    row = {column: value for column, value in USED.items() if column != name}
    violation = FocusViolation(0, name, "expected the mandatory column, found none")
    assert check_focus([row]) == (violation,)


def test_columns_that_are_not_mandatory_may_be_left_out() -> None:
    """A dataset of the 21 alone breaks nothing."""
    names = [each.name for each in FOCUS_COLUMNS if each.level is FocusLevel.MANDATORY]
    for row in FOUND.values():
        assert check_focus([{name: row[name] for name in names}]) == ()


@pytest.mark.parametrize("name", [each.name for each in EXPORTED_COLUMNS if not each.is_nullable])
def test_a_value_is_missed(name: str) -> None:
    """Each column that never is null."""
    (violation,) = check_focus([changed(USED, {name: None})])
    assert violation == FocusViolation(0, name, "expected a value, found null")


@pytest.mark.parametrize("name", [each.name for each in EXPORTED_COLUMNS if each.allowed])
def test_another_value_than_the_allowed_ones(name: str) -> None:
    """Each column with a closed list; case matters."""
    (violation,) = check_focus([changed(USED, {name: "uSAGE"})])
    assert violation.column == name
    assert violation.detail.startswith("expected one of ")
    assert violation.detail.endswith(", found uSAGE")


_WRONG: dict[FocusType, list[object]] = {
    FocusType.STRING: [ONE, "", " padded", "padded\n"],
    FocusType.DECIMAL: ["1", 1, 1.0, Decimal("NaN"), Decimal("Infinity")],
    FocusType.DATE_TIME: [
        "2013-01-01T00:00:00Z",
        datetime(2013, 1, 1),
        datetime(2013, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    ],
    FocusType.KEY_VALUE: ['{"a":{}}', '{"a":[]}', '{"a":1,"a":2}', "[]", "7", "{", "", ONE],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(each.name, value) for each in EXPORTED_COLUMNS for value in _WRONG[each.type]],
)
def test_a_value_of_another_type(name: str, value: Any) -> None:
    """Numbers as text, floats, instants without a zone or not in UTC, objects in objects."""
    (violation,) = check_focus([changed(USED, {name: value})])
    assert violation.column == name
    assert violation.detail.startswith("expected ")


@pytest.mark.parametrize("value", ['{"a":"b","n":null,"t":true,"f":1.5}', "{}"])
def test_key_values(value: str) -> None:
    """Texts, numbers, truth values and null."""
    assert check_focus([changed(USED, {"Tags": value})]) == ()


def test_columns_are_known_and_in_their_order() -> None:
    """Custom columns come last; what is neither of FOCUS nor ours is refused."""
    row = USED
    (violation,) = check_focus([changed(row, {"Surprise": "s"})])
    assert violation.column == "Surprise"
    moved = {"x_ChargeId": row["x_ChargeId"], **{k: v for k, v in row.items() if k[0] != "x"}}
    (violation,) = check_focus([moved])
    assert violation == FocusViolation(
        0, "x_ChargeId", "expected AvailabilityZone before it, found it here"
    )


@pytest.mark.parametrize(("column", "other"), ONE_FOR_EACH)
def test_one_for_each(column: str, other: str) -> None:
    """Two rows that agree in one column and not in the other, also in parts of a dataset."""
    first = changed(USED, {column: "same"})
    another = "Caching" if other == "ServiceSubcategory" else "Databases"
    second = changed(first, {other: another})
    if other == "ServiceCategory":
        second = changed(second, {"ServiceSubcategory": "Other (Databases)"})
    found = [each for each in check_focus([first, second]) if each.row is None]
    assert column in {each.column for each in found}
    seen: Pairs = {}
    assert check_focus([first], seen) == ()
    assert [each for each in check_focus([second], seen) if each.row is None] == found


def test_rows_are_named_by_their_place() -> None:
    """All violations of all rows, in their order."""
    bad = changed(USED, {"BillingCurrency": "usd", "ConsumedUnit": None})
    found = check_focus([USED, bad, USED, bad])
    assert [(each.row, each.column) for each in found] == [
        (1, "BillingCurrency"),
        (1, "ConsumedUnit"),
        (3, "BillingCurrency"),
        (3, "ConsumedUnit"),
    ]

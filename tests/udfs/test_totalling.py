"""Totals of one account from its rows, as the views of the tables have them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from schemas.aggregation import Aggregation
from schemas.brought_back_usage import BroughtBackUsage
from schemas.usage_row import ClosedUsage, UsageCorrection
from tests.udfs.account_usage import (
    BUCKET_END,
    CUT,
    FEBRUARY,
    JANUARY,
    average,
    back,
    closed,
    corrected,
)
from udfs.totalling import (
    BrokenUsageError,
    check_revisions,
    rows_until,
    take_once,
    total_usage,
)

MAX: dict[str, Any] = {"aggregation": Aggregation.MAX}
LATEST: dict[str, Any] = {"aggregation": Aggregation.LATEST}
AVERAGE: dict[str, Any] = {"aggregation": Aggregation.AVERAGE}


def _row_id(row: ClosedUsage) -> tuple[object, ...]:
    return (row.row_id,)


def test_a_row_that_came_twice_is_taken_once() -> None:
    """The first one stands, in its place."""
    rows = [closed(row_id="b"), closed(row_id="a"), closed(row_id="b")]
    assert take_once("closed_usage", rows, _row_id) == rows[:2]


def test_rows_of_one_identity_that_differ_are_refused() -> None:
    """With the least identity of those that do, whatever their order."""
    rows = [closed(str(n), row_id=row_id) for n, row_id in enumerate(("b", "b", "c", "a", "a"))]
    with pytest.raises(BrokenUsageError, match=r"^closed_usage: rows of one identity.*: \('a',\)$"):
        take_once("closed_usage", rows, _row_id)


@pytest.mark.parametrize(
    ("until_us", "counts"),
    [(CUT - 1, (0, 0)), (CUT, (1, 0)), (BUCKET_END - 1, (1, 0)), (BUCKET_END, (1, 1))],
)
def test_rows_count_up_to_an_instant(until_us: int, counts: tuple[int, int]) -> None:
    """A closed row from its cut on, a correction from the end of its bucket on."""
    found = rows_until([closed()], [corrected(1, "5", "2")], until_us)
    assert (len(found[0]), len(found[1])) == counts


@pytest.mark.parametrize(
    ("first", "late"),
    [
        ([closed("3")], [corrected(2, "5", "2")]),
        ([closed("3")], [corrected(1, "5", "1")]),
        ([], [corrected(2, "5", "5")]),
        ([closed("3")], [corrected(1, "5", "2"), corrected(1, "5", "0", row_id="again")]),
    ],
    ids=["a gap", "a delta", "no first one", "one twice"],
)
def test_revisions_that_do_not_add_up(
    first: Sequence[ClosedUsage], late: Sequence[UsageCorrection]
) -> None:
    """The line names account, meter, dimensions and period."""
    line = (
        "usage_totals: revisions that do not add up:"
        " ('A', 'flights', '{}', '2013-01-01T00:00:00Z', '2013-02-01T00:00:00Z')"
    )
    with pytest.raises(BrokenUsageError) as refused:
        check_revisions(first, late)
    assert str(refused.value) == line


@pytest.mark.parametrize(
    ("first", "late"),
    [
        ([closed("3")], [corrected(2, "4", "-1"), corrected(1, "5", "2")]),
        ([], [corrected(1, "5", "5")]),
        ([closed("0.000000001")], []),
    ],
    ids=["in any order", "nothing was closed", "nothing was corrected"],
)
def test_revisions_that_add_up(
    first: Sequence[ClosedUsage], late: Sequence[UsageCorrection]
) -> None:
    """Nothing is said of them."""
    check_revisions(first, late)


@pytest.mark.parametrize(
    ("first", "added", "quantity", "event_count"),
    [
        (closed("3"), [back("2", 2), back("-1", -1)], "4", 4),
        (None, [back("2", 2)], "2", 2),
        (closed("3", **MAX), [back("2", **MAX)], "3", 4),
        (closed("3", **MAX), [back("7", **MAX), back("5", **MAX)], "7", 5),
        # A greatest value of no events is none.
        (closed("0", event_count=0, **MAX), [back("-7", **MAX)], "-7", 1),
        (
            closed("3", aggregation=Aggregation.MIN),
            [back("2", aggregation=Aggregation.MIN)],
            "2",
            4,
        ),
        (closed("3.333333333", **average("10")), [back("0", 3, **AVERAGE)], "1.666666667", 6),
        (closed("0", **average("-10")), [back("0", 3, **AVERAGE)], "-1.666666667", 6),
        (closed("0", event_count=0, **AVERAGE), [back("-5", -2, **AVERAGE)], "2.5", -2),
        (closed("3", **average("9")), [back("-9", -3, **AVERAGE)], "0", 0),
        (closed("3", **AVERAGE), [back("-9", -3, **AVERAGE)], "0", 0),
        (closed("1e28"), [back("0.000000001")], "10000000000000000000000000000.000000001", 4),
        (closed("3", **LATEST), [], "3", 3),
    ],
)
def test_what_was_brought_back_joins_its_period(
    first: ClosedUsage | None,
    added: Sequence[BroughtBackUsage],
    quantity: str,
    event_count: int,
) -> None:
    """By the aggregation, exactly; the ids of all rows are named."""
    (period,) = total_usage([] if first is None else [first], [], added)
    (total,) = period.totals
    assert (total.quantity, total.event_count) == (Decimal(quantity), event_count)
    ids = ["c0"] * (first is not None) + ["b-e1"] * len(added)
    assert total.row_ids == tuple(sorted(ids))
    assert period.reach_us == ({} if first is None else {"flights": CUT})


@pytest.mark.parametrize(
    ("first", "added"),
    [
        (closed(), [back("1", unit="mile")]),
        (closed(), [back("1", **MAX)]),
        (None, [back("1"), back("1", unit="mile")]),
        (closed(**LATEST), [back("1", **LATEST)]),
        (closed(**AVERAGE), [back("1", **AVERAGE)]),
    ],
    ids=["another unit", "another aggregation", "units of each other", "parts", "no sum"],
)
def test_what_does_not_fit_is_refused(
    first: ClosedUsage | None, added: Sequence[BroughtBackUsage]
) -> None:
    """No total is formed of it."""
    with pytest.raises(BrokenUsageError, match=r"brought back that does not fit: \('A', 'flights'"):
        total_usage([] if first is None else [first], [], added)


def test_the_last_revision_stands() -> None:
    """With its reach, and with what it says of zone and unit."""
    late = [corrected(2, "4", "-1", timezone="Asia/Tokyo"), corrected(1, "5", "2")]
    (period,) = total_usage([closed("3")], late, [])
    (total,) = period.totals
    assert (total.quantity, total.event_count, total.timezone) == (4, 5, "Asia/Tokyo")
    assert total.row_ids == ("c0", "c1", "c2")
    assert period.reach_us == {"flights": BUCKET_END}


def test_totals_come_by_period_meter_and_dimensions() -> None:
    """In their order; a meter reaches as far as any of its totals does."""
    later: dict[str, Any] = {"period_start_us": FEBRUARY, "period_end_us": FEBRUARY + 1}
    rows = [
        closed(**later),
        closed(meter_id="miles"),
        closed(dimensions='{"origin":"JFK"}', cut_us=CUT + 1),
        closed(),
    ]
    periods = total_usage(rows, [], [])
    assert [period.span for period in periods] == [(JANUARY, FEBRUARY), (FEBRUARY, FEBRUARY + 1)]
    names = [(total.meter_id, total.dimensions) for total in periods[0].totals]
    assert names == [("flights", '{"origin":"JFK"}'), ("flights", "{}"), ("miles", "{}")]
    assert periods[0].reach_us == {"flights": CUT + 1, "miles": CUT}

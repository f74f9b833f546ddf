"""Totals with what was brought back: the cases that a plain sum would get wrong."""

from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.reading import BrokenRowsError, open_rows, usage_totals
from iceberg.tables import CLOSED_USAGE, USAGE_CORRECTIONS
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import brought_back, correction, row_of

AVERAGE = {"aggregation": "average"}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with every table, all empty."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    return catalog


def total(catalog: Catalog) -> dict[str, Any]:
    """Return the only total."""
    with closing(open_rows(catalog, "billing")) as rows:
        (row,) = usage_totals(rows).to_pylist()
        return dict(row)


def test_a_period_of_nothing_else_has_a_total(catalog: Catalog) -> None:
    """It has no revision: the stream made none."""
    append(catalog, BROUGHT_BACK_USAGE, [brought_back("a"), brought_back("b")])
    found = total(catalog)
    assert (found["quantity"], found["event_count"], found["revision"]) == (Decimal(6), 6, None)
    assert (found["timezone"], found["aggregation"], found["unit"]) == ("UTC", "count", "flight")


def test_a_commit_that_came_twice_counts_once(catalog: Catalog) -> None:
    """As for every table."""
    for _ in range(2):
        append(catalog, BROUGHT_BACK_USAGE, [brought_back("a")])
    assert total(catalog)["quantity"] == 3


def test_the_sum_of_an_average_is_that_of_its_last_revision(catalog: Catalog) -> None:
    """Of no events there is none, whatever an earlier revision says."""
    closed = {"quantity": Decimal(5), "event_count": 2, "breakdown": '{"sum":"10","count":2}'}
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE, **AVERAGE, **closed)])
    gone = correction(1, 0, -5, breakdown=None, event_count=0, event_count_delta=-2)
    append(catalog, USAGE_CORRECTIONS, [row_of(USAGE_CORRECTIONS, **AVERAGE, **gone)])
    back = brought_back("a", **AVERAGE, quantity=Decimal(7), event_count=2)
    append(catalog, BROUGHT_BACK_USAGE, [back])
    found = total(catalog)
    assert (found["quantity"], found["event_count"]) == (Decimal("3.5"), 2)


@pytest.mark.parametrize(
    ("units_sum", "added", "quantity"),
    [
        ("10", "10", "3.333333333"),
        ("-10", "0", "-1.666666667"),
        ("0", "0.000000003", "0.000000001"),
        ("-0.000000003", "0", "-0.000000001"),
        ("-0.000000002", "0.000000000", "0.000000000"),
        ("9999999999999999999999999999", "9", "1666666666666666666666666668.000000000"),
    ],
)
def test_averages_are_exact(catalog: Catalog, units_sum: str, added: str, quantity: str) -> None:
    """Of six events: half up, away from zero, where a binary float would have lost the digits."""
    breakdown = f'{{"sum":"{units_sum}","count":4}}'
    closed = {"quantity": Decimal(0), "event_count": 4, "breakdown": breakdown}
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE, **AVERAGE, **closed)])
    back = brought_back("a", **AVERAGE, quantity=Decimal(added), event_count=2)
    append(catalog, BROUGHT_BACK_USAGE, [back])
    found = total(catalog)["quantity"]
    assert (found, f"{found:.9f}") == (Decimal(quantity), quantity)


def test_an_average_of_what_was_taken_back_alone(catalog: Catalog) -> None:
    """Fewer events than none, until their own are brought back, too: the fraction as it stands."""
    gone = brought_back("a", **AVERAGE, quantity=Decimal(-5), event_count=-2)
    append(catalog, BROUGHT_BACK_USAGE, [gone])
    found = total(catalog)
    assert (found["quantity"], found["event_count"]) == (Decimal("2.5"), -2)


@pytest.mark.parametrize(
    "changes",
    [{"aggregation": "sum"}, {"unit": "mile"}, {"aggregation": "latest"}],
    ids=["another aggregation", "another unit", "what has parts"],
)
def test_what_does_not_fit_is_not_added(catalog: Catalog, changes: dict[str, str]) -> None:
    """The program refuses it; if it is there all the same, no total is shown."""
    closed = {"aggregation": "latest"} if changes == {"aggregation": "latest"} else {}
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE, **closed)])
    append(catalog, BROUGHT_BACK_USAGE, [brought_back("a", **changes)])
    with pytest.raises(BrokenRowsError, match=r"brought back that does not fit: .'A', 'flights'"):
        total(catalog)


def test_an_average_without_its_sum_is_not_added_to(catalog: Catalog) -> None:
    """Its quantity is rounded: the sum cannot be had from it, nor from the revision before."""
    closed = row_of(CLOSED_USAGE, **AVERAGE, breakdown='{"sum":"9","count":3}')
    append(catalog, CLOSED_USAGE, [closed])
    late = row_of(USAGE_CORRECTIONS, **AVERAGE, **correction(1, 4, 1), breakdown=None)
    append(catalog, USAGE_CORRECTIONS, [late])
    append(catalog, BROUGHT_BACK_USAGE, [brought_back("a", **AVERAGE)])
    with pytest.raises(BrokenRowsError, match="does not fit"):
        total(catalog)

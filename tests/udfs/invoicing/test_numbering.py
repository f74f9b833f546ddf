"""Numbers of invoices: no gap, no number twice."""

import pytest

from schemas.invoice_terms import Series
from udfs.invoicing import BrokenSeriesError, next_numbers

INV = Series("INV")


@pytest.mark.parametrize(
    ("series", "issued", "number"),
    [
        (INV, [], "INV-2013-000001"),
        (INV, ["INV-2013-000001"], "INV-2013-000002"),
        (INV, ["INV-2013-000002", "INV-2013-000001"], "INV-2013-000003"),
        # Each year begins with 1; those before must be whole, too.
        (INV, ["INV-2012-000001", "INV-2012-000002"], "INV-2013-000001"),
        (Series("R", by_year=False, digits=1), [], "R-1"),
        (Series("R", by_year=False, digits=1), [f"R-{n}" for n in range(1, 10)], "R-10"),
        (Series("A.B", by_year=False, digits=3), ["A.B-001"], "A.B-002"),
    ],
)
def test_the_next_number(series: Series, issued: list[str], number: str) -> None:
    """It is one more than those of its year, in whatever order they are given."""
    assert next_numbers(series, issued, 2013, 1) == (number,)


def test_numbers_given_one_after_another_have_no_gap() -> None:
    """Some at once, each time after those before; none where none is wanted."""
    issued: list[str] = []
    for how_many in range(16):
        issued += next_numbers(INV, issued, 2013, how_many)
    assert issued == [f"INV-2013-{n:06d}" for n in range(1, 121)]


@pytest.mark.parametrize(
    ("issued", "message"),
    [
        (["INV-2013-000002"], "expected INV-2013-000001 once, found INV-2013-000002"),
        (["INV-2013-000001"] * 2, "expected INV-2013-000002 once, found INV-2013-000001"),
        (["INV-2012-000002"], "expected INV-2012-000001 once"),
        (["INV-2013-000002", "INV-2012-000003"], "expected INV-2012-000001 once"),
        (["INV-2013-000000"], "expected INV-2013-000001 once, found INV-2013-000000"),
        (["CN-2013-000001"], "a number like INV-2013-000001, found 'CN-2013-000001'"),
        (["INV-2013-1"], "a number like INV-2013-000001, found 'INV-2013-1'"),
        (["INV-2013-0000001"], "found 'INV-2013-0000001'"),
        ([""], "found ''"),
    ],
)
def test_a_broken_series_is_refused(issued: list[str], message: str) -> None:
    """No number is given after a gap, a double or one of another form."""
    with pytest.raises(BrokenSeriesError, match=message):
        next_numbers(INV, issued, 2013, 1)


def test_a_series_without_years_says_what_its_numbers_are_like() -> None:
    """Without one."""
    with pytest.raises(BrokenSeriesError) as raised:
        next_numbers(Series("R", by_year=False, digits=2), ["R-2013-01"], 2013, 1)
    assert str(raised.value) == "series R: expected a number like R-01, found 'R-2013-01'"

"""Taxes: each kind by hand-reckoned cases, lines that sum, and tables that are refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from schemas.invoice import TaxLine
from schemas.money import Rounding
from schemas.tax import MissingTaxRateError, TaxMode, TaxRate, TaxTable, TaxTableError, TaxTreatment
from tests.udfs.invoicing.billing import rate
from udfs.taxing import (
    LevyKey,
    Taxable,
    check_tax_table,
    divide_signed,
    find_levies,
    not_taxed,
    tax_amounts,
)

_IN, _EX = TaxMode.INCLUSIVE, TaxMode.EXCLUSIVE


def levy(tax_id: str, share: str, mode: TaxMode = _EX, on: tuple[str, ...] = ()) -> LevyKey:
    """Return a levy."""
    return LevyKey(tax_id, Decimal(share), mode, on)


VAT, LOW = levy("VAT", "0.19"), levy("VAT", "0.07")
GST, QST = levy("GST", "0.05"), levy("QST", "0.095", on=("GST",))
VAT_IN, LOW_IN = levy("VAT", "0.19", _IN), levy("VAT", "0.07", _IN)
TOP = levy("C", "0.1", on=("A", "B"))
Amounts = list[tuple[int, tuple[LevyKey, ...]]]
Case = tuple[Amounts, list[int], list[list[int]], list[tuple[int, int]]]
# Amounts with their taxes; nets; tax shares of each line; tax lines as base and tax.
CASES: dict[str, Case] = {
    "exclusive: 100.00 at 19 %": ([(10000, (VAT,))], [10000], [[1900]], [(10000, 1900)]),
    # 3 x 0.33 x 0.19 = 0.1881, by line 0.0627 each: 0.06 three times would be 0.18.
    "line taxes sum to the tax of the sum": (
        [(33, (VAT,))] * 3,
        [33] * 3,
        [[7], [6], [6]],
        [(99, 19)],
    ),
    # 0.10 x 0.2 = 0.02, where each line by itself, 0.004, would be 0.00.
    "small lines have a tax together": (
        [(2, (levy("VAT", "0.2"),))] * 5,
        [2] * 5,
        [[1], [1], [0], [0], [0]],
        [(10, 2)],
    ),
    "two rates of one tax are rounded apart": (
        [(1050, (VAT,)), (1050, (LOW,)), (50, (VAT,))],
        # 11.00 x 0.19 = 2.09, of it 1.995 and 0.095; 10.50 x 0.07 = 0.735 -> 0.74.
        [1050, 1050, 50],
        [[200], [74], [9]],
        [(1100, 209), (1050, 74)],
    ),
    # Quebec before 2013: QST of 9.5 % on price and GST: 105.00 x 0.095 = 9.975 -> 9.98.
    "compound: tax on tax": (
        [(10000, (GST, QST))],
        [10000],
        [[500, 998]],
        [(10000, 500), (10500, 998)],
    ),
    # The base is what was rounded: 0.30 x 0.05 = 0.015 -> 0.02; 0.32 x 0.095 = 0.0304 -> 0.03.
    "compound on the rounded tax": ([(30, (GST, QST))], [30], [[2, 3]], [(30, 2), (32, 3)]),
    # Only the part of the first tax that is on the second's lines is in its base:
    # GST 20.00 x 0.05 = 1.00, half of it each; QST (10.00 + 0.50) x 0.095 = 0.9975 -> 1.00.
    "compound on a part of the lines": (
        [(1000, (GST, QST)), (1000, (GST,))],
        [1000, 1000],
        [[50, 100], [50]],
        [(2000, 100), (1050, 100)],
    ),
    # The second tax stands first, on a line without the first: (10.00 + 10.50) x 0.095 = 1.9475.
    "compound, not in the order of lines": (
        [(1000, (QST,)), (1000, (GST, QST))],
        [1000, 1000],
        [[95], [50, 100]],
        [(1000, 50), (2050, 195)],
    ),
    # 119.00 x 19 / 119 = 19.00.
    "inclusive: 119.00 holds 19.00": ([(11900, (VAT_IN,))], [10000], [[1900]], [(10000, 1900)]),
    # 100.00 x 19 / 119 = 15.966... -> 15.97, net 84.03.
    "inclusive: net and tax sum to gross": ([(10000, (VAT_IN,))], [8403], [[1597]], [(8403, 1597)]),
    # 3 x 0.10 x 19 / 119 = 0.0479 -> 0.05: 2, 2, 1.
    "inclusive: lines sum": ([(10, (VAT_IN,))] * 3, [8, 8, 9], [[2], [2], [1]], [(25, 5)]),
    # 1.00 / (1 + 0.1 + 0.2 x 1.1 = 1.32) = 0.7576; A 0.0758 -> 0.08; B 0.1667 -> 0.17.
    "inclusive and compound": (
        [(100, (levy("A", "0.1", _IN), levy("B", "0.2", _IN, ("A",))))],
        [75],
        [[8, 17]],
        [(75, 8), (83, 17)],
    ),
    # 119.00 holds 19.00; 2 % of the net 100.00 are added.
    "inclusive beside exclusive": (
        [(11900, (VAT_IN, levy("CITY", "0.02")))],
        [10000],
        [[1900, 200]],
        [(10000, 1900), (10000, 200)],
    ),
    # 2 % of 119.00.
    "exclusive on an inclusive one": (
        [(11900, (VAT_IN, levy("CITY", "0.02", on=("VAT",))))],
        [10000],
        [[1900, 238]],
        [(10000, 1900), (11900, 238)],
    ),
    # 1.20 x 0.2 / 1.2 = 0.20: the tax it would be on is not on this line.
    "inclusive, on one that is not there": (
        [(120, (levy("B", "0.2", _IN, ("A",)),))],
        [100],
        [[20]],
        [(100, 20)],
    ),
    # C is on both: (10.00 + 1.00 + 1.10) x 0.1 = 1.21, though it stands before B.
    "compound in three steps": (
        [(1000, (TOP,)), (1000, (levy("A", "0.1"), levy("B", "0.1", on=("A",)), TOP))],
        [1000, 1000],
        [[100], [100, 110, 121]],
        [(1000, 100), (1100, 110), (2210, 221)],
    ),
    "a rate of 0 is shown": ([(500, (levy("VAT", "0"),))], [500], [[0]], [(500, 0)]),
    "none is none": ([(500, ())], [500], [[]], []),
    "a discount takes its tax along": (
        # 90.00 x 0.19 = 17.10: 19.00 less 1.90.
        [(10000, (VAT,)), (-1000, (VAT,))],
        [10000, -1000],
        [[1900], [-190]],
        [(9000, 1710)],
    ),
    "negative in all": ([(-10000, (VAT,))], [-10000], [[-1900]], [(-10000, -1900)]),
    "nothing in all": ([(50, (VAT,)), (-50, (VAT,))], [50, -50], [[10], [-10]], [(0, 0)]),
}


def taxables(amounts: Amounts) -> list[Taxable]:
    """Return amounts with their taxes."""
    return [Taxable(amount, levies) for amount, levies in amounts]


@pytest.mark.parametrize("case", CASES)
def test_taxes(case: str) -> None:
    """Net amounts, shares and tax lines are those reckoned by hand."""
    amounts, nets, shares, lines = CASES[case]
    taxed = tax_amounts(taxables(amounts), Rounding.HALF_UP)
    assert list(taxed.nets) == nets
    assert [[share.tax_minor for share in of] for of in taxed.shares] == shares
    assert [(line.base_minor, line.tax_minor) for line in taxed.tax_lines] == lines


@pytest.mark.parametrize("case", CASES)
def test_credit_mirrors_its_charge(case: str) -> None:
    """All amounts negated give all taxes negated, share for share."""
    amounts, nets, shares, _ = CASES[case]
    negated = [(-amount, levies) for amount, levies in amounts]
    taxed = tax_amounts(taxables(negated), Rounding.HALF_UP)
    assert list(taxed.nets) == [-net for net in nets]
    assert [[share.tax_minor for share in of] for of in taxed.shares] == [
        [-share for share in of] for of in shares
    ]


@pytest.mark.parametrize(
    ("rounding", "tax_minor"),
    [(Rounding.HALF_UP, 3), (Rounding.HALF_EVEN, 2), (Rounding.DOWN, 2)],
)
def test_rounding_is_given(rounding: Rounding, tax_minor: int) -> None:
    """0.50 at 5 % is 0.025: a half."""
    (line,) = tax_amounts([Taxable(50, (GST,))], rounding).tax_lines
    assert line.tax_minor == tax_minor


@pytest.mark.parametrize("treatment", [TaxTreatment.EXEMPT, TaxTreatment.REVERSE_CHARGE])
def test_a_buyer_that_is_not_taxed(treatment: TaxTreatment) -> None:
    """One tax line says why there is no tax, on all amounts."""
    taxed = not_taxed([100, -30], treatment)
    (line,) = taxed.tax_lines
    assert (taxed.nets, taxed.shares) == ((100, -30), ((), ()))
    assert line == TaxLine("", Decimal(0), _EX, (), treatment, 70, 0)


@pytest.mark.parametrize(
    ("total", "exact", "parts"),
    [
        (1, ["1/2", "1/2"], (1, 0)),
        (-1, ["-1/2", "-1/2"], (-1, 0)),
        (0, ["1/2", "-1/2"], (1, -1)),
        # 10.4 less 0.3 is 10.1: nothing for the lesser side.
        (10, ["10.4", "-0.3"], (10, 0)),
        (-10, ["-10.4", "0.3"], (-10, 0)),
        (0, ["0", "0"], (0, 0)),
    ],
)
def test_amounts_of_either_sign_are_divided(
    total: int, exact: list[str], parts: tuple[int, ...]
) -> None:
    """Parts sum to the total."""
    assert divide_signed(total, [Fraction(each) for each in exact]) == parts


def test_the_rate_is_that_of_the_instant() -> None:
    """Germany, 2020: 19 %, from July 16 %, from 2021 19 % (VAT Act, section 28); then no more."""
    table = TaxTable(
        (
            rate("VAT", "16", effective_from_us=100),
            rate("VAT", "19"),
            rate("VAT", "19", effective_from_us=200, effective_until_us=300),
        )
    )
    found = [
        [str(each.rate) for each in find_levies(table, "DE", "landing", at_us)]
        for at_us in (0, 99, 100, 199, 200, 299, 300)
    ]
    assert found == [["0.19"], ["0.19"], ["0.16"], ["0.16"], ["0.19"], ["0.19"], []]


def test_taxes_are_of_jurisdiction_and_class() -> None:
    """A product is of the class the table says, or of the standard one."""
    table = TaxTable(
        (
            rate("GST", "5", jurisdiction="CA-QC"),
            rate("QST", "9.975", jurisdiction="CA-QC"),
            rate("VAT", "7", product_class="books"),
            rate("VAT", "19"),
        ),
        (("novel", "books"),),
    )
    found = [
        [(each.tax_id, str(each.rate)) for each in find_levies(table, *place, 0)]
        for place in (("CA-QC", "landing"), ("DE", "novel"), ("DE", "landing"))
    ]
    assert found == [[("GST", "0.05"), ("QST", "0.09975")], [("VAT", "0.07")], [("VAT", "0.19")]]


@pytest.mark.parametrize(
    ("jurisdiction", "product", "at_us"),
    [("FR", "landing", 5), ("DE", "novel", 5), ("DE", "landing", 4)],
)
def test_a_missing_rate_is_an_error(jurisdiction: str, product: str, at_us: int) -> None:
    """Nothing is untaxed because a table forgot it; the line says what is missing."""
    table = TaxTable((rate(effective_from_us=5),), (("novel", "books"),))
    with pytest.raises(MissingTaxRateError, match=f"{product}.*{jurisdiction}.*found none"):
        find_levies(table, jurisdiction, product, at_us)


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        (
            (rate("VAT", "-1"),),
            "^tax VAT, DE, standard: expected a rate of 0 or more, found -0.01$",
        ),
        ((rate("VAT", "NaN"),), "expected a rate of 0 or more, found NaN"),
        ((rate(effective_until_us=0),), "an end after 1970-01-01T00:00:00Z, found 1970-01-01"),
        ((rate("VAT", "7"), rate("VAT", "9")), "found a second from 1970-01-01T00:00:00Z"),
        ((rate("QST", "9", on_taxes=("GST",)), rate("GST", "5")), "stand before, found GST"),
        ((rate("VAT", "9"), rate("VAT", "9", effective_from_us=1, on_taxes=("VAT",))), "found VAT"),
        (
            (rate("A", "5"), rate("B", "9", mode=_IN, on_taxes=("A",))),
            "inclusive as it is, found A",
        ),
    ],
)
def test_contradicting_tables_are_refused(rates: tuple[TaxRate, ...], message: str) -> None:
    """One line with the entry, what was expected and what found."""
    with pytest.raises(TaxTableError, match=message):
        check_tax_table(TaxTable(rates))


def test_a_table_without_contradiction_is_taken() -> None:
    """Rates over time, tax on tax, inclusive ones on each other."""
    check_tax_table(
        TaxTable(
            (
                rate("GST", "0", effective_until_us=9),
                rate("GST", "6", effective_from_us=9),
                rate("QST", "9", on_taxes=("GST",)),
                rate("A", "1", mode=_IN, product_class="x"),
                rate("B", "1", mode=_IN, product_class="x", on_taxes=("A",)),
            )
        )
    )

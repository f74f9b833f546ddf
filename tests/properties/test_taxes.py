"""Taxes, for any amounts and any taxes on them: they sum, mirror and are close to exact."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from schemas.money import Rounding
from schemas.tax import TaxMode
from udfs.rounding import round_whole
from udfs.taxing import LevyKey, Taxable, TaxedAmounts, divide_signed, tax_amounts

ROUNDINGS = st.sampled_from(Rounding)
AMOUNTS = st.integers(-(10**9), 10**9) | st.integers(-9, 9)
RATES = st.decimals(0, 1, places=5)


@st.composite
def levies(draw: st.DrawFn) -> tuple[LevyKey, ...]:
    """Return up to four taxes, inclusive ones first, each on any that stand before it."""
    names = "ABCD"[: draw(st.integers(0, 4))]
    inclusive = draw(st.integers(0, len(names)))
    return tuple(
        LevyKey(
            name,
            draw(RATES),
            TaxMode.INCLUSIVE if place < inclusive else TaxMode.EXCLUSIVE,
            tuple(other for other in names[:place] if draw(st.booleans())),
        )
        for place, name in enumerate(names)
    )


@st.composite
def taxables(draw: st.DrawFn) -> list[Taxable]:
    """Return amounts, each with some of a few sets of taxes."""
    sets = draw(st.lists(levies(), min_size=1, max_size=3))
    return [
        Taxable(amount, draw(st.sampled_from(sets)))
        for amount in draw(st.lists(AMOUNTS, min_size=1, max_size=12))
    ]


def negated(taxed: TaxedAmounts) -> tuple[list[int], list[list[int]], list[int]]:
    """Return all amounts negated."""
    return (
        [-each for each in taxed.nets],
        [[-share.tax_minor for share in of] for of in taxed.shares],
        [-line.tax_minor for line in taxed.tax_lines],
    )


@given(taxables(), ROUNDINGS)
def test_lines_sum_to_taxes_and_gross_is_net_and_tax(
    amounts: list[Taxable], rounding: Rounding
) -> None:
    """Shares of a tax sum to it; what an amount contains and its net sum to it."""
    taxed = tax_amounts(amounts, rounding)
    by_tax: dict[tuple[str, Decimal], int] = {}
    for each, net, of in zip(amounts, taxed.nets, taxed.shares, strict=True):
        assert [(share.tax_id, share.rate) for share in of] == [
            (key.tax_id, key.rate) for key in _sorted(each, taxed)
        ]
        modes = {(key.tax_id, key.rate): key.mode for key in each.levies}
        contained = [
            share.tax_minor for share in of if modes[share.tax_id, share.rate] is TaxMode.INCLUSIVE
        ]
        assert net + sum(contained) == each.amount_minor
        for share in of:
            key = (share.tax_id, share.rate)
            by_tax[key] = by_tax.get(key, 0) + share.tax_minor
    totals: dict[tuple[str, Decimal], int] = {}
    for line in taxed.tax_lines:
        totals[line.tax_id, line.rate] = totals.get((line.tax_id, line.rate), 0) + line.tax_minor
    assert by_tax == totals


def _sorted(amount: Taxable, taxed: TaxedAmounts) -> list[LevyKey]:
    lines = [LevyKey(each.tax_id, each.rate, each.mode, each.on_taxes) for each in taxed.tax_lines]
    return sorted(amount.levies, key=lines.index)


@given(taxables(), ROUNDINGS)
def test_an_exclusive_tax_is_its_rate_of_its_base(
    amounts: list[Taxable], rounding: Rounding
) -> None:
    """Rounded once, and anyone can reckon it from what the invoice shows."""
    for line in tax_amounts(amounts, rounding).tax_lines:
        if line.mode is TaxMode.EXCLUSIVE:
            assert line.tax_minor == round_whole(line.base_minor * Fraction(line.rate), rounding)


@given(taxables(), ROUNDINGS)
def test_all_amounts_negated_give_all_taxes_negated(
    amounts: list[Taxable], rounding: Rounding
) -> None:
    """A credit note takes back what its invoice had, line for line."""
    back = tax_amounts([Taxable(-each.amount_minor, each.levies) for each in amounts], rounding)
    taxed = tax_amounts(amounts, rounding)
    assert negated(back) == (
        list(taxed.nets),
        [[share.tax_minor for share in of] for of in taxed.shares],
        [line.tax_minor for line in taxed.tax_lines],
    )


@given(st.lists(AMOUNTS, min_size=1, max_size=9), RATES, ROUNDINGS)
def test_inclusive_there_and_back(grosses: list[int], rate: Decimal, rounding: Rounding) -> None:
    """The tax that a gross contains is that of its net, within what one rounding does."""
    key = LevyKey("VAT", rate, TaxMode.INCLUSIVE)
    taxed = tax_amounts([Taxable(each, (key,)) for each in grosses], rounding)
    (line,) = taxed.tax_lines
    assert line.base_minor + line.tax_minor == sum(grosses)
    assert abs(line.base_minor * Fraction(rate) - line.tax_minor) < 1 + Fraction(rate)
    added = tax_amounts([Taxable(line.base_minor, (LevyKey("VAT", rate),))], Rounding.HALF_UP)
    assert abs(added.tax_lines[0].tax_minor - line.tax_minor) <= 2


@given(st.lists(st.fractions(-1000, 1000), min_size=1, max_size=20), ROUNDINGS)
def test_parts_of_either_sign_are_close_and_sum(exact: list[Fraction], rounding: Rounding) -> None:
    """Each part is off by less than 2, has the sign of what it is of, and 0 stays 0."""
    total = round_whole(sum(exact, Fraction(0)), rounding)
    parts = divide_signed(total, exact)
    assert sum(parts) == total
    for part, each in zip(parts, exact, strict=True):
        assert abs(part - each) < 2
        assert part * each >= 0
        assert each or not part

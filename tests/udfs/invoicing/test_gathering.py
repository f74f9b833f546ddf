"""Which charges are one line, and in which order lines stand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from schemas.statement import LineKind
from schemas.tax import TaxTable
from tests.udfs.invoicing.billing import FEB, JAN, MAR, charge, drafted, paid_credit, rate, revised
from udfs.invoicing import invoice_charge_ids

FEE = LineKind.RECURRING_FEE


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"period_end_us": MAR}, {"period_start_us": JAN + 9, "period_end_us": FEB}),
        ({"kind": FEE}, {"period_end_us": MAR}),
        ({"line_id": "z"}, {"kind": FEE, "line_id": "a"}),
        ({"line_id": "a", "product": "z"}, {"line_id": "b", "product": "a"}),
        ({"product": "a", "segment_start_us": JAN + 9}, {"product": "b"}),
        ({"group": "z"}, {"group": "a", "segment_start_us": JAN + 9}),
        ({}, {"segment_start_us": JAN + 5, "segment_end_us": JAN + 9}),
        ({"group": "a"}, {"group": "b"}),
    ],
    ids=["start", "end", "kind", "id", "product", "segment", "segment's start", "group"],
)
def test_order_of_lines(first: dict[str, Any], second: dict[str, Any]) -> None:
    """By period, kind, id, product, segment and group, whatever the order of charges."""
    charges = [
        charge(amount, charge_id=str(amount), **fields)
        for amount, fields in ((1, first), (2, second))
    ]
    for given in (charges, charges[::-1]):
        assert [line.amount_minor for line in drafted(*given).lines] == [1, 2]


@pytest.mark.parametrize(
    "changes",
    [{"period_start_us": JAN - 9, "segment_start_us": JAN}, {"period_end_us": MAR}],
    ids=["start", "end"],
)
def test_lines_of_other_periods_are_apart(changes: dict[str, Any]) -> None:
    """Though all else of them is the same."""
    draft = drafted(charge(1), charge(2, charge_id="other", **changes))
    assert sorted(line.amount_minor for line in draft.lines) == [1, 2]


def test_revisions_count_in_their_order() -> None:
    """Whatever the order of charges: the last says what there is, the first what was before."""
    first = charge(100, quantity=Decimal(5))
    second = revised(first, 300, FEB, quantity=7)
    third = revised(second, 200, FEB, quantity=6)
    (line,) = drafted(third, first, second).lines
    assert (line.amount_minor, line.quantity, line.quantity_before) == (200, 6, None)
    assert line.charge_ids == (first.charge_id, second.charge_id, third.charge_id)


def test_a_correction_of_nothing_is_a_broken_rule() -> None:
    """All charges of the account are known."""
    alone = revised(charge(100), 300, FEB)
    with pytest.raises(AssertionError, match=f"charge {alone.charge_id}: corrects none"):
        drafted(alone)


def test_what_has_no_product_is_a_line_unless_it_is_credit() -> None:
    """Credit that was paid for is a payment."""
    draft = drafted(charge(100, product=""), paid_credit(-5))
    assert [line.amount_minor for line in draft.lines] == [100]


def test_charges_of_a_credit_are_ordered_by_id() -> None:
    """Each once, with what they sum to."""
    later = paid_credit(-5, charge_id="b")
    more = replace(revised(later, -7, FEB), charge_id="a")
    (credit,) = drafted(charge(100), later, more).credits
    assert (credit.charge_ids, credit.amount_minor) == (("a", "b"), -7)


def test_charges_of_an_invoice_are_ordered_by_id() -> None:
    """Those of lines and of credit, whatever the order of lines."""
    lines = [charge(9, charge_id=name, line_id=of) for name, of in (("c", "1"), ("a", "2"))]
    draft = drafted(*lines, paid_credit(-1, charge_id="b"))
    assert invoice_charge_ids(draft) == ("a", "b", "c")


def test_tax_is_that_of_the_last_microsecond() -> None:
    """Of the billing period."""
    table = TaxTable((rate("VAT", "19"), rate("VAT", "16", effective_from_us=FEB - 1)))
    assert drafted(charge(10000), tax_table=table).tax_minor == 1600

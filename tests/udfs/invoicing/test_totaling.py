"""Totals of an invoice whose taxes do not sum are a broken rule, and so is one booked from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.invoice import Invoice, InvoiceState
from tests.udfs.invoicing.billing import FEB, billed, charge, drafted, issued
from udfs.invoicing import booked_amounts, invoice_entries
from udfs.invoicing.totaling import sum_up

LANDING = charge(10000)
DRAFT = drafted(LANDING)
(LINE,) = DRAFT.lines


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        (replace(DRAFT, lines=(replace(LINE, net_minor=9999),)), "taxes lose money"),
        (replace(DRAFT, lines=(replace(LINE, taxes=()),)), "line taxes do not sum"),
    ],
)
def test_taxes_that_do_not_sum(draft: Invoice, message: str) -> None:
    """Neither is ever an invoice."""
    with pytest.raises(AssertionError, match=message):
        sum_up(billed(LANDING), draft)


def test_what_does_not_sum_is_not_booked() -> None:
    """Nor what is void, but nobody knows since when."""
    with pytest.raises(AssertionError, match=f"invoice {DRAFT.invoice_id}: 11900"):
        booked_amounts(replace(DRAFT, payable_minor=11901))
    with pytest.raises(AssertionError, match="void, but when"):
        invoice_entries(replace(issued(DRAFT, FEB), state=InvoiceState.VOID))

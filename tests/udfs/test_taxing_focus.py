"""Rows of an invoice, charges and taxes together, sum to what it asks for."""

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.focus import FocusRow, FocusSeller
from schemas.invoice import InvoiceState
from schemas.tax import TaxMode, TaxRate, TaxTable, TaxTreatment
from tests.udfs.invoicing.billing import (
    FEB,
    TERMS,
    charge,
    drafted,
    issued,
    paid_credit,
    rate,
)
from udfs.checking_focus import check_focus
from udfs.exporting_focus import focus_rows
from udfs.taxing_focus import focus_taxes, numbers_by_charge

SELLER = FocusSeller("Air", "Air", "Air")
CHARGES = (charge(119_00), charge(7_77, line_id="other"), paid_credit(-20_00))
VAT, INCLUSIVE = rate(), rate(mode=TaxMode.INCLUSIVE)
GST, QST = rate("GST", "5"), rate("QST", "9.975", on_taxes=("GST",))


def _billed_cost(rows: tuple[FocusRow, ...]) -> Decimal:
    return sum((Decimal(str(row["BilledCost"])) for row in rows), Decimal(0))


@pytest.mark.parametrize(
    ("rates", "treatment", "expected"),
    [
        pytest.param((rate(percent="0"),), TaxTreatment.TAXED, [], id="none"),
        pytest.param((VAT,), TaxTreatment.TAXED, ["24.09"], id="added to the prices"),
        pytest.param((INCLUSIVE,), TaxTreatment.TAXED, [], id="in the prices"),
        pytest.param((GST, QST), TaxTreatment.TAXED, ["6.34", "13.28"], id="tax on tax"),
        pytest.param((VAT,), TaxTreatment.REVERSE_CHARGE, [], id="owed by the buyer"),
    ],
)
def test_rows_sum_to_what_the_invoice_asks_for(
    rates: tuple[TaxRate, ...], treatment: TaxTreatment, expected: list[str]
) -> None:
    """By hand: 19 % of 126.77; 5 % of it, and 9.975 % of 133.11. All rows keep the rules."""
    terms = replace(TERMS, buyer=replace(TERMS.buyer, treatment=treatment))
    draft = drafted(*CHARGES, terms=terms, tax_table=TaxTable(rates))
    invoice = issued(draft, FEB)
    taxes = focus_taxes([invoice], SELLER, {"acme": "Example"})
    assert [str(row["BilledCost"]) for row in taxes] == expected
    rows = (*focus_rows(CHARGES, SELLER, {}, numbers_by_charge([invoice])), *taxes)
    assert {row["InvoiceId"] for row in rows} == {invoice.number}
    assert _billed_cost(rows) == Decimal(invoice.payable_minor).scaleb(-2)
    assert check_focus(rows) == ()
    assert len({row["x_ChargeId"] for row in rows}) == len(rows)


@pytest.mark.parametrize("state", [each for each in InvoiceState if each != InvoiceState.ISSUED])
def test_only_what_is_issued_is_told(state: InvoiceState) -> None:
    """A draft may become something else, and a void invoice asks for nothing."""
    invoice = replace(issued(drafted(*CHARGES), FEB), state=state)
    assert focus_taxes([invoice], SELLER, {}) == ()
    assert numbers_by_charge([invoice]) == {}

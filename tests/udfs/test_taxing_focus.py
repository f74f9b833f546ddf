"""Rows of an invoice, charges and taxes together, sum to what it asks for.

Source: FOCUS v1.2, BilledCost: its sum for an InvoiceId matches the payable amount of the invoice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from schemas.charge import Charge
from schemas.focus import FocusRow, FocusSeller
from schemas.invoice import Invoice, InvoiceKind, InvoiceState
from schemas.tax import TaxMode, TaxRate, TaxTable, TaxTreatment
from tests.udfs.invoicing.billing import (
    FEB,
    MAR,
    TERMS,
    charge,
    drafted,
    issued,
    paid_credit,
    rate,
    revised,
)
from udfs.checking_focus import check_focus
from udfs.exporting_focus import focus_rows

SELLER = FocusSeller("Air", "Air", "Air")
CHARGES = (charge(119_00), charge(7_77, line_id="other"), paid_credit(-20_00))
VAT, INCLUSIVE = rate(), rate(mode=TaxMode.INCLUSIVE)
GST, QST = rate("GST", "5"), rate("QST", "9.975", on_taxes=("GST",))
JANUARY, FEBRUARY = (datetime(2013, month, 1, tzinfo=UTC) for month in (1, 2))
NEXT = {"period_start_us": FEB, "period_end_us": MAR, "due_us": MAR}
"""A charge of February's."""


def _rows(charges: Sequence[Charge], *invoices: Invoice) -> tuple[FocusRow, ...]:
    """Return rows that keep the rules, each named once, and sum to what each invoice asks for."""
    rows = focus_rows(charges, SELLER, {"acme": "Example"}, invoices)
    assert check_focus(rows) == ()
    assert len({row["x_ChargeId"] for row in rows}) == len(rows)
    payable = {
        each.number: Decimal(each.payable_minor).scaleb(-2)
        for each in invoices
        if each.state is InvoiceState.ISSUED
    }
    sums = {
        number: sum(
            (Decimal(str(row["BilledCost"])) for row in rows if row["InvoiceId"] == number),
            Decimal(0),
        )
        for number in {row["InvoiceId"] for row in rows} - {None}
    }
    assert sums == payable
    return rows


def _taxes(rows: Sequence[FocusRow], *columns: str) -> list[tuple[str, ...]]:
    """Return some columns of the rows of taxes, as text."""
    taxes = [row for row in rows if row["ChargeCategory"] == "Tax"]
    return [tuple(str(row[name]) for name in columns) for row in taxes]


@pytest.mark.parametrize(
    ("rates", "treatment", "expected"),
    [
        pytest.param((rate(percent="0"),), TaxTreatment.TAXED, [], id="none"),
        pytest.param((VAT,), TaxTreatment.TAXED, [("VAT", "24.09")], id="added to the prices"),
        pytest.param((INCLUSIVE,), TaxTreatment.TAXED, [], id="in the prices"),
        pytest.param(
            (GST, QST), TaxTreatment.TAXED, [("GST", "6.34"), ("QST", "13.28")], id="tax on tax"
        ),
        pytest.param(
            (INCLUSIVE, rate("city", "10")),
            TaxTreatment.TAXED,
            [("city", "10.65")],
            id="one in the prices, one added",
        ),
        pytest.param(
            (INCLUSIVE, rate("city", "10", on_taxes=("VAT",))),
            TaxTreatment.TAXED,
            [("city", "12.68")],
            id="added to what the prices contain",
        ),
        pytest.param((VAT,), TaxTreatment.REVERSE_CHARGE, [], id="owed by the buyer"),
        pytest.param((INCLUSIVE,), TaxTreatment.EXEMPT, [], id="exempt"),
    ],
)
def test_rows_sum_to_what_the_invoice_asks_for(
    rates: tuple[TaxRate, ...], treatment: TaxTreatment, expected: list[tuple[str, str]]
) -> None:
    """By hand: 19 % of 126.77; 5 % of it, and 9.975 % of 133.11; 10 % of 106.53 and of 126.77."""
    terms = replace(TERMS, buyer=replace(TERMS.buyer, treatment=treatment))
    invoice = issued(drafted(*CHARGES, terms=terms, tax_table=TaxTable(rates)), FEB)
    rows = _rows(CHARGES, invoice)
    assert {row["InvoiceId"] for row in rows} == {invoice.number}
    assert _taxes(rows, "x_LineId", "BilledCost") == expected


def test_one_tax_in_some_prices_and_added_to_others() -> None:
    """The same tax and rate, by class of product: only what is added has a row."""
    goods = rate(mode=TaxMode.INCLUSIVE, product_class="goods")
    charges = (charge(119_00, line_id="book", product="book"), charge(100_00))
    table = TaxTable((VAT, goods), (("book", "goods"),))
    rows = _rows(charges, issued(drafted(*charges, tax_table=table), FEB))
    assert _taxes(rows, "x_LineId", "BilledCost") == [("VAT", "19.00")]


def test_a_whole_row_of_a_tax() -> None:
    """It has neither units nor prices, and all its costs are what is billed."""
    charges = (charge(100_00),)
    rows = _rows(charges, issued(drafted(*charges), FEB))
    (row,) = (row for row in rows if row["ChargeCategory"] == "Tax")
    told = {name: value for name, value in row.items() if value is not None}
    assert told.pop("x_ChargeId") != rows[0]["x_ChargeId"]
    costs = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")
    assert {told.pop(name) for name in (*costs, "PricingCurrencyEffectiveCost")} == {Decimal(19)}
    assert told == {
        "BillingAccountId": "acme",
        "BillingAccountName": "Example",
        "BillingAccountType": "Account",
        "BillingCurrency": "USD",
        "BillingPeriodEnd": FEBRUARY,
        "BillingPeriodStart": JANUARY,
        "ChargeCategory": "Tax",
        "ChargeDescription": "VAT 19 %",
        "ChargeFrequency": "One-Time",
        "ChargePeriodEnd": FEBRUARY,
        "ChargePeriodStart": JANUARY,
        "InvoiceId": "INV-2013-000001",
        "InvoiceIssuerName": "Air",
        "PricingCurrency": "USD",
        "ProviderName": "Air",
        "PublisherName": "Air",
        "ServiceCategory": "Other",
        "ServiceName": "Tax",
        "ServiceSubcategory": "Other (Other)",
        "Tags": "{}",
        "x_Group": "{}",
        "x_LineId": "VAT",
        "x_LineKind": "tax",
    }


def test_a_tax_that_is_paid_back_is_a_correction() -> None:
    """January's part of the tax on February's invoice names January; both are billed in February.

    Source: FOCUS v1.2, ChargeCategory: Tax, refunds included; ChargeClass.
    """
    before = charge(100_00)
    first = issued(drafted(before), FEB)
    charges = (before, revised(before, 40_00, MAR), charge(200_00, **NEXT))
    second = issued(drafted(*charges, before=(first,), due_until_us=MAR), MAR, [first])
    rows = _rows(charges, first, second)
    columns = ("BilledCost", "ChargeClass", "ChargePeriodStart", "BillingPeriodStart")
    assert _taxes(rows, *columns) == [
        ("19.00", "None", str(JANUARY), str(JANUARY)),
        ("38.00", "None", str(FEBRUARY), str(FEBRUARY)),
        ("-11.40", "Correction", str(JANUARY), str(FEBRUARY)),
    ]


def test_a_credit_note() -> None:
    """All of it is a correction, its tax and the credit that it gives back included."""
    charges = [charge(100_00), paid_credit(-50_00)]
    first = issued(drafted(*charges), FEB)
    charges += [revised(charges[0], 0, MAR), revised(charges[1], 0, MAR)]
    note = issued(drafted(*charges, before=(first,), due_until_us=MAR), MAR, [first])
    assert (note.kind, note.payable_minor) == (InvoiceKind.CREDIT_NOTE, -69_00)
    rows = _rows(charges, first, note)
    of_note = [row for row in rows if row["InvoiceId"] == note.number]
    assert len(of_note) == 3
    assert {row["ChargeClass"] for row in of_note} == {"Correction"}


def test_what_was_below_the_minimum_is_billed_with_the_next_invoice() -> None:
    """January's 10.00 come with February's: of its billing period, and no correction."""
    terms = replace(TERMS, minimum=Decimal(20))
    charges = (charge(10_00), charge(30_00, **NEXT))
    invoice = issued(drafted(*charges, terms=terms, due_until_us=MAR), MAR)
    rows = _rows(charges, invoice)
    assert {row["BillingPeriodStart"] for row in rows} == {FEBRUARY}
    assert {row["ChargeClass"] for row in rows} == {None}
    assert _taxes(rows, "BilledCost", "ChargePeriodStart") == [
        ("1.90", str(JANUARY)),
        ("5.70", str(FEBRUARY)),
    ]


def test_void_and_issued_again() -> None:
    """The void one has no rows, and corrects nothing; its charges have the number of the next."""
    charges = (charge(100_00),)
    void = replace(issued(drafted(*charges), FEB), state=InvoiceState.VOID)
    assert {row["InvoiceId"] for row in _rows(charges, void)} == {None}
    again = issued(drafted(*charges, before=(void,)), FEB, [void])
    late = revised(charges[0], 40_00, MAR)
    rows = _rows((*charges, late), void, again)
    told = [(row["InvoiceId"], row["ChargeClass"]) for row in rows]
    assert told == [(again.number, None), (None, "Correction"), (again.number, None)]


@pytest.mark.parametrize("state", [each for each in InvoiceState if each != InvoiceState.ISSUED])
def test_only_what_is_issued_is_told(state: InvoiceState) -> None:
    """A draft may become something else, and a void invoice asks for nothing."""
    invoice = replace(issued(drafted(*CHARGES), FEB), state=state)
    rows = _rows(CHARGES, invoice)
    assert len(rows) == len(CHARGES)
    assert {row["InvoiceId"] for row in rows} == {None}
    assert {row["BillingPeriodStart"] for row in rows} == {JANUARY}


def test_accounts_and_currencies_are_invoiced_apart() -> None:
    """Taxes of an account come after its charges, by invoice."""
    yen = replace(charge(1000), charge_id="yen", currency="JPY", amount=Decimal(1000))
    other = replace(charge(30_00), charge_id="other", account_id="beta")
    charges = (other, yen, charge(100_00))
    invoices = [
        issued(drafted(each, terms=replace(TERMS, account_id=name, currency=currency)), FEB)
        for each, name, currency in zip(
            charges, ("beta", "acme", "acme"), ("USD", "JPY", "USD"), strict=True
        )
    ]
    rows = focus_rows(charges, SELLER, {}, invoices)
    told = [(row["BillingAccountId"], row["ChargeCategory"]) for row in rows]
    assert told == [
        *[("acme", "Usage")] * 2,
        *[("acme", "Tax")] * 2,
        ("beta", "Usage"),
        ("beta", "Tax"),
    ]
    assert _taxes(rows, "BillingCurrency", "BilledCost") == [
        ("JPY", "190"),
        ("USD", "19.00"),
        ("USD", "5.70"),
    ]


def test_an_invoice_of_a_charge_that_is_not_there() -> None:
    """Its rows would not sum to it: a broken invariant."""
    charges = (charge(100_00), charge(5_00, line_id="lost"))
    invoice = issued(drafted(*charges), FEB)
    with pytest.raises(AssertionError, match=r"INV-2013-000001: expected its charges, found no "):
        focus_rows(charges[:1], SELLER, {}, [invoice])

"""Invoices as canonical JSON: golden bytes, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.invoice import Invoice, InvoiceState
from schemas.statement import LineKind
from schemas.tax import TaxMode, TaxTable
from tests.udfs.invoicing.billing import (
    FEB,
    JAN,
    MAR,
    charge,
    drafted,
    paid_credit,
    rate,
    revised,
    try_issue,
)
from udfs.invoicing import (
    InvoiceFormatError,
    approve,
    decode_invoice,
    encode_invoice,
    void,
)

GOLDEN = Path(__file__).parents[2] / "fixtures" / "invoices" / "invoice.json"
TIERS = {
    "amount": "100",
    "parts": [
        {"label": "tier up to 10", "quantity": "10", "unit_price": "8.50", "amount": "85"},
        {"label": "flat fee", "quantity": "1", "amount": "46/3"},
    ],
}


def whole() -> Invoice:
    """Return an issued invoice with something in every field, then made void."""
    landing = charge(10000, breakdown=json.dumps(TIERS), group='{"airport":"JFK"}')
    fee = charge(500, kind=LineKind.RECURRING_FEE, line_id="Grundgebühr", product="platform")
    first = replace(drafted(landing), state=InvoiceState.ISSUED, number="INV-2012-000009")
    draft = drafted(
        landing,
        revised(landing, 3000, FEB, quantity=2),
        replace(landing, charge_id="0f", line_id="again", amount_minor=10000),
        fee,
        paid_credit(-100),
        before=(first,),
        tax_table=TaxTable(
            (
                rate("VAT", "19", mode=TaxMode.INCLUSIVE),
                rate("GST", "5", product_class="platform"),
                rate("QST", "9.5", product_class="platform", on_taxes=("GST",)),
            ),
            (("platform", "platform"),),
        ),
    )
    approved = approve(draft, JAN)
    assert isinstance(approved, Invoice)
    made = try_issue(approved, (), FEB)
    assert isinstance(made, Invoice)
    gone = void(made, (), MAR, "wrong address")
    assert isinstance(gone, Invoice)
    return gone


def test_golden_bytes() -> None:
    """The same invoice gives these bytes, in every version; they give the invoice back."""
    golden = GOLDEN.read_bytes().rstrip(b"\n")
    assert encode_invoice(whole()) == golden
    assert decode_invoice(golden) == whole()


def test_equal_decimals_give_equal_bytes() -> None:
    """1 and 1.00 are one number."""
    invoice = whole()
    terms = replace(invoice.terms, minimum=Decimal("0.00"))
    assert encode_invoice(replace(invoice, terms=terms)) == encode_invoice(invoice)


def _without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda shape: shape.pop(name)


def _with(**members: object) -> Callable[[dict[str, Any]], object]:
    return lambda shape: shape.update(members)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without("lines"), "invoice: expected the members of Invoice, found a difference: lines"),
        (_with(color="red"), "invoice: .* a difference: color"),
        (_with(**dict.fromkeys("gfedcab")), "invoice: .* a difference: a$"),
        (lambda shape: shape.update(number=shape.pop("number")), "difference: another order$"),
        (_with(state="paid"), r"invoice\.state: expected a InvoiceState, found 'paid'"),
        (_with(sequence="1"), r"invoice\.sequence: expected int, found '1'"),
        (_with(sequence=True), r"invoice\.sequence: expected int, found True"),
        (_with(approved_us=1.5), r"invoice\.approved_us: expected int, found 1\.5"),
        (_with(lines={}), r"invoice\.lines: expected list, found \{\}"),
        (_with(lines=[1]), r"invoice\.lines\[0\]: expected dict, found 1"),
        (
            lambda shape: shape["terms"].update(minimum="much"),
            r"invoice\.terms\.minimum: expected a Decimal, found 'much'",
        ),
        (
            lambda shape: shape["terms"]["series"].update(by_year="yes"),
            r"invoice\.terms\.series\.by_year: expected bool, found 'yes'",
        ),
        (
            lambda shape: shape["lines"][0]["parts"][0].update(amount="1/0"),
            r"invoice\.lines\[0\]\.parts\[0\]\.amount: expected a Fraction, found '1/0'",
        ),
    ],
)
def test_other_shapes_are_refused(change: Callable[[dict[str, Any]], object], message: str) -> None:
    """One line with the place, what was expected and what found."""
    shape = json.loads(encode_invoice(whole()))
    change(shape)
    with pytest.raises(InvoiceFormatError, match=message):
        decode_invoice(json.dumps(shape).encode())


@pytest.mark.parametrize("encoded", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(encoded: bytes) -> None:
    """With the reader's words."""
    with pytest.raises(InvoiceFormatError, match="invoice: expected JSON in UTF-8"):
        decode_invoice(encoded)

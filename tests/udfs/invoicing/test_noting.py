"""Invoices become rows of their changes, and come back as they stand."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from schemas.invoice import Invoice, InvoiceState
from tests.udfs.invoicing.billing import FEB, TERMS, charge, drafted, issued
from udfs.invoicing import (
    InvoiceFormatError,
    approve,
    change_of,
    encode_invoice,
    invoices_of,
    last_changes,
    void,
)

DRAFT = drafted(charge(10000))
ISSUED = issued(DRAFT, FEB)


def test_a_row_says_what_its_invoice_does() -> None:
    """The number only where there is one; the hash is that of the content."""
    row = change_of(ISSUED, FEB + 7)
    assert (row.number, row.state, row.at_us) == ("INV-2013-000001", "issued", FEB + 7)
    assert (row.net_minor, row.tax_minor, row.payable_minor) == (10000, 1900, 11900)
    assert row.content.encode() == encode_invoice(ISSUED)
    assert row.content_hash == sha256(encode_invoice(ISSUED)).hexdigest()
    assert change_of(DRAFT, FEB).number is None


def test_the_last_state_counts() -> None:
    """In whatever order the rows come; invoices are ordered by account, currency and sequence."""
    approved, gone = approve(DRAFT, FEB), void(ISSUED, (), FEB, "wrong")
    assert isinstance(approved, Invoice)
    assert isinstance(gone, Invoice)
    second = drafted(charge(10000), before=(gone,))
    terms = replace(TERMS, account_id="aaa")
    other = drafted(charge(1, account_id="aaa"), terms=terms)
    rows = [change_of(each, FEB) for each in (second, gone, DRAFT, other, ISSUED, approved)]
    assert invoices_of(last_changes(rows)) == (other, gone, second)
    assert invoices_of(last_changes(rows[::-1])) == (other, gone, second)
    assert invoices_of(last_changes(())) == ()


def test_rows_and_invoices_have_an_order() -> None:
    """Rows by id, whatever their states; invoices by account, currency, then sequence."""
    rows = [
        change_of(replace(DRAFT, invoice_id=name, state=state), FEB)
        for name, state in (("c", InvoiceState.DRAFT), ("b", InvoiceState.ISSUED))
    ]
    assert [each.invoice_id for each in last_changes(rows)] == ["b", "c"]
    named = [("aaa", "USD", 2), ("acme", "EUR", 2), ("acme", "USD", 1), ("acme", "USD", 3)]
    invoices = tuple(
        replace(
            DRAFT, sequence=number, terms=replace(TERMS, account_id=account_id, currency=currency)
        )
        for account_id, currency, number in named
    )
    assert invoices_of([change_of(each, FEB) for each in invoices[::-1]]) == invoices


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"payable_minor": 1}, "expected payable_minor 11900, found 1"),
        ({"number": None}, "expected number INV-2013-000001, found None"),
        ({"content_hash": "0"}, "expected content_hash "),
        ({"content": "{}"}, "content, invoice: expected the members of Invoice"),
    ],
)
def test_a_row_that_was_changed(changes: dict[str, Any], line: str) -> None:
    """It is named, with the column."""
    row = replace(change_of(ISSUED, FEB), **changes)
    with pytest.raises(InvoiceFormatError) as caught:
        invoices_of([row])
    assert str(caught.value).startswith(f"invoices, row {ISSUED.invoice_id} issued: {line}")


def test_no_state_is_left_out() -> None:
    """The order of states is that of their list."""
    assert list(InvoiceState) == ["draft", "approved", "issued", "void"]

"""What an invoice comes to in the ledger."""

from schemas.instant import DAY_US, HOUR_US
from schemas.invoice import Invoice
from schemas.statement import LineKind
from schemas.tax import TaxMode, TaxTable
from tests.udfs.booking import sides
from tests.udfs.invoicing.billing import FEB, charge, drafted, issued, paid_credit, rate
from udfs.invoicing import (
    BookedAmounts,
    booked_amounts,
    change_of,
    invoice_entries,
    invoice_entry_ids,
    void,
)
from udfs.posting import post_invoice


def test_tax_beside_the_price() -> None:
    """100.00 less 30.00 of credit are unbilled no more; 19.00 of tax are owed to DE."""
    invoice = drafted(charge(10000), paid_credit(-3000))
    assert booked_amounts(invoice) == BookedAmounts(7000, (("DE", 1900),), ())


def test_tax_in_the_price_is_taken_from_its_products() -> None:
    """119.00 and 53.50 less 10.70 hold 19.00, and 7 / 107 of 42.80: 2.80."""
    inclusive = TaxMode.INCLUSIVE
    table = TaxTable(
        (rate(mode=inclusive), rate("VAT", "7", mode=inclusive, product_class="books")),
        (("novel", "books"),),
    )
    discount = charge(-1070, kind=LineKind.DISCOUNT, line_id="loyal", product="novel")
    novel = charge(5350, line_id="novel", product="novel")
    invoice = drafted(charge(11900), novel, discount, tax_table=table)
    included = (("landing", 1900), ("novel", 280))
    assert booked_amounts(invoice) == BookedAmounts(16180, (("DE", 2180),), included)


def test_taxes_in_prices_are_ordered_by_product() -> None:
    """Whatever the order of lines."""
    table = TaxTable((rate(mode=TaxMode.INCLUSIVE),))
    lines = [charge(11900, line_id=name, product=of) for name, of in (("a", "z"), ("b", "y"))]
    found = booked_amounts(drafted(*lines, tax_table=table)).included_tax_minor
    assert found == (("y", 1900), ("z", 1900))


def test_no_tax_is_no_amount() -> None:
    """Nothing is booked for it."""
    invoice = drafted(charge(500), tax_table=TaxTable((rate(percent="0"),)))
    assert booked_amounts(invoice) == BookedAmounts(500, (), ())


def test_what_is_payable_is_received() -> None:
    """The ledger's entry of 119.00 with 19.00 in them, of which 30.00 are paid by credit."""
    table = TaxTable((rate(mode=TaxMode.INCLUSIVE),))
    invoice = drafted(charge(11900), paid_credit(-3000), tax_table=table)
    booked = booked_amounts(invoice)
    taxes, included = dict(booked.tax_minor), dict(booked.included_tax_minor)
    entry = post_invoice(
        invoice.invoice_id, "acme", "USD", booked.charged_minor, taxes, 0, included
    )
    assert entry is not None
    found = {each.ledger_account: each.amount_minor for each in entry.postings}
    assert found["assets:receivable"] == invoice.payable_minor == 8900
    assert sorted(found.values()) == [-8900, -1900, 1900, 8900]


def test_nothing_moves_before_an_invoice_is_issued() -> None:
    """Nor by one that is void without a number."""
    draft = drafted(charge(10000))
    dropped = void(draft, (), FEB, "wrong")
    assert isinstance(dropped, Invoice)
    assert invoice_entries(draft) == invoice_entries(dropped) == ()
    assert [invoice_entry_ids(change_of(each, FEB)) for each in (draft, dropped)] == [(), ()]


def test_an_invoice_is_booked_on_its_day_and_reversed_on_another() -> None:
    """Days are those of the seller: 00:30 in Berlin of the 2nd is 23:30 UTC of the 1st."""
    late_us = FEB + 47 * HOUR_US // 2
    invoice = issued(drafted(charge(10000)), late_us)
    (entry,) = invoice_entries(invoice)
    assert (entry.booked_us, entry.memo) == (FEB + DAY_US, "invoice INV-2013-000001")
    assert sides(entry) == {
        "assets:receivable": 11900,
        "assets:unbilled_usage": -10000,
        "liabilities:tax_payable:DE": -1900,
    }
    gone = void(invoice, (), late_us + DAY_US, "wrong")
    assert isinstance(gone, Invoice)
    first, reversal = invoice_entries(gone)
    for each in (invoice, gone):
        ids = tuple(entry.entry_id for entry in invoice_entries(each))
        assert invoice_entry_ids(change_of(each, FEB)) == ids
    assert first == entry
    assert (reversal.booked_us, reversal.source_id) == (FEB + 2 * DAY_US, entry.entry_id)
    assert sides(reversal) == {name: -minor for name, minor in sides(entry).items()}


def test_a_credit_note_says_so_and_nothing_in_all_moves_nothing() -> None:
    """A memo for people; an invoice of 0.00 has a number and no entry."""
    (entry,) = invoice_entries(issued(drafted(charge(-500)), FEB))
    assert entry.memo == "credit note CN-2013-000001"
    nothing = issued(drafted(charge(0)), FEB)
    assert nothing.number
    assert invoice_entries(nothing) == ()

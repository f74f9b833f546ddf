"""What an invoice comes to in the ledger."""

from schemas.statement import LineKind
from schemas.tax import TaxMode, TaxTable
from tests.udfs.invoicing.billing import charge, drafted, paid_credit, rate
from udfs.invoicing import BookedAmounts, booked_amounts
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

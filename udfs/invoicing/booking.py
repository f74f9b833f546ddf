"""What an invoice comes to in the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from schemas.instant import DAY_US, EPOCH
from schemas.invoice import Invoice, InvoiceKind, InvoiceState
from schemas.invoice_change import InvoiceChange
from schemas.journal import JournalEntry, SourceKind
from udfs.invoicing.dating import local_day
from udfs.posting import entry_id_of, post_invoice, reverse


@dataclass(frozen=True, slots=True)
class BookedAmounts:
    """Amounts of an invoice, as an entry of the ledger needs them.

    Attributes:
        charged_minor: What all its charges come to, credit included: they are unbilled no more.
        tax_minor: Pairs of jurisdiction and all tax, where there is some.
        included_tax_minor: Pairs of product and the tax that its charges include, ordered by
            product: it was booked as sales and is none.
    """

    charged_minor: int
    tax_minor: tuple[tuple[str, int], ...]
    included_tax_minor: tuple[tuple[str, int], ...]


def booked_amounts(invoice: Invoice) -> BookedAmounts:
    """Return what an invoice is booked with; charges and tax, less what they include, are payable.

    Args:
        invoice: An invoice or credit note, issued.
    """
    included: dict[str, int] = {}
    for line in invoice.lines:
        contained_minor = line.amount_minor - line.net_minor
        included[line.product] = included.get(line.product, 0) + contained_minor
    taxes = {invoice.terms.buyer.jurisdiction: invoice.tax_minor}
    charged_minor = invoice.charged_minor + invoice.credit_minor
    owed_minor = charged_minor + invoice.tax_minor - sum(included.values())
    assert owed_minor == invoice.payable_minor, f"invoice {invoice.invoice_id}: {owed_minor}"
    return BookedAmounts(charged_minor, _some(taxes), _some(included))


def invoice_entries(invoice: Invoice) -> tuple[JournalEntry, ...]:
    """Return all that an invoice has moved by now: nothing before it is issued.

    It is booked on its day of issue. One that was void after that is reversed, on the day of the
    seller's zone on which it was.
    """
    if not invoice.number:
        return ()
    booked = booked_amounts(invoice)
    entry = post_invoice(
        invoice.invoice_id,
        invoice.terms.account_id,
        invoice.terms.currency,
        booked.charged_minor,
        dict(booked.tax_minor),
        _midnight_us(date.fromisoformat(invoice.issue_date)),
        dict(booked.included_tax_minor),
    )
    if entry is None:
        return ()
    what = "invoice" if invoice.kind is InvoiceKind.INVOICE else "credit note"
    entry = replace(entry, memo=f"{what} {invoice.number}")
    if invoice.state is not InvoiceState.VOID:
        return (entry,)
    assert invoice.voided_us is not None, f"invoice {invoice.invoice_id}: void, but when?"
    voided = local_day(invoice.voided_us, invoice.terms.seller.timezone)
    return (entry, reverse(entry, _midnight_us(voided)))


def invoice_entry_ids(row: InvoiceChange) -> tuple[str, ...]:
    """Return the ids of the entries of an invoice, so far as it moves anything."""
    if row.number is None:
        return ()
    entry_id = entry_id_of(SourceKind.INVOICE, row.invoice_id)
    if row.state is not InvoiceState.VOID:
        return (entry_id,)
    return (entry_id, entry_id_of(SourceKind.REVERSAL, entry_id))


def _midnight_us(day: date) -> int:
    return (day - EPOCH.date()).days * DAY_US


def _some(amounts: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((name, minor) for name, minor in sorted(amounts.items()) if minor)

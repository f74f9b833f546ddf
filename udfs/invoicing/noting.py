"""Invoices as the rows of their changes, and back: what stands there is what was written."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from schemas.invoice import Invoice, InvoiceState
from schemas.invoice_change import InvoiceChange
from udfs.invoicing.encoding import InvoiceFormatError, decode_invoice, encode_invoice

_ORDER = {state: place for place, state in enumerate(InvoiceState)}


def change_of(invoice: Invoice, at_us: int) -> InvoiceChange:
    """Return the row with which an invoice comes into its state at an instant."""
    content = encode_invoice(invoice)
    return InvoiceChange(
        invoice_id=invoice.invoice_id,
        account_id=invoice.terms.account_id,
        number=invoice.number or None,
        state=invoice.state,
        kind=invoice.kind,
        at_us=at_us,
        currency=invoice.terms.currency,
        charged_minor=invoice.charged_minor,
        net_minor=invoice.net_minor,
        tax_minor=invoice.tax_minor,
        total_minor=invoice.total_minor,
        credit_minor=invoice.credit_minor,
        payable_minor=invoice.payable_minor,
        content=content.decode(),
        content_hash=sha256(content).hexdigest(),
    )


def invoices_of(changes: Iterable[InvoiceChange]) -> tuple[Invoice, ...]:
    """Return the invoices as they stand now, ordered by account, currency and sequence.

    Args:
        changes: All of them, each once, in any order.

    Raises:
        InvoiceFormatError: A content is damaged, or a row's columns say something else.
    """
    last: dict[str, InvoiceChange] = {}
    for each in sorted(changes, key=lambda each: _ORDER[each.state]):
        last[each.invoice_id] = each
    invoices = (_invoice_of(each) for each in last.values())
    return tuple(
        sorted(
            invoices, key=lambda each: (each.terms.account_id, each.terms.currency, each.sequence)
        )
    )


def _invoice_of(change: InvoiceChange) -> Invoice:
    where = f"invoices, row {change.invoice_id} {change.state}"
    try:
        invoice = decode_invoice(change.content.encode())
    except InvoiceFormatError as error:
        raise InvoiceFormatError(f"{where}: content, {error}") from None
    expected = change_of(invoice, change.at_us)
    for name in InvoiceChange.__slots__:
        said, found = getattr(expected, name), getattr(change, name)
        if said != found:
            raise InvoiceFormatError(f"{where}: expected {name} {said}, found {found}")
    return invoice

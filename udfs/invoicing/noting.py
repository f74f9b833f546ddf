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
    return _row(invoice, encode_invoice(invoice), at_us)


def last_changes(changes: Iterable[InvoiceChange]) -> tuple[InvoiceChange, ...]:
    """Return the row of each invoice that says how it stands now, ordered by id.

    Args:
        changes: All of them, each once, in any order.
    """
    last: dict[str, InvoiceChange] = {}
    for each in sorted(changes, key=lambda each: (each.invoice_id, _ORDER[each.state])):
        last[each.invoice_id] = each
    return tuple(last.values())


def invoices_of(rows: Iterable[InvoiceChange]) -> tuple[Invoice, ...]:
    """Return the invoices of rows, ordered by account, currency and sequence.

    Args:
        rows: One of each invoice.

    Raises:
        InvoiceFormatError: A content is damaged, or a row's columns say something else.
    """
    return tuple(
        sorted(
            map(_invoice_of, rows),
            key=lambda each: (each.terms.account_id, each.terms.currency, each.sequence),
        )
    )


def _row(invoice: Invoice, content: bytes, at_us: int) -> InvoiceChange:
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


def _invoice_of(row: InvoiceChange) -> Invoice:
    where = f"invoices, row {row.invoice_id} {row.state}"
    try:
        invoice = decode_invoice(row.content.encode())
    except InvoiceFormatError as error:
        raise InvoiceFormatError(f"{where}: content, {error}") from None
    expected = _row(invoice, row.content.encode(), row.at_us)
    for name in InvoiceChange.__slots__:
        said, found = getattr(expected, name), getattr(row, name)
        if said != found:
            raise InvoiceFormatError(f"{where}: expected {name} {said}, found {found}")
    return invoice

"""One change of an invoice's state, as the table `invoices` keeps it."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.invoice import InvoiceKind, InvoiceState


@dataclass(frozen=True, slots=True)
class InvoiceChange:
    """One row of `invoices`, field for column; an invoice has one for each state that it was in.

    All but `at_us` and `content_hash` repeat what the content says.

    Attributes:
        invoice_id: Of the invoice.
        account_id: Who pays.
        number: In its series; None until it is issued.
        state: Into which it came.
        kind: Invoice or credit note.
        at_us: When, by the program's clock.
        currency: ISO 4217 code of all amounts.
        charged_minor: Sum of the lines' amounts.
        net_minor: The same without the taxes it contains.
        tax_minor: Sum of the taxes.
        total_minor: Net and taxes.
        credit_minor: What prepaid credit pays, negative.
        payable_minor: What is left to pay.
        content: The whole invoice, canonical JSON.
        content_hash: SHA-256 of the content in UTF-8, 64 hex digits.
    """

    invoice_id: str
    account_id: str
    number: str | None
    state: InvoiceState
    kind: InvoiceKind
    at_us: int
    currency: str
    charged_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    credit_minor: int
    payable_minor: int
    content: str
    content_hash: str

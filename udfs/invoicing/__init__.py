"""Invoices: charges that are due, gathered, taxed and summed in a visible list of steps.

Then an invoice is approved, issued with a number, or made void; its amounts never change.
"""

from udfs.invoicing.agreeing import terms_of
from udfs.invoicing.booking import BookedAmounts, booked_amounts, invoice_entries, invoice_entry_ids
from udfs.invoicing.changing_state import approve, issue, issued_number, series_of, void
from udfs.invoicing.encoding import InvoiceFormatError, decode_invoice, encode_invoice
from udfs.invoicing.gathering import invoice_charge_ids, invoiced_ids
from udfs.invoicing.invoicing import INVOICE_STEPS, draft_invoice
from udfs.invoicing.noting import change_of, invoices_of, last_changes
from udfs.invoicing.numbering import BrokenSeriesError, next_numbers

__all__ = [
    "INVOICE_STEPS",
    "BookedAmounts",
    "BrokenSeriesError",
    "InvoiceFormatError",
    "approve",
    "booked_amounts",
    "change_of",
    "decode_invoice",
    "draft_invoice",
    "encode_invoice",
    "invoice_charge_ids",
    "invoice_entries",
    "invoice_entry_ids",
    "invoiced_ids",
    "invoices_of",
    "issue",
    "issued_number",
    "last_changes",
    "next_numbers",
    "series_of",
    "terms_of",
    "void",
]

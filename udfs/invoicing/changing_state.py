"""Changes of an invoice's state: draft, approved, issued, void. Amounts never change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.instant import EPOCH, MICROSECOND
from schemas.invoice import (
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceState,
    RefusalReason,
    Refused,
)
from schemas.invoice_terms import Series
from udfs.invoicing.numbering import next_number


def approve(invoice: Invoice, now_us: int) -> Invoice | Refused:
    """Approve a draft; a second approval is refused, and changes nothing."""
    if invoice.state is not InvoiceState.DRAFT:
        return _refused(invoice, RefusalReason.NOT_DRAFT, "a draft")
    return replace(invoice, state=InvoiceState.APPROVED, approved_us=now_us)


def issue(invoice: Invoice, issued: Sequence[Invoice], now_us: int) -> Invoice | Refused:
    """Issue an approved invoice: give it its number, its day and its due date.

    Args:
        invoice: The invoice.
        issued: All invoices of its series and seller until now that have a number, void ones too;
            those of other series are passed over.
        now_us: When it is issued.

    Raises:
        BrokenSeriesError: The numbers until now have a gap, or one stands twice.
    """
    if invoice.state is not InvoiceState.APPROVED:
        return _refused(invoice, RefusalReason.NOT_APPROVED, "an approved invoice")
    series, terms = series_of(invoice), invoice.terms
    others = [each for each in issued if each.number and series_of(each) == series]
    issue_day = _local(now_us, terms.seller.timezone)
    issue_date = issue_day.date().isoformat()
    last_date = max((each.issue_date for each in others), default="")
    if issue_date < last_date:
        detail = f"invoice {invoice.invoice_id}: expected a day from {last_date} on"
        return Refused(
            invoice.invoice_id, RefusalReason.BEFORE_LAST, f"{detail}, found {issue_date}"
        )
    due_day = _local(now_us, terms.buyer.timezone).date() + timedelta(days=terms.payment_days)
    return replace(
        invoice,
        state=InvoiceState.ISSUED,
        number=next_number(series, [each.number for each in others], issue_day.year),
        issue_date=issue_date,
        due_date=due_day.isoformat(),
        issued_us=now_us,
    )


def void(
    invoice: Invoice, others: Sequence[Invoice], now_us: int, reason: str
) -> Invoice | Refused:
    """Make an invoice void, in any state: its charges can be invoiced again.

    Args:
        invoice: The invoice.
        others: All invoices of the account in this currency; it may be among them.
        now_us: When.
        reason: Why, for people; at least a word.
    """
    if invoice.state is InvoiceState.VOID:
        return _refused(invoice, RefusalReason.ALREADY_VOID, "an invoice that is not void")
    if not reason.split():
        detail = f"invoice {invoice.invoice_id}: expected a reason, found none"
        return Refused(invoice.invoice_id, RefusalReason.NO_REASON, detail)
    for other in sorted(others, key=lambda each: each.sequence):
        if other.state is not InvoiceState.VOID and _corrects(other, invoice):
            found = f"{other.number or other.invoice_id} that corrects it"
            detail = f"invoice {invoice.invoice_id}: expected no later invoice, found {found}"
            return Refused(invoice.invoice_id, RefusalReason.CORRECTED_LATER, detail)
    return replace(
        invoice, state=InvoiceState.VOID, voided_us=now_us, void_reason=" ".join(reason.split())
    )


def series_of(invoice: Invoice) -> Series:
    """Return the series that an invoice has, or will have, its number in."""
    terms = invoice.terms
    return terms.series if invoice.kind is InvoiceKind.INVOICE else terms.credit_series


def _corrects(later: Invoice, invoice: Invoice) -> bool:
    """Return whether an invoice has lines of an earlier one again: it corrects them."""
    if later.sequence <= invoice.sequence:
        return False
    lines = {_line_name(line) for line in invoice.lines}
    return any(_line_name(line) in lines for line in later.lines)


def _line_name(line: InvoiceLine) -> tuple[object, ...]:
    period = (line.period_start_us, line.period_end_us, line.segment_start_us)
    return (*period, line.kind, line.line_id, line.product, line.group)


def _local(instant_us: int, timezone: str) -> datetime:
    return (EPOCH + instant_us * MICROSECOND).astimezone(ZoneInfo(timezone))


def _refused(invoice: Invoice, reason: RefusalReason, expected: str) -> Refused:
    found = f"{invoice.state.value} {invoice.number}".strip()
    detail = f"invoice {invoice.invoice_id}: expected {expected}, found {found}"
    return Refused(invoice.invoice_id, reason, detail)

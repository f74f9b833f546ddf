"""Changes of an invoice's state: draft, approved, issued, void. Amounts never change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from schemas.invoice import (
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceState,
    IssuedNumber,
    RefusalReason,
    Refused,
)
from schemas.invoice_terms import Series
from udfs.invoicing.dating import local_day
from udfs.invoicing.numbering import next_numbers


def approve(invoice: Invoice, now_us: int) -> Invoice | Refused:
    """Approve a draft; a second approval is refused, and changes nothing."""
    if invoice.state is not InvoiceState.DRAFT:
        return _refused(invoice, RefusalReason.NOT_DRAFT, "a draft")
    return replace(invoice, state=InvoiceState.APPROVED, approved_us=now_us)


def issue(
    invoices: Sequence[Invoice], issued: Sequence[IssuedNumber], now_us: int
) -> tuple[Invoice | Refused, ...]:
    """Issue approved invoices: give each its number, in the given order, its day and due date.

    Args:
        invoices: The invoices; one that is refused takes no number.
        issued: All numbers of the seller until now.
        now_us: When they are issued.

    Returns:
        For each invoice, itself as it was issued, or why it is not.

    Raises:
        BrokenSeriesError: The numbers until now have a gap, or one stands twice.
    """
    last_dates: dict[str, str] = {}
    for taken in issued:
        last_dates[taken.series_id] = max(last_dates.get(taken.series_id, ""), taken.issue_date)
    refused = [_refuse_issue(each, last_dates, now_us) for each in invoices]
    accepted = [each for each, why in zip(invoices, refused, strict=True) if why is None]
    wanted = Counter(_series_and_year(each, now_us) for each in accepted)
    numbers = {
        (series, year): iter(next_numbers(series, _numbers(series, issued), year, how_many))
        for (series, year), how_many in wanted.items()
    }
    return tuple(
        why or _issued(each, next(numbers[_series_and_year(each, now_us)]), now_us)
        for each, why in zip(invoices, refused, strict=True)
    )


def issued_number(invoice: Invoice) -> IssuedNumber | None:
    """Return the number that an invoice has taken; None where it has none."""
    if not invoice.number:
        return None
    return IssuedNumber(series_of(invoice).series_id, invoice.number, invoice.issue_date)


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


def _refuse_issue(invoice: Invoice, last_dates: Mapping[str, str], now_us: int) -> Refused | None:
    if invoice.state is not InvoiceState.APPROVED:
        return _refused(invoice, RefusalReason.NOT_APPROVED, "an approved invoice")
    issue_date = _issue_day(invoice, now_us).isoformat()
    last_date = last_dates.get(series_of(invoice).series_id, "")
    if issue_date >= last_date:
        return None
    detail = f"invoice {invoice.invoice_id}: expected a day from {last_date} on, found {issue_date}"
    return Refused(invoice.invoice_id, RefusalReason.BEFORE_LAST, detail)


def _issued(invoice: Invoice, number: str, now_us: int) -> Invoice:
    terms = invoice.terms
    due_day = local_day(now_us, terms.buyer.timezone) + timedelta(days=terms.payment_days)
    return replace(
        invoice,
        state=InvoiceState.ISSUED,
        number=number,
        issue_date=_issue_day(invoice, now_us).isoformat(),
        due_date=due_day.isoformat(),
        issued_us=now_us,
    )


def _issue_day(invoice: Invoice, now_us: int) -> date:
    return local_day(now_us, invoice.terms.seller.timezone)


def _series_and_year(invoice: Invoice, now_us: int) -> tuple[Series, int]:
    """Return what is counted together; a series that does not name years counts through them."""
    series = series_of(invoice)
    return series, _issue_day(invoice, now_us).year if series.by_year else 0


def _numbers(series: Series, issued: Sequence[IssuedNumber]) -> list[str]:
    return [each.number for each in issued if each.series_id == series.series_id]


def _corrects(later: Invoice, invoice: Invoice) -> bool:
    """Return whether an invoice has lines of an earlier one again: it corrects them."""
    if later.sequence <= invoice.sequence:
        return False
    lines = {_line_name(line) for line in invoice.lines}
    return any(_line_name(line) in lines for line in later.lines)


def _line_name(line: InvoiceLine) -> tuple[object, ...]:
    period = (line.period_start_us, line.period_end_us, line.segment_start_us)
    return (*period, line.kind, line.line_id, line.product, line.group)


def _refused(invoice: Invoice, reason: RefusalReason, expected: str) -> Refused:
    found = f"{invoice.state.value} {invoice.number}".strip()
    detail = f"invoice {invoice.invoice_id}: expected {expected}, found {found}"
    return Refused(invoice.invoice_id, reason, detail)

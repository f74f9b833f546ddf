"""Issued invoices that have given charges, for tests of FOCUS rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from schemas.charge import Charge
from schemas.invoice import Invoice, InvoiceKind, InvoiceLine, InvoiceState
from tests.udfs.invoicing.billing import TERMS


def invoices_on(charges: Iterable[Charge], numbers: Mapping[str, str]) -> tuple[Invoice, ...]:
    """Return an invoice without taxes for each number, issued when the last of its charges is due.

    Args:
        charges: Those of a number are of one account and currency.
        numbers: By charge; a charge without is on no invoice.
    """
    by_number: dict[str, list[Charge]] = {}
    for each in charges:
        if each.charge_id in numbers:
            by_number.setdefault(numbers[each.charge_id], []).append(each)
    dues = {number: max(each.due_us for each in of) for number, of in by_number.items()}
    return tuple(
        Invoice(
            invoice_id=number,
            sequence=sequence,
            kind=InvoiceKind.INVOICE,
            state=InvoiceState.ISSUED,
            terms=replace(TERMS, account_id=of[0].account_id, currency=of[0].currency),
            due_until_us=dues[number],
            lines=tuple(_line(each) for each in of),
            number=number,
            issued_us=dues[number],
        )
        for sequence, (number, of) in enumerate(
            sorted(by_number.items(), key=lambda each: (dues[each[0]], each[0])), 1
        )
    )


def _line(charge: Charge) -> InvoiceLine:
    return InvoiceLine(
        kind=charge.kind,
        line_id=charge.line_id,
        product=charge.product,
        group=charge.group,
        meter_id=charge.meter_id,
        unit=charge.unit,
        period_start_us=charge.period_start_us,
        period_end_us=charge.period_end_us,
        segment_start_us=charge.segment_start_us,
        segment_end_us=charge.segment_end_us,
        timezone=charge.timezone,
        quantity=charge.quantity,
        quantity_before=None,
        corrected_number="",
        parts=(),
        amount_minor=charge.amount_minor,
        net_minor=charge.amount_minor,
        taxes=(),
        charge_ids=(charge.charge_id,),
    )

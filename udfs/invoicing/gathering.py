"""Gathers charges that are due into the lines of an invoice, for people to read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from schemas.charge import Charge
from schemas.invoice import (
    AppliedCredit,
    BilledAccount,
    Invoice,
    InvoiceLine,
    InvoiceState,
    LinePart,
)
from schemas.statement import LineKey, LineKind
from udfs.charging import line_key

_ORDER = {kind: place for place, kind in enumerate(LineKind)}


def gather_lines(billed: BilledAccount, draft: Invoice) -> Invoice:
    """Add a line for each line of a period with charges that are due and not yet invoiced.

    Revisions that are invoiced together are one line. A line whose first revision was invoiced
    before, or came too late for its own period's invoice, is a correction and names its period. It
    waits until what it corrects is issued, so it can name that invoice's number.
    """
    known = {charge.charge_id: charge for charge in billed.charges}
    numbers = _numbers(billed.before)
    grouped = _by_line(each for each in _due(billed) if not _is_paid_credit(each))
    lines = sorted((_line(each, known, numbers) for each in grouped), key=_line_order)
    return replace(draft, lines=tuple(lines))


def apply_credit(billed: BilledAccount, draft: Invoice) -> Invoice:
    """Add what grants that were paid for pay: credit is a payment, so it comes after tax.

    Credit that was given away is a line as a discount is, and comes before tax.
    """
    grants: dict[str, list[Charge]] = {}
    for charge in _due(billed):
        if _is_paid_credit(charge):
            grants.setdefault(charge.line_id, []).append(charge)
    credits = tuple(
        AppliedCredit(
            grant_id,
            sum(each.amount_minor for each in grants[grant_id]),
            tuple(sorted(each.charge_id for each in grants[grant_id])),
        )
        for grant_id in sorted(grants)
    )
    return replace(draft, credits=credits)


def invoiced_ids(invoices: Iterable[Invoice]) -> dict[str, Invoice]:
    """Return the invoice of each charge that is invoiced; void invoices have none."""
    return {
        charge_id: invoice
        for invoice in invoices
        if invoice.state is not InvoiceState.VOID
        for charge_id in invoice_charge_ids(invoice)
    }


def invoice_charge_ids(invoice: Invoice) -> tuple[str, ...]:
    """Return the ids of all charges of an invoice, ordered."""
    of_lines = [charge_id for line in invoice.lines for charge_id in line.charge_ids]
    of_credits = [charge_id for each in invoice.credits for charge_id in each.charge_ids]
    return tuple(sorted(of_lines + of_credits))


def _due(billed: BilledAccount) -> list[Charge]:
    """Return the charges that are due and not invoiced, ordered by revision."""
    terms, taken = billed.terms, invoiced_ids(billed.before)
    for each in billed.charges:
        found, expected = (each.account_id, each.currency), (terms.account_id, terms.currency)
        assert found == expected, f"charge {each.charge_id}: expected {expected}, found {found}"
    waiting = {
        _line_name(each)
        for each in billed.charges
        if each.charge_id in taken and taken[each.charge_id].state is not InvoiceState.ISSUED
    }
    due = [
        each
        for each in billed.charges
        if each.due_us <= billed.due_until_us
        and each.charge_id not in taken
        and _line_name(each) not in waiting
    ]
    return sorted(due, key=lambda each: each.revision)


def _is_paid_credit(charge: Charge) -> bool:
    return charge.kind is LineKind.CREDIT and not charge.product


def _by_line(charges: Iterable[Charge]) -> list[list[Charge]]:
    lines: dict[tuple[int, int, LineKey], list[Charge]] = {}
    for each in charges:
        lines.setdefault(_line_name(each), []).append(each)
    return list(lines.values())


def _line_name(charge: Charge) -> tuple[int, int, LineKey]:
    return (charge.period_start_us, charge.period_end_us, line_key(charge))


def _numbers(invoices: Iterable[Invoice]) -> dict[str, str]:
    return {charge_id: each.number for charge_id, each in invoiced_ids(invoices).items()}


def _line(
    charges: Sequence[Charge], known: Mapping[str, Charge], numbers: Mapping[str, str]
) -> InvoiceLine:
    first, last = charges[0], charges[-1]
    before, corrected = None, ""
    if first.corrected_charge_id is not None:
        assert first.corrected_charge_id in known, f"charge {first.charge_id}: corrects none"
        before = known[first.corrected_charge_id].quantity
        corrected = numbers.get(first.corrected_charge_id, "")
    elif first.due_us > first.period_end_us:
        before = Decimal(0)
    amount_minor = sum(each.amount_minor for each in charges)
    return InvoiceLine(
        kind=last.kind,
        line_id=last.line_id,
        product=last.product,
        group=last.group,
        meter_id=last.meter_id,
        unit=last.unit,
        period_start_us=last.period_start_us,
        period_end_us=last.period_end_us,
        segment_start_us=last.segment_start_us,
        segment_end_us=last.segment_end_us,
        timezone=last.timezone,
        quantity=last.quantity,
        quantity_before=before,
        corrected_number=corrected,
        parts=_parts(last) if before is None else (),
        amount_minor=amount_minor,
        net_minor=amount_minor,
        taxes=(),
        charge_ids=tuple(each.charge_id for each in charges),
    )


def _parts(charge: Charge) -> tuple[LinePart, ...]:
    return tuple(
        LinePart(
            each["label"],
            Decimal(each["quantity"]),
            Decimal(each["unit_price"]) if "unit_price" in each else None,
            Fraction(each["amount"]),
        )
        for each in json.loads(charge.breakdown)["parts"]
    )


def _line_order(line: InvoiceLine) -> tuple[bool, int, int, int, str, str, int, str]:
    return (
        line.quantity_before is not None,
        line.period_start_us,
        line.period_end_us,
        _ORDER[line.kind],
        line.line_id,
        line.product,
        line.segment_start_us,
        line.group,
    )

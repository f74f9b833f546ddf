"""How charges are billed, as FOCUS tells it: their billing period, and what corrects an invoice.

Sources: FOCUS v1.2, BilledCost: rows of an invoice sum to its payable amount; BillingPeriodStart:
those of a billing period to its invoices, so an invoice is of one period; ChargeClass: Correction
of a previously invoiced billing period, null within the current one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from schemas.charge import Charge
from schemas.focus import FocusBilling
from schemas.invoice import Invoice, InvoiceState
from udfs.invoicing import invoiced_ids

_Served = tuple[str, int, int]
"""A currency and a period that is charged for, by its bounds."""


@dataclass(frozen=True, slots=True)
class _Billed:
    """Charges of an account, what they are invoiced on, and the billing periods."""

    by_id: Mapping[str, Charge]
    issued: Mapping[str, Invoice]
    periods: Mapping[str, tuple[int, int]]
    serving: Mapping[_Served, Sequence[Invoice]]


def bill_charges(
    charges: Sequence[Charge], account_name: str | None, invoices: Iterable[Invoice]
) -> tuple[FocusBilling, ...]:
    """Return how each charge of one account is billed, in the order of the charges.

    All charges of an invoice are of its billing period: the last period of time of its charges
    that had ended when it took them. Charges that came too late for their own period, and fees in
    advance, decide only where there are no others.

    A charge that is on no invoice and due up to the end of its own period is billed with that. A
    later one is billed with the part of time that ends when it is due, and begins where the last
    period before begins or ends.

    A revision corrects an invoice if one before it is on an invoice of an earlier billing period
    that was issued before its own. So does what came too late if anything of its period is.

    Args:
        charges: All charges of the account.
        account_name: Its display name, if it has one.
        invoices: Its invoices, issued ones only.
    """
    bounds = sorted({at for each in charges for at in (each.period_start_us, each.period_end_us)})
    issued = invoiced_ids(invoices)
    alone = [_period_alone(each, bounds) for each in charges]
    billed = _Billed(
        {each.charge_id: each for each in charges},
        issued,
        _invoice_periods(charges, alone, issued),
        _invoices_by_period(charges, issued),
    )
    bills = []
    for each, period in zip(charges, alone, strict=True):
        invoice = issued.get(each.charge_id)
        start_us, end_us = period if invoice is None else billed.periods[invoice.invoice_id]
        before = billed.by_id.get(each.corrected_charge_id or "")
        assert (each.revision == 0) == (before is None), f"charge {each.charge_id}: no one before"
        bills.append(
            FocusBilling(
                account_name,
                start_us,
                end_us,
                None if invoice is None else invoice.number,
                any(
                    _is_earlier(other, invoice, billed.periods, (start_us, end_us))
                    for other in _corrected(each, billed)
                ),
                Decimal(0) if before is None else before.quantity,
            )
        )
    return tuple(bills)


def buyer_names(invoices: Iterable[Invoice]) -> dict[str, str]:
    """Return the buyer's name on the invoice of each account that was issued last.

    Args:
        invoices: Any, in any order; those that are not issued, or are void, say nothing.
    """
    issued = [each for each in invoices if each.state is InvoiceState.ISSUED]
    ordered = sorted(issued, key=lambda each: (*_issue_order(each), each.terms.currency))
    return {each.terms.account_id: each.terms.buyer.name for each in ordered}


def _period_alone(charge: Charge, bounds: Sequence[int]) -> tuple[int, int]:
    """Return the billing period of a charge that no invoice gives one."""
    if not _is_late(charge):
        return charge.period_start_us, charge.period_end_us
    return max(at for at in bounds if at < charge.due_us), charge.due_us


def _is_late(charge: Charge) -> bool:
    return charge.due_us > charge.period_end_us


def _served(charge: Charge) -> _Served:
    return charge.currency, charge.period_start_us, charge.period_end_us


def _invoice_periods(
    charges: Sequence[Charge], alone: Sequence[tuple[int, int]], issued: Mapping[str, Invoice]
) -> dict[str, tuple[int, int]]:
    """Return the billing period of each invoice, by its id."""
    last: dict[str, tuple[bool, int, int]] = {}
    for charge, (start_us, end_us) in zip(charges, alone, strict=True):
        invoice = issued.get(charge.charge_id)
        if invoice is None:
            continue
        has_ended = not _is_late(charge) and end_us <= invoice.due_until_us
        rank = (has_ended, end_us, start_us)
        last[invoice.invoice_id] = max(rank, last.get(invoice.invoice_id, rank))
    return {name: (start_us, end_us) for name, (_, end_us, start_us) in last.items()}


def _invoices_by_period(
    charges: Iterable[Charge], issued: Mapping[str, Invoice]
) -> dict[_Served, list[Invoice]]:
    found: dict[_Served, dict[str, Invoice]] = {}
    for each in charges:
        invoice = issued.get(each.charge_id)
        if invoice is not None:
            found.setdefault(_served(each), {})[invoice.invoice_id] = invoice
    return {served: list(by_id.values()) for served, by_id in found.items()}


def _corrected(charge: Charge, billed: _Billed) -> Iterator[Invoice]:
    """Yield invoices that a charge may correct: of its line; of its period too if it was late."""
    first = charge
    while first.corrected_charge_id is not None:
        first = billed.by_id[first.corrected_charge_id]
        if first.charge_id in billed.issued:
            yield billed.issued[first.charge_id]
    if _is_late(first):
        yield from billed.serving.get(_served(first), ())


def _is_earlier(
    other: Invoice,
    invoice: Invoice | None,
    periods: Mapping[str, tuple[int, int]],
    period: tuple[int, int],
) -> bool:
    """Whether another invoice was issued before, for a billing period before."""
    is_before = invoice is None or _issue_order(other) < _issue_order(invoice)
    return is_before and periods[other.invoice_id][::-1] < period[::-1]


def _issue_order(invoice: Invoice) -> tuple[int, int]:
    assert invoice.issued_us is not None, f"invoice {invoice.invoice_id}: issued at no instant"
    return invoice.issued_us, invoice.sequence

"""How charges are billed, as FOCUS tells it: their billing period, and what corrects an invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from schemas.charge import Charge
from schemas.focus import FocusBilling


def bill_charges(
    charges: Sequence[Charge], account_name: str | None, invoice_ids: Mapping[str, str]
) -> tuple[FocusBilling, ...]:
    """Return how each charge of one account is billed, in the order of the charges.

    A charge that is due up to the end of its own period is billed with it. A later one, which
    corrects the period, is billed with the part of time that ends when it is due, and begins where
    the last period before begins or ends. It corrects an invoice if anything that was due for the
    period before stands on another one.
    """
    bounds = sorted({at for each in charges for at in (each.period_start_us, each.period_end_us)})
    by_id = {each.charge_id: each for each in charges}
    invoiced: dict[tuple[int, int], list[tuple[int, str]]] = {}
    for each in charges:
        if each.charge_id in invoice_ids:
            known = (each.due_us, invoice_ids[each.charge_id])
            invoiced.setdefault((each.period_start_us, each.period_end_us), []).append(known)
    bills = []
    for each in charges:
        start_us, end_us = _billing_period(each, bounds)
        invoice_id = invoice_ids.get(each.charge_id)
        is_late = each.due_us > each.period_end_us
        corrects_invoiced = is_late and any(
            due_us < each.due_us and earlier_id != invoice_id
            for due_us, earlier_id in invoiced.get((each.period_start_us, each.period_end_us), ())
        )
        before = by_id.get(each.corrected_charge_id or "")
        assert (each.revision == 0) == (before is None), f"charge {each.charge_id}: no one before"
        quantity_before = Decimal(0) if before is None else before.quantity
        billed = (account_name, start_us, end_us, invoice_id, corrects_invoiced, quantity_before)
        bills.append(FocusBilling(*billed))
    return tuple(bills)


def _billing_period(charge: Charge, bounds: Sequence[int]) -> tuple[int, int]:
    if charge.due_us <= charge.period_end_us:
        return charge.period_start_us, charge.period_end_us
    return max(at for at in bounds if at < charge.due_us), charge.due_us

"""The steps of an invoice, and the function that takes them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from schemas.invoice import (
    BilledAccount,
    Invoice,
    InvoiceKind,
    InvoiceState,
    NoInvoice,
    NothingReason,
)
from udfs.identifying import digest
from udfs.invoicing.gathering import apply_credit, gather_lines, invoice_charge_ids
from udfs.invoicing.totaling import add_taxes, sum_up
from udfs.rounding import from_minor

INVOICE_STEPS: tuple[Callable[[BilledAccount, Invoice], Invoice], ...] = (
    gather_lines,
    add_taxes,
    apply_credit,
    sum_up,
)
"""In this order; a new rule is one function and one line."""


def draft_invoice(billed: BilledAccount) -> Invoice | NoInvoice:
    """Return a draft of what an account owes, or why there is none.

    The same input gives the same draft. With that draft among `before`, its charges are taken, so
    nothing is invoiced twice; the id is that of the account's next invoice, so two runs at once
    make the same one, or two of one id, of which the second is refused.

    Raises:
        MissingTaxRateError: The tax table has nothing for a product.
    """
    invoice = _begin(billed)
    for step in INVOICE_STEPS:
        invoice = step(billed, invoice)
    charge_ids = invoice_charge_ids(invoice)
    if not charge_ids:
        return NoInvoice(NothingReason.NOTHING_DUE, 0, ())
    total = from_minor(abs(invoice.total_minor), billed.terms.currency)
    if total < Fraction(billed.terms.minimum):
        return NoInvoice(NothingReason.BELOW_MINIMUM, invoice.total_minor, charge_ids)
    return invoice


def _begin(billed: BilledAccount) -> Invoice:
    terms, sequence = billed.terms, len(billed.before) + 1
    assert {each.sequence for each in billed.before} == set(range(1, sequence)), (
        f"{terms.account_id}: expected all its invoices in {terms.currency}, found a gap"
    )
    return Invoice(
        invoice_id=digest("invoice", terms.account_id, terms.currency, str(sequence)),
        sequence=sequence,
        kind=InvoiceKind.INVOICE,
        state=InvoiceState.DRAFT,
        terms=terms,
        due_until_us=billed.due_until_us,
    )

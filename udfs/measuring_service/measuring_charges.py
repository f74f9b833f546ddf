"""Measures charges, invoices and the ledger."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.service_facts import ServiceFacts
from schemas.service_level import Unmeasured
from schemas.service_levels import (
    ADJUSTED_AMOUNT,
    ADJUSTED_ROWS,
    CREDIT_NOTE_RATE,
    DISPUTE_RATE,
    INVOICE_SUCCESS,
    LEDGER_FAULTS,
    PAYMENT_SUCCESS,
    PRICING_ERROR,
)
from udfs.measuring_service.measured import Measured


def measure_adjustments(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield corrections of what had been charged, by number and by amount."""
    charged = facts.charges
    nothing = Unmeasured.NO_CHARGES
    yield Measured(ADJUSTED_ROWS, charged.adjustments, charged.charges, nothing)
    if not charged.amounts:
        yield Measured(ADJUSTED_AMOUNT, 0, 0, nothing)
    for each in charged.amounts:
        part = (ADJUSTED_AMOUNT.split_by, each.currency)
        yield Measured(ADJUSTED_AMOUNT, each.adjusted_minor, each.charged_minor, nothing, part)


def measure_pricing_error(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield how far charges are from an independent price."""
    proofs = facts.proofs
    is_never = proofs.charges_reconciled_us is None
    reason = Unmeasured.NEVER_RECONCILED if is_never else Unmeasured.NO_CHARGES
    yield Measured(PRICING_ERROR, proofs.differing_minor, proofs.priced_minor, reason)


def measure_invoices(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield invoices, credit notes, and what the product does not hear of."""
    charged = facts.charges
    nothing = Unmeasured.NO_INVOICES
    due = charged.due_invoices + charged.due_accounts
    pending = charged.due_invoices - charged.issued_invoices
    told = [
        f"{number} {what}"
        for number, what in (
            (charged.due_accounts, "accounts with charges that are due have no invoice"),
            (pending, "drafts are not issued"),
        )
        if number
    ]
    detail = "; ".join(told) or None
    yield Measured(INVOICE_SUCCESS, charged.issued_invoices, due, nothing, detail=detail)
    yield Measured(CREDIT_NOTE_RATE, charged.credit_notes, charged.invoices, nothing)
    yield Measured(DISPUTE_RATE, 0, 0, Unmeasured.OUTSIDE_PRODUCT)
    yield Measured(PAYMENT_SUCCESS, 0, 0, Unmeasured.OUTSIDE_PRODUCT)


def measure_ledger(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield what is wrong with the ledger."""
    ledger = facts.ledger
    faults = (
        (ledger.chain_breaks, "breaks of the hash chain"),
        (ledger.unbalanced_currencies, "currencies that do not sum to 0"),
        (ledger.unbooked_charges, "charges without an entry"),
    )
    detail = "; ".join(f"{number} {what}" for number, what in faults if number) or None
    total = sum(number for number, _ in faults)
    is_any = 1 if ledger.entries or ledger.charges else 0
    yield Measured(LEDGER_FAULTS, total, is_any, Unmeasured.NO_ENTRIES, detail=detail)

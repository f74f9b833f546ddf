"""Measures charges and invoices."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.instant import SECOND_US
from schemas.service_facts import ServiceFacts
from schemas.service_level import Unmeasured
from schemas.service_levels import (
    ADJUSTED_AMOUNT,
    ADJUSTED_ROWS,
    CREDIT_NOTE_RATE,
    DISPUTE_RATE,
    INVOICE_SUCCESS,
    PAYMENT_SUCCESS,
    PRICING_AGE,
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


def measure_pricing_age(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield how long ago usage was priced."""
    last_us = facts.charges.last_priced_us
    if last_us is None:
        yield Measured(PRICING_AGE, 0, 0, Unmeasured.NEVER_PRICED)
    else:
        yield Measured(PRICING_AGE, at_us - last_us, SECOND_US)


def measure_invoices(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield invoices, credit notes, and what the product does not hear of."""
    charged = facts.charges
    nothing = Unmeasured.NO_INVOICES
    due = charged.due_invoices + charged.due_accounts
    pending = charged.due_invoices - charged.issued_invoices
    told = [
        f"{what}: {number}"
        for number, what in (
            (charged.due_accounts, "accounts without an invoice for charges that are due"),
            (pending, "drafts that are not issued"),
        )
        if number
    ]
    detail = "; ".join(told) or None
    yield Measured(INVOICE_SUCCESS, charged.issued_invoices, due, nothing, detail=detail)
    yield Measured(CREDIT_NOTE_RATE, charged.credit_notes, charged.invoices, nothing)
    yield Measured(DISPUTE_RATE, 0, 0, Unmeasured.OUTSIDE_PRODUCT)
    yield Measured(PAYMENT_SUCCESS, 0, 0, Unmeasured.OUTSIDE_PRODUCT)

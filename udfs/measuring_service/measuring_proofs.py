"""Measures what proves the rest: reconciliations, independent prices, and the ledger."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.instant import SECOND_US
from schemas.service_facts import ServiceFacts
from schemas.service_level import Unmeasured
from schemas.service_levels import (
    LEDGER_AGE,
    LEDGER_DIFFERENCES,
    LEDGER_FAULTS,
    PRICING_ERROR,
    RECONCILIATION_AGE,
    RECONCILIATION_DIFFERENCES,
)
from udfs.measuring_service.measured import Measured

_NEVER = Unmeasured.NEVER_RECONCILED


def measure_reconciliations(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield how old the newest reconciliations are, and what they found."""
    for found, age, differences in (
        (facts.proofs.usage, RECONCILIATION_AGE, RECONCILIATION_DIFFERENCES),
        (facts.proofs.charges, LEDGER_AGE, LEDGER_DIFFERENCES),
    ):
        if found is None:
            yield Measured(age, 0, 0, _NEVER)
            yield Measured(differences, 0, 0, _NEVER)
        else:
            yield Measured(age, at_us - found.at_us, SECOND_US)
            yield Measured(differences, found.differences, 1)


def measure_pricing_error(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield how many lines were charged otherwise than an independent implementation prices."""
    proofs = facts.proofs
    reason = _NEVER if proofs.charges is None else Unmeasured.NO_CHARGES
    yield Measured(PRICING_ERROR, proofs.differing_lines, proofs.priced_lines, reason)


def measure_ledger(facts: ServiceFacts, at_us: int) -> Iterator[Measured]:
    """Yield what is wrong with the ledger."""
    ledger = facts.ledger
    faults = (
        (ledger.chain_breaks, "breaks of the hash chain"),
        (ledger.unbalanced_currencies, "currencies that do not sum to 0"),
        (ledger.unbooked_charges, "charges without an entry"),
    )
    detail = "; ".join(f"{what}: {number}" for number, what in faults if number) or None
    total = sum(number for number, _ in faults)
    is_any = 1 if ledger.entries or ledger.charges else 0
    yield Measured(LEDGER_FAULTS, total, is_any, Unmeasured.NO_ENTRIES, detail=detail)

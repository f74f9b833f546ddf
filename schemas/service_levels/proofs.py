"""Levels of what proves the rest."""

from __future__ import annotations

from schemas.service_level import Comparison, LevelArea, LevelDefinition, LevelUnit

_AREA = LevelArea.PROOFS
_SECONDS = LevelUnit.SECONDS
_RATIO = LevelUnit.RATIO

PRICING_ERROR = LevelDefinition(
    "pricing_error",
    "Pricing error",
    _AREA,
    _RATIO,
    "Lines of charges that an independent implementation prices otherwise, of those that it priced"
    " again; by the newest reconciliation of charges. From charge_reconciliations.",
    Comparison.BELOW,
    "0.001",
)
RECONCILIATION_AGE = LevelDefinition(
    "reconciliation_age",
    "Since usage was reconciled",
    _AREA,
    _SECONDS,
    "From the newest reconciliation of all usage to the moment of measuring. From reconciliations.",
    Comparison.BELOW,
    "86400",
)
RECONCILIATION_DIFFERENCES = LevelDefinition(
    "reconciliation_differences",
    "Differences of usage",
    _AREA,
    LevelUnit.FAULTS,
    "What the newest reconciliation of all usage found not to be as it must. From reconciliations.",
    Comparison.AT_MOST,
    "0",
)
LEDGER_AGE = LevelDefinition(
    "ledger_reconciliation_age",
    "Since the ledger was reconciled",
    _AREA,
    _SECONDS,
    "From the newest reconciliation of charges, ledger and invoices to the moment of measuring."
    " From charge_reconciliations.",
    Comparison.BELOW,
    "86400",
)
LEDGER_DIFFERENCES = LevelDefinition(
    "ledger_reconciliation_differences",
    "Differences of charges and ledger",
    _AREA,
    LevelUnit.FAULTS,
    "What the newest reconciliation of charges, ledger and invoices found not to be as it must."
    " From charge_reconciliations.",
    Comparison.AT_MOST,
    "0",
)
LEDGER_FAULTS = LevelDefinition(
    "ledger_faults",
    "Faults of the ledger",
    _AREA,
    LevelUnit.FAULTS,
    "A break of the hash chain, each currency whose postings do not sum to 0, and each charge of a"
    " finished run without its entry; as the ledger is now. From journal, charges and runs.",
    Comparison.AT_MOST,
    "0",
)

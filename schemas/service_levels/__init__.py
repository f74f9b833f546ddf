"""The closed list of service levels: names, units, targets, and how each value is formed.

The targets are those of the field. `docs/service-levels.md` shows this list as a table, and a test
holds the two together. A target changes here, and in the rows measured from then on.
"""

from __future__ import annotations

from schemas.service_level import LevelDefinition
from schemas.service_levels.charges import (
    ADJUSTED_AMOUNT,
    ADJUSTED_ROWS,
    CREDIT_NOTE_RATE,
    DISPUTE_RATE,
    INVOICE_SUCCESS,
    PAYMENT_SUCCESS,
    PRICING_AGE,
)
from schemas.service_levels.proofs import (
    LEDGER_AGE,
    LEDGER_DIFFERENCES,
    LEDGER_FAULTS,
    PRICING_ERROR,
    RECONCILIATION_AGE,
    RECONCILIATION_DIFFERENCES,
)
from schemas.service_levels.received import (
    COMPLETENESS,
    CONFLICT_RATE,
    DUPLICATE_RATE,
    INGESTION_DELAY,
    OFFSET_GAPS,
    REJECT_RATE,
)
from schemas.service_levels.usage import (
    BROUGHT_BACK_EVENTS,
    CLOSE_DELAY,
    COMMIT_AGE,
    EXPIRED_EVENTS,
    LATE_RATE,
    UNASSIGNED_EVENTS,
)

__all__ = [
    "ADJUSTED_AMOUNT",
    "ADJUSTED_ROWS",
    "BROUGHT_BACK_EVENTS",
    "CLOSE_DELAY",
    "COMMIT_AGE",
    "COMPLETENESS",
    "CONFLICT_RATE",
    "CREDIT_NOTE_RATE",
    "DISPUTE_RATE",
    "DUPLICATE_RATE",
    "EXPIRED_EVENTS",
    "INGESTION_DELAY",
    "INVOICE_SUCCESS",
    "LATE_RATE",
    "LEDGER_AGE",
    "LEDGER_DIFFERENCES",
    "LEDGER_FAULTS",
    "LEVELS",
    "LEVEL_BY_NAME",
    "OFFSET_GAPS",
    "PAYMENT_SUCCESS",
    "PRICING_AGE",
    "PRICING_ERROR",
    "RECONCILIATION_AGE",
    "RECONCILIATION_DIFFERENCES",
    "REJECT_RATE",
    "UNASSIGNED_EVENTS",
]

LEVELS: tuple[LevelDefinition, ...] = (
    *INGESTION_DELAY.values(),
    COMPLETENESS,
    OFFSET_GAPS,
    DUPLICATE_RATE,
    CONFLICT_RATE,
    REJECT_RATE,
    LATE_RATE,
    EXPIRED_EVENTS,
    UNASSIGNED_EVENTS,
    BROUGHT_BACK_EVENTS,
    *CLOSE_DELAY.values(),
    COMMIT_AGE,
    ADJUSTED_ROWS,
    ADJUSTED_AMOUNT,
    PRICING_AGE,
    INVOICE_SUCCESS,
    CREDIT_NOTE_RATE,
    DISPUTE_RATE,
    PAYMENT_SUCCESS,
    PRICING_ERROR,
    RECONCILIATION_AGE,
    RECONCILIATION_DIFFERENCES,
    LEDGER_AGE,
    LEDGER_DIFFERENCES,
    LEDGER_FAULTS,
)
"""All of them, in the order in which they are shown."""
LEVEL_BY_NAME = {each.name: each for each in LEVELS}
"""The same by name."""

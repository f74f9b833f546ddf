"""The closed list of service levels: names, units, targets, and how each value is formed.

The targets are those of the field. `docs/service-levels.md` shows this list as a table, and a test
holds the two together. A target changes here, and in the rows measured from then on.
"""

from __future__ import annotations

from schemas.service_level import Comparison, LevelArea, LevelDefinition, LevelUnit

_DELAY = (
    "Log time less event time of the events that counted and were received in the window:"
    " {}, by nearest rank, in whole microseconds. Also by partition. From raw_events."
)
_CLOSE = (
    "From the end of a billing period to the commit that brought its closed row: {} over the rows"
    " of periods that ended in the window. On an import topic from the end to the cut, as log time"
    " passes there in bursts. From closed_usage and its snapshots."
)
_RECEIVED, _USAGE = LevelArea.RECEIVED, LevelArea.USAGE
_MONEY, _PROOFS = LevelArea.MONEY, LevelArea.PROOFS
_SECONDS, _RATIO = LevelUnit.SECONDS, LevelUnit.RATIO

INGESTION_DELAY = {
    50: LevelDefinition(
        "ingestion_delay_p50",
        "Ingestion delay, median",
        _RECEIVED,
        _SECONDS,
        _DELAY.format("the 50th percentile"),
        split_by="partition",
    ),
    95: LevelDefinition(
        "ingestion_delay_p95",
        "Ingestion delay, p95",
        _RECEIVED,
        _SECONDS,
        _DELAY.format("the 95th percentile"),
        Comparison.BELOW,
        "60",
        split_by="partition",
        is_live_only=True,
    ),
    99: LevelDefinition(
        "ingestion_delay_p99",
        "Ingestion delay, p99",
        _RECEIVED,
        _SECONDS,
        _DELAY.format("the 99th percentile"),
        split_by="partition",
    ),
}
"""By percent."""
COMPLETENESS = LevelDefinition(
    "completeness",
    "Completeness",
    _RECEIVED,
    _RATIO,
    "Records and events of batches that have exactly one fate and whose usage is in the tables, of"
    " those received. An offset that the archive lacks counts as received, and so does usage that a"
    " meter lacks or has twice. Looks at what was received until the last but one checkpoint. From"
    " raw_events, rejected_events and metering_windows.",
    Comparison.AT_LEAST,
    "0.999",
)
OFFSET_GAPS = LevelDefinition(
    "offset_gaps",
    "Offsets that are missing",
    _RECEIVED,
    LevelUnit.OFFSETS,
    "Offsets between the first and the last of the window that the archive does not have, over all"
    " partitions. Markers of transactional producers are such offsets. From raw_events.",
    Comparison.AT_MOST,
    "0",
    split_by="partition",
)
DUPLICATE_RATE = LevelDefinition(
    "duplicate_rate",
    "Duplicates",
    _RECEIVED,
    _RATIO,
    "Events whose identity had counted before, of all events that can be read. From raw_events.",
    Comparison.BELOW,
    "0.0001",
)
CONFLICT_RATE = LevelDefinition(
    "conflict_rate",
    "Conflicts",
    _RECEIVED,
    _RATIO,
    "Duplicates with other content than the event that counted, of all events that can be read."
    " From raw_events.",
)
REJECT_RATE = LevelDefinition(
    "reject_rate",
    "Rejected",
    _RECEIVED,
    _RATIO,
    "Records and events of batches that were rejected as a whole, of those received, without"
    " heartbeats; in all, and by reason. From rejected_events and raw_events.",
    split_by="reason",
)
LATE_RATE = LevelDefinition(
    "late_rate",
    "Late usage",
    _USAGE,
    _RATIO,
    "Events received after the cut of their period, retractions among them, of all events of"
    " periods that ended in the window. From closed_usage, usage_corrections and expired_usage.",
)
EXPIRED_EVENTS = LevelDefinition(
    "expired_events",
    "Expired, nobody decided",
    _USAGE,
    LevelUnit.EVENTS,
    "Events received in the window after the correction horizon and not brought back, once for each"
    " meter. From expired_usage and brought_back_usage.",
)
UNASSIGNED_EVENTS = LevelDefinition(
    "unassigned_events",
    "Unassigned, nobody decided",
    _USAGE,
    LevelUnit.EVENTS,
    "Events received in the window without a billing period and not brought back, once for each"
    " meter. From unassigned_usage and brought_back_usage.",
)
BACKFILLED_EVENTS = LevelDefinition(
    "backfilled_events",
    "Backfilled by people",
    _USAGE,
    LevelUnit.EVENTS,
    "Events that people brought back in the window, once for each meter, whatever the sign. From"
    " brought_back_usage.",
)
CLOSE_DELAY = {
    50: LevelDefinition(
        "close_delay_p50",
        "Period end to closed row, median",
        _USAGE,
        _SECONDS,
        _CLOSE.format("the median"),
    ),
    95: LevelDefinition(
        "close_delay_p95",
        "Period end to closed row, p95",
        _USAGE,
        _SECONDS,
        _CLOSE.format("the 95th percentile"),
    ),
    100: LevelDefinition(
        "close_delay_max",
        "Period end to closed row, longest",
        _USAGE,
        _SECONDS,
        _CLOSE.format("the longest"),
    ),
}
"""By percent."""
COMMIT_AGE = LevelDefinition(
    "commit_age",
    "Since the last commit",
    _USAGE,
    _SECONDS,
    "From the newest commit of the metering job to the moment of measuring. From the snapshots of"
    " raw_events.",
)
ADJUSTED_ROWS = LevelDefinition(
    "adjustment_rate",
    "Adjusted charges, number",
    _MONEY,
    _RATIO,
    "Charges that correct a period which had ended, of all charges that fell due in the window."
    " From charges.",
    Comparison.BELOW,
    "0.01",
)
ADJUSTED_AMOUNT = LevelDefinition(
    "adjustment_amount_rate",
    "Adjusted charges, amount",
    _MONEY,
    _RATIO,
    "Amounts of those corrections, of the amounts of all other lines that fell due in the window;"
    " signs left out, by currency. From charges.",
    Comparison.BELOW,
    "0.01",
    split_by="currency",
)
PRICING_ERROR = LevelDefinition(
    "pricing_error",
    "Pricing error",
    _PROOFS,
    _RATIO,
    "Amounts by which charges differ from what an independent implementation prices, of the amounts"
    " it prices; from the last reconciliation of charges. From charge_reconciliations.",
    Comparison.BELOW,
    "0.001",
)
INVOICE_SUCCESS = LevelDefinition(
    "invoice_success",
    "Invoices issued of those due",
    _MONEY,
    _RATIO,
    "Invoices issued, of those drafted in the window and those that should have been: accounts with"
    " charges due in the window that are on no invoice. What is younger than three days is not due"
    " yet, void invoices are left out. From invoices and charges.",
    Comparison.AT_LEAST,
    "0.9995",
)
CREDIT_NOTE_RATE = LevelDefinition(
    "credit_note_rate",
    "Credit notes",
    _MONEY,
    _RATIO,
    "Credit notes issued in the window, of invoices issued in it. Late usage and retractions make"
    " them too, so this is the nearest to disputes that the product knows, not their rate. From"
    " invoices.",
)
DISPUTE_RATE = LevelDefinition(
    "dispute_rate",
    "Disputes",
    _MONEY,
    _RATIO,
    "Not measured: the product does not hear of disputes. See credit_note_rate.",
    Comparison.BELOW,
    "0.005",
)
PAYMENT_SUCCESS = LevelDefinition(
    "first_payment_success",
    "Payments that succeed at first",
    _MONEY,
    _RATIO,
    "Not measured: payments are made and heard of elsewhere.",
    Comparison.AT_LEAST,
    "0.98",
)
RECONCILIATION_AGE = LevelDefinition(
    "reconciliation_age",
    "Since usage was reconciled",
    _PROOFS,
    _SECONDS,
    "From the newest reconciliation of usage to the moment of measuring. From reconciliations.",
    Comparison.BELOW,
    "86400",
)
LEDGER_AGE = LevelDefinition(
    "ledger_reconciliation_age",
    "Since the ledger was reconciled",
    _PROOFS,
    _SECONDS,
    "From the newest reconciliation of charges, ledger and invoices to the moment of measuring."
    " From charge_reconciliations.",
    Comparison.BELOW,
    "86400",
)
LEDGER_FAULTS = LevelDefinition(
    "ledger_faults",
    "Faults of the ledger",
    _PROOFS,
    LevelUnit.FAULTS,
    "A break of the hash chain, each currency whose postings do not sum to 0, and each charge of a"
    " finished run without its entry; as the ledger is now. From journal, charges and runs.",
    Comparison.AT_MOST,
    "0",
)

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
    BACKFILLED_EVENTS,
    *CLOSE_DELAY.values(),
    COMMIT_AGE,
    ADJUSTED_ROWS,
    ADJUSTED_AMOUNT,
    INVOICE_SUCCESS,
    CREDIT_NOTE_RATE,
    DISPUTE_RATE,
    PAYMENT_SUCCESS,
    PRICING_ERROR,
    RECONCILIATION_AGE,
    LEDGER_AGE,
    LEDGER_FAULTS,
)
"""All of them, in the order in which they are shown."""
LEVEL_BY_NAME = {each.name: each for each in LEVELS}
"""The same by name."""

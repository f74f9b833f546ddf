"""What service levels are measured from: whole numbers, read from the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.service_level import Unmeasured


@dataclass(frozen=True, slots=True)
class Ranks:
    """Some percentiles of durations.

    Attributes:
        count: How many durations there are; 0: there are no percentiles.
        by_percent_us: Microseconds by percent, by nearest rank.
    """

    count: int
    by_percent_us: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class MeterCount:
    """Distinct events of one meter that were received in time to be in the tables.

    Attributes:
        meter_id: The meter.
        expected: Events that counted, without those that the meter rejects.
        found: Events that the tables hold.
    """

    meter_id: str
    expected: int
    found: int


@dataclass(frozen=True, slots=True)
class SettledFacts:
    """What was received until the last but one checkpoint, in the window.

    Attributes:
        until_us: Log time of that checkpoint, or the end of the window.
        records: Records, and events of batches, in the archive.
        unreadable: Those of them whose fate cannot be told.
        missing_offsets: Offsets that the archive lacks between others.
        meters: Of each meter what must be in the tables, and what is.
    """

    until_us: int
    records: int
    unreadable: int
    missing_offsets: int
    meters: tuple[MeterCount, ...]


@dataclass(frozen=True, slots=True)
class ReceivedFacts:
    """What was received in the window.

    Attributes:
        is_live: Whether the broker stamps the records on receipt.
        counted: Events that were the first of their identity.
        duplicates: Events that were not.
        conflicts: Duplicates with other content.
        retractions: Requests to take an event back, the first of their identity.
        rejected: Records and events rejected as a whole, by reason.
        missing_offsets: By partition.
        delay: Of all counted events.
        delay_by_partition: The same by partition.
        settled: What completeness is measured by, or why it is not.
    """

    is_live: bool
    counted: int
    duplicates: int
    conflicts: int
    retractions: int
    rejected: Mapping[str, int]
    missing_offsets: Mapping[int, int]
    delay: Ranks
    delay_by_partition: Mapping[int, Ranks]
    settled: SettledFacts | Unmeasured


@dataclass(frozen=True, slots=True)
class UsageFacts:
    """What became of usage.

    Attributes:
        in_time_events: Events in closed rows of periods that ended in the window.
        late_events: Events received after the cut of such a period.
        expired_events: Expired in the window, and not brought back.
        unassigned_events: Unassigned in the window, and not brought back.
        brought_back_events: Brought back in the window.
        closed_rows: Closed rows of periods that ended in the window.
        forgotten_rows: Those of them whose commit is not known any more.
        close_delay: From the period's end on, of the others.
        last_commit_us: Of the metering job; None: it has committed nothing.
    """

    in_time_events: int
    late_events: int
    expired_events: int
    unassigned_events: int
    brought_back_events: int
    closed_rows: int
    forgotten_rows: int
    close_delay: Ranks
    last_commit_us: int | None


@dataclass(frozen=True, slots=True)
class CurrencyAmounts:
    """What fell due in the window in one currency, signs left out.

    Attributes:
        currency: ISO 4217 code.
        charged_minor: Of lines of periods, without what was corrected later; minor units.
        adjusted_minor: Of corrections of periods that had ended.
    """

    currency: str
    charged_minor: int
    adjusted_minor: int


@dataclass(frozen=True, slots=True)
class ChargeFacts:
    """Charges and invoices.

    Attributes:
        charges: Charges that fell due in the window.
        adjustments: Those of them that correct a period which had ended.
        amounts: By currency.
        due_invoices: Drafted in the window and old enough to be issued, without void ones.
        issued_invoices: Those of them that were issued.
        due_accounts: Accounts and currencies with charges that are long due, on no invoice.
        invoices: Invoices issued in the window.
        credit_notes: Credit notes issued in the window.
        last_priced_us: Start of the newest run of pricing that finished; None: none has.
    """

    charges: int
    adjustments: int
    amounts: tuple[CurrencyAmounts, ...]
    due_invoices: int
    issued_invoices: int
    due_accounts: int
    invoices: int
    credit_notes: int
    last_priced_us: int | None


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """The ledger as it stands.

    Attributes:
        entries: Entries of the journal.
        charges: Charges that move something, of finished runs.
        chain_breaks: 1 where the hash chain does not hold, else 0.
        unbalanced_currencies: Currencies whose postings do not sum to 0.
        unbooked_charges: Charges that move something and have no entry.
    """

    entries: int
    charges: int
    chain_breaks: int
    unbalanced_currencies: int
    unbooked_charges: int


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconciliation found last.

    Attributes:
        at_us: When it was made.
        differences: What is not as it must be.
    """

    at_us: int
    differences: int


@dataclass(frozen=True, slots=True)
class ProofFacts:
    """What the programs that check the product have found last.

    Attributes:
        usage: Of usage; None: never.
        charges: Of charges, ledger and invoices; None: never.
        priced_lines: Lines of charges that an independent implementation priced again then.
        differing_lines: Those of them that were charged otherwise.
    """

    usage: Reconciled | None
    charges: Reconciled | None
    priced_lines: int
    differing_lines: int


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """All that service levels are measured from."""

    received: ReceivedFacts
    usage: UsageFacts
    charges: ChargeFacts
    ledger: LedgerFacts
    proofs: ProofFacts

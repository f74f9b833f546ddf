"""The explanation of a charge, step by step: what `jobs.explain_charge` prints."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from schemas.charge import Charge
from schemas.invoice import Invoice, InvoiceLine, LinePart


@dataclass(frozen=True, slots=True)
class ExplainedEvent:
    """One event as a row of usage counts it, or takes it back.

    Attributes:
        source: CloudEvents source.
        event_id: CloudEvents id.
        event_time_us: When it happened.
        log_time_us: When it, or what takes it back, was received.
        kafka_partition: Where its record stands.
        kafka_offset: Where in the partition.
        batch_index: Where in a batch; None: it is none.
        quantity: Its units; negated where it is taken back.
        is_retraction: Whether it is taken back here.
        window_no: Of its metering window among those of the row; None: it has none.
    """

    source: str
    event_id: str
    event_time_us: int
    log_time_us: int
    kafka_partition: int
    kafka_offset: int
    batch_index: int | None
    quantity: Decimal
    is_retraction: bool
    window_no: int | None


@dataclass(frozen=True, slots=True)
class ExplainedWindow:
    """One row of running usage that events of a row went through.

    Attributes:
        window_no: Its number within the charge.
        event_window_start_us: Start of its event window.
        event_window_s: Width of that, in seconds; an hour or a day where it was rolled up.
        log_window_end_us: End of the log window that gathered its events.
        event_count: How many events it says it has.
        quantity: What it says they come to.
        found_count: How many of the archive's events it is made of.
    """

    window_no: int
    event_window_start_us: int
    event_window_s: int
    log_window_end_us: int
    event_count: int
    quantity: Decimal
    found_count: int


@dataclass(frozen=True, slots=True)
class ExplainedRow:
    """One row of usage that a charge was priced from, and what it adds.

    Attributes:
        table: Where it stands.
        row_id: Its id.
        account_id: Whose usage it is.
        meter_id: Which meter counted it.
        dimensions: Canonical JSON.
        period_start_us: First instant of its period.
        revision: Of the period's rows; None of what was brought back.
        quantity: New quantity; of what was brought back what it adds.
        quantity_delta: What it adds; None where it says no more.
        unit: Of both.
        event_count: New number of events; of what was brought back how many it adds.
        event_count_delta: How many it adds.
        due_us: Last log time that counts for it; of what was brought back, when that was.
        root: Of its seal; None: it has none.
        windows: Running usage of its events, ordered by event window.
        events: What it adds, ordered by identity.
    """

    table: str
    row_id: str
    account_id: str
    meter_id: str
    dimensions: str
    period_start_us: int
    revision: int | None
    quantity: Decimal
    quantity_delta: Decimal
    unit: str
    event_count: int
    event_count_delta: int
    due_us: int
    root: str | None
    windows: tuple[ExplainedWindow, ...]
    events: tuple[ExplainedEvent, ...]


@dataclass(frozen=True, slots=True)
class ExplainedCharge:
    """A charge, its steps and its usage.

    Attributes:
        charge: The charge.
        steps: How its amount was formed.
        rows: Rows of usage it was priced from; none of what is not usage.
    """

    charge: Charge
    steps: tuple[LinePart, ...]
    rows: tuple[ExplainedRow, ...]


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """A line of an invoice and its charges.

    Attributes:
        number: Its place on the invoice, from 1.
        line: The line.
        charges: Its charges, in the order of their revisions.
    """

    number: int
    line: InvoiceLine
    charges: tuple[ExplainedCharge, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was asked for, down to the events, and what does not add up.

    Attributes:
        invoice: The invoice; None where a charge was asked for.
        lines: Its lines that were asked for.
        charges: The charge that was asked for, else none.
        faults: What does not add up, a line each.
    """

    invoice: Invoice | None
    lines: tuple[ExplainedLine, ...]
    charges: tuple[ExplainedCharge, ...]
    faults: tuple[str, ...]

    @property
    def all_charges(self) -> tuple[ExplainedCharge, ...]:
        """All charges, in order."""
        return (*self.charges, *(each for line in self.lines for each in line.charges))

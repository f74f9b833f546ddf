"""Invoices and credit notes: lines of charges, taxes, credit, totals, and their states.

All amounts are in minor units of the invoice's currency and signed: those of a credit note are what
its charges are, mostly negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from schemas.charge import Charge
from schemas.invoice_terms import InvoiceTerms
from schemas.statement import LineKind
from schemas.tax import TaxMode, TaxTable, TaxTreatment


class InvoiceKind(StrEnum):
    """What the document is."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class InvoiceState(StrEnum):
    """Where an invoice stands; its amounts never change."""

    DRAFT = "draft"
    APPROVED = "approved"
    ISSUED = "issued"
    VOID = "void"
    """Its charges can be invoiced again; a number it has stays taken."""


class RefusalReason(StrEnum):
    """Why a change of state is refused: a closed list."""

    NOT_DRAFT = "not_draft"
    NOT_APPROVED = "not_approved"
    ALREADY_VOID = "already_void"
    NO_REASON = "no_reason"
    BEFORE_LAST = "before_last"  # its number would be greater and its day earlier
    CORRECTED_LATER = "corrected_later"  # a later invoice corrects its charges


@dataclass(frozen=True, slots=True)
class Refused:
    """A change of state that is not made.

    Attributes:
        invoice_id: Of which invoice.
        reason: Why.
        detail: One line: what, expected, found.
    """

    invoice_id: str
    reason: RefusalReason
    detail: str


class NothingReason(StrEnum):
    """Why no invoice is made: a closed list."""

    NOTHING_DUE = "nothing_due"
    BELOW_MINIMUM = "below_minimum"


@dataclass(frozen=True, slots=True)
class NoInvoice:
    """No invoice is made; the charges stay for the next.

    Attributes:
        reason: Why.
        total_minor: What is carried over, taxes included.
        charge_ids: The charges that are, ordered.
    """

    reason: NothingReason
    total_minor: int
    charge_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinePart:
    """One step of how a line's amount was formed.

    Attributes:
        label: As in the charge's breakdown.
        quantity: Units.
        unit_price: Price of one; None where there is none.
        amount: Exact, in the major unit.
    """

    label: str
    quantity: Decimal
    unit_price: Decimal | None
    amount: Fraction


@dataclass(frozen=True, slots=True)
class LineTax:
    """A line's share of a tax; the shares of a tax sum to its `TaxLine`.

    Attributes:
        tax_id: Which tax.
        rate: Its rate.
        tax_minor: The share.
    """

    tax_id: str
    rate: Decimal
    tax_minor: int


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """What one line of a period comes to: the charges of its revisions not invoiced before.

    Attributes:
        kind: What it is for.
        line_id: Price, fee, discount or grant.
        product: What the revenue is booked for.
        group: Canonical JSON of the dimensions priced apart; {} without any.
        meter_id: Of usage, else empty.
        unit: Of the quantity, else empty.
        period_start_us: First instant of the billing period that it is for.
        period_end_us: First instant after it.
        segment_start_us: First instant of the part of the period that it is for.
        segment_end_us: First instant after it.
        timezone: IANA zone of the period's boundaries.
        quantity: Priced in all.
        quantity_before: Of a correction, what was priced before; else None.
        corrected_number: Of a correction, number of the invoice it corrects; else empty, and where
            there was none.
        parts: How the amount was formed; none of a correction.
        amount_minor: Sum of its charges.
        net_minor: The amount without the taxes it contains.
        taxes: Its shares, in the order of the invoice's taxes.
        charge_ids: Its charges, in the order of their revisions.
    """

    kind: LineKind
    line_id: str
    product: str
    group: str
    meter_id: str
    unit: str
    period_start_us: int
    period_end_us: int
    segment_start_us: int
    segment_end_us: int
    timezone: str
    quantity: Decimal
    quantity_before: Decimal | None
    corrected_number: str
    parts: tuple[LinePart, ...]
    amount_minor: int
    net_minor: int
    taxes: tuple[LineTax, ...]
    charge_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax at one rate.

    Attributes:
        tax_id: Which tax; empty where the buyer is not taxed.
        rate: Share of the base.
        mode: Whether the prices contain it.
        on_taxes: Taxes that are part of its base.
        treatment: Why there is none, where the buyer is not taxed.
        base_minor: What it is on, without what it comes to.
        tax_minor: What it comes to, rounded once.
    """

    tax_id: str
    rate: Decimal
    mode: TaxMode
    on_taxes: tuple[str, ...]
    treatment: TaxTreatment
    base_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class AppliedCredit:
    """What a grant that the account has paid for pays of an invoice.

    Attributes:
        grant_id: Which grant.
        amount_minor: Negative: it pays; positive: a correction gives it back to the grant.
        charge_ids: Its charges, ordered.
    """

    grant_id: str
    amount_minor: int
    charge_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice or a credit note.

    Attributes:
        invoice_id: 32 hex digits, made of account, currency and `sequence`.
        sequence: Which of the account's invoices in this currency it is, from 1; void ones count.
        kind: What it is.
        state: Where it stands.
        terms: By which it was made.
        due_until_us: It took the charges that were due by this instant.
        lines: Of this period first, then corrections, each by period and kind.
        tax_lines: By mode, then in order.
        credits: Ordered by grant.
        charged_minor: Sum of the lines' amounts.
        net_minor: The same without the taxes it contains.
        tax_minor: Sum of the taxes.
        total_minor: `net_minor` and `tax_minor`.
        credit_minor: Sum of the credits.
        payable_minor: `total_minor` and `credit_minor`.
        number: In its series; empty until it is issued.
        issue_date: ISO 8601 day of issue in the seller's zone; empty until then.
        due_date: ISO 8601 day in the buyer's zone by which it is paid; empty until then.
        approved_us: When it was approved.
        issued_us: When it was issued.
        voided_us: When it was made void.
        void_reason: Why; else empty.
    """

    invoice_id: str
    sequence: int
    kind: InvoiceKind
    state: InvoiceState
    terms: InvoiceTerms
    due_until_us: int
    lines: tuple[InvoiceLine, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()
    credits: tuple[AppliedCredit, ...] = ()
    charged_minor: int = 0
    net_minor: int = 0
    tax_minor: int = 0
    total_minor: int = 0
    credit_minor: int = 0
    payable_minor: int = 0
    number: str = ""
    issue_date: str = ""
    due_date: str = ""
    approved_us: int | None = None
    issued_us: int | None = None
    voided_us: int | None = None
    void_reason: str = ""


@dataclass(frozen=True, slots=True)
class IssuedNumber:
    """A number that is taken, whatever became of its invoice.

    Attributes:
        series_id: Of which series.
        number: The number.
        issue_date: ISO 8601 day on which it was given.
    """

    series_id: str
    number: str
    issue_date: str


@dataclass(frozen=True, slots=True)
class BilledAccount:
    """All that decides what an account is invoiced.

    Attributes:
        terms: Its terms in one currency.
        tax_table: All taxes.
        charges: All its charges in this currency until now, in any order.
        before: All its invoices in this currency until now, void ones included, in any order.
        due_until_us: Charges due by this instant are taken.
    """

    terms: InvoiceTerms
    tax_table: TaxTable
    charges: tuple[Charge, ...]
    before: tuple[Invoice, ...]
    due_until_us: int

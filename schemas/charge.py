"""A charge: what one line of a statement comes to, or what a correction changes of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from schemas.statement import LineKind


@dataclass(frozen=True, slots=True)
class Charge:
    """One row of `charges`, field for column; an instant's column has no `_us`.

    The rows of one line of a period are its revisions. Their `amount_minor` add up to what the
    line comes to now.

    Attributes:
        charge_id: 32 hex digits, made of account, period, line and revision.
        corrected_charge_id: Id of the revision before; None of revision 0.
        account_id: Who owes it.
        period_start_us: First instant of the billing period that it is for.
        period_end_us: First instant after it.
        timezone: IANA zone of the period's boundaries.
        kind: What it is for.
        line_id: Price, fee, discount or grant; see `statement.LineKey`.
        group: Canonical JSON of the dimensions priced apart; {} without any.
        segment_start_us: First instant of the part of the period that it is for.
        segment_end_us: First instant after it.
        revision: 0 for the first row of a line, then one more each.
        product: What the revenue is booked for, or taken from; empty of paid credit.
        meter_id: Of usage, else empty.
        unit: Of the quantity, else empty.
        quantity: Priced in all, this revision included.
        breakdown: How the new amount was formed, canonical JSON.
        amount: What this row adds before rounding, to 12 decimals, half even.
        amount_minor: What this row adds, in minor units of the currency.
        total_minor: What all revisions up to this one come to.
        currency: ISO 4217 code.
        card_id: Rate card.
        card_version: Its version.
        contract_version: Version of the account's contract.
        usage_row_ids: Rows of usage it was priced from, canonical JSON array.
        payouts: What other parties get of `total_minor`, canonical JSON of party and minor units.
        payouts_delta: What this row adds to it.
        tags: Of the contract, canonical JSON, for chargeback.
        due_us: Instant from which an invoice takes it: the period's start of what was priced before
            it closed, and of a fee in advance; its end of what is in arrears; of a correction after
            that the end of the billing period that was open when it was priced.
        run_id: The run that wrote it.
    """

    charge_id: str
    corrected_charge_id: str | None
    account_id: str
    period_start_us: int
    period_end_us: int
    timezone: str
    kind: LineKind
    line_id: str
    group: str
    segment_start_us: int
    segment_end_us: int
    revision: int
    product: str
    meter_id: str
    unit: str
    quantity: Decimal
    breakdown: str
    amount: Decimal
    amount_minor: int
    total_minor: int
    currency: str
    card_id: str
    card_version: int
    contract_version: int
    usage_row_ids: str
    payouts: str
    payouts_delta: str
    tags: str
    due_us: int
    run_id: str

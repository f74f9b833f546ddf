"""What one account owes for one billing period: the input of pricing and the lines it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from schemas.contract import Contract, CreditGrant, Discount, OneOffFee
from schemas.rate_card import PartyShare, RateCard


class LineKind(StrEnum):
    """What a line is for, in the order of the lines of a statement."""

    USAGE = "usage"
    RECURRING_FEE = "recurring_fee"
    ONE_OFF_FEE = "one_off_fee"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    TRIAL = "trial"
    DISCOUNT = "discount"
    COMMITMENT = "commitment"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class GroupUsage:
    """What was used of one meter and dimensions in one segment.

    Attributes:
        dimensions: Canonical JSON text, as in `closed_usage`.
        quantity: Exact.
        event_count: Number of events.
        values: Of a meter that keeps values, pairs of a value and its number of events; else empty.
    """

    dimensions: str
    quantity: Decimal
    event_count: int
    values: tuple[tuple[Decimal, int], ...] = ()


@dataclass(frozen=True, slots=True)
class MeterUsage:
    """What was used of one meter in one billing period.

    Attributes:
        meter_id: Which meter.
        unit: Name of its unit.
        adds_up: Whether quantities of dimensions add up (`count`, `sum`, `histogram` and
            `time_weighted_sum`); else each group is priced by itself.
        is_cut: Whether each segment has what was used in it; else each has what the whole period
            comes to, and costs its share of time.
        by_segment: For each segment of the period, in their order, its groups ordered by
            dimensions.
        row_ids: Rows of usage that it was read from, ordered.
    """

    meter_id: str
    unit: str
    adds_up: bool
    is_cut: bool
    by_segment: tuple[tuple[GroupUsage, ...], ...]
    row_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a billing period in which one version of card and contract hold.

    Attributes:
        start_us: First instant.
        end_us: First instant after it.
        card: The card's version.
        contract: The contract's version.
        is_trial: Whether all of it lies in the contract's trial.
    """

    start_us: int
    end_us: int
    card: RateCard
    contract: Contract
    is_trial: bool = False


@dataclass(frozen=True, slots=True)
class CreditBalance:
    """What is left of a grant for one billing period.

    Attributes:
        grant: The grant.
        available_minor: What it had before this period drew on it, less what other periods drew:
            never below 0.
        drawn_minor: What this period has drawn until now, in earlier runs; at most
            `available_minor`.
    """

    grant: CreditGrant
    available_minor: int
    drawn_minor: int


@dataclass(frozen=True, slots=True)
class PricedPeriod:
    """All that decides what one account owes for one billing period.

    Attributes:
        account_id: Who.
        period_start_us: First instant of the period.
        period_end_us: First instant after it.
        timezone: IANA zone of its boundaries.
        whole_start_us: Start of the period as the calendar has it, if this one is a stub.
        whole_end_us: Its end.
        segments: Parts of it, in order, without gap or overlap, at least one.
        usage: By meter, ordered by meter.
        discount_periods: Discounts that have begun, in the order in which they are taken, and
            which billing period of it this is, from 1.
        one_off_fees: That fall into this period, ordered by id.
        credits: Grants that may be drawn on.
        fx_rates: Currencies and the rate of the period's last day into the account's.
        is_closed: Whether usage is complete up to the cut. Before, only fees in advance are due.
    """

    account_id: str
    period_start_us: int
    period_end_us: int
    timezone: str
    whole_start_us: int
    whole_end_us: int
    segments: tuple[Segment, ...]
    usage: tuple[MeterUsage, ...] = ()
    discount_periods: tuple[tuple[Discount, int], ...] = ()
    one_off_fees: tuple[OneOffFee, ...] = ()
    credits: tuple[CreditBalance, ...] = ()
    fx_rates: tuple[tuple[str, Decimal], ...] = ()
    is_closed: bool = True


@dataclass(frozen=True, slots=True, order=True)
class LineKey:
    """What a line is known by within its account and period, in every run.

    Attributes:
        kind: What it is for.
        line_id: Id of the price, fee, discount or grant; of a commitment, minimum, maximum or
            trial, the card's id.
        product: What the revenue is booked for, or taken from; empty of paid credit, which is no
            revenue.
        segment_start_us: First instant of its segment; of what is taken from the whole period,
            that of the period.
        group: Canonical JSON of the dimensions priced apart; {} without any.
    """

    kind: LineKind
    line_id: str
    product: str
    segment_start_us: int
    group: str = "{}"


@dataclass(frozen=True, slots=True)
class RatedPart:
    """One step of an amount, such as a tier.

    Attributes:
        label: What it is, in plain words: `tier up to 100`, `flat fee`, `free units`.
        quantity: Units in it.
        unit_price: Price of one; None where there is none.
        amount: What it comes to, exact.
    """

    label: str
    quantity: Decimal
    unit_price: Decimal | None
    amount: Fraction


@dataclass(frozen=True, slots=True)
class Line:
    """One amount of a statement.

    Attributes:
        key: What it is known by.
        segment_end_us: First instant after its segment.
        meter_id: Of usage, else empty.
        unit: Unit of the quantity; empty where there is none.
        quantity: What was priced; 0 where there is none.
        parts: How the amount was formed; their amounts add up to `amount`.
        amount: Exact, in the major unit; discounts and credits are negative.
        amount_minor: Rounded once.
        card_id: Rate card.
        card_version: Its version.
        contract_version: Of the account's contract.
        row_ids: Rows of usage that it was priced from, ordered.
        shares: What other parties get of it.
    """

    key: LineKey
    segment_end_us: int
    meter_id: str
    unit: str
    quantity: Decimal
    parts: tuple[RatedPart, ...]
    amount: Fraction
    amount_minor: int
    card_id: str
    card_version: int
    contract_version: int
    row_ids: tuple[str, ...] = ()
    shares: tuple[PartyShare, ...] = ()

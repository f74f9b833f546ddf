"""A rate card: what meters cost and which fees recur, from one instant on.

A card has versions. One that was used never changes; other prices are a new version.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from schemas.money import Rounding
from schemas.price_model import PriceModel


class Proration(StrEnum):
    """What is due for a part of a billing period."""

    NONE = "none"
    """All of it, once in a period: by the version that holds when the period starts."""
    EXACT = "exact"
    """The part's share of the period's duration."""
    CALENDAR_DAYS = "calendar_days"
    """The part's share of the period's calendar days in the account's zone; a day counts to the
    part in which it starts."""


class Due(StrEnum):
    """When a recurring fee is charged."""

    ADVANCE = "advance"
    """When its billing period starts."""
    ARREARS = "arrears"
    """When its billing period has closed."""


@dataclass(frozen=True, slots=True)
class PartyShare:
    """What another party gets of a charge.

    Attributes:
        party: Name of the party, such as a seller.
        share: Its part of the amount, 0 to 1; the shares of a price are at most 1 in all.
    """

    party: str
    share: Decimal


@dataclass(frozen=True, slots=True)
class MeterPrice:
    """What the usage of one meter costs.

    Attributes:
        price_id: Its name on charges, unique in the card; the same in all versions.
        meter_id: Whose usage it prices. A meter may have several prices.
        product: What the revenue is booked for.
        model: How.
        free_units: Units of each period that cost nothing, taken off before the model.
        minimum: Least amount of a period; prorated by a segment's share of time.
        maximum: Greatest amount of a period; prorated alike.
        group_by: Dimensions whose values are priced apart, one charge for each; usage of all others
            adds up before it is priced. What does not add up (`max`, `average`, ...) is always
            priced by all dimensions.
        shares: What others get of the amount.
    """

    price_id: str
    meter_id: str
    product: str
    model: PriceModel
    free_units: Decimal = Decimal(0)
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    group_by: tuple[str, ...] = ()
    shares: tuple[PartyShare, ...] = ()


@dataclass(frozen=True, slots=True)
class RecurringFee:
    """A fee of each billing period.

    Attributes:
        fee_id: Its name on charges, unique in the card among fees and prices.
        product: What the revenue is booked for.
        amount: Of a whole period, or of a whole period and seat.
        due: When it is charged.
        proration: What is due for a part of a period.
        per_seat: Whether the contract says how many times it is due.
    """

    fee_id: str
    product: str
    amount: Decimal
    due: Due = Due.ARREARS
    proration: Proration = Proration.EXACT
    per_seat: bool = False


@dataclass(frozen=True, slots=True)
class RateCard:
    """One version of a rate card in one currency.

    Attributes:
        card_id: Its name; a contract, or the plan in an account's terms, names it.
        currency: ISO 4217 code. The same card may have prices in several currencies; each is a
            card of its own with versions of its own.
        version: Positive number, growing with `effective_from_us`.
        effective_from_us: First instant of usage that it prices.
        rounding: Of every amount.
        prices: Of usage.
        fees: That recur.
        minimum: Least amount of all usage of a period, before discounts; None: none.
        maximum: Greatest amount of all usage of a period, before discounts; None: none.
        minimum_product: What the difference to the minimum is booked for.
    """

    card_id: str
    currency: str
    version: int
    effective_from_us: int
    rounding: Rounding = Rounding.HALF_UP
    prices: tuple[MeterPrice, ...] = ()
    fees: tuple[RecurringFee, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    minimum_product: str = "minimum"

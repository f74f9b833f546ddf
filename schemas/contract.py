"""A contract: which rate card prices an account, and what was agreed beside it.

A contract has versions. One that was used never changes; another agreement is a new version.
Grants and one-off fees stand beside the versions, each known by its id for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount or coupon; exactly one of `rate` and `amount` is given.

    Attributes:
        discount_id: Its name on charges, the same in all versions.
        rate: Share of the amounts it is on, 0 to 1.
        amount: Of each billing period; at most what it is on.
        products: What it is on; none: all of them.
        from_us: It begins with the billing period that holds this instant.
        periods: How many billing periods: 1 once, None for ever.
    """

    discount_id: str
    rate: Decimal | None
    amount: Decimal | None
    products: tuple[str, ...]
    from_us: int
    periods: int | None


@dataclass(frozen=True, slots=True)
class Contract:
    """One version of an account's contract.

    Attributes:
        account_id: Whose it is.
        version: Positive number, growing with `effective_from_us`.
        effective_from_us: First instant that it holds for.
        card_id: Rate card; None: the plan that the account's terms name.
        currency: In which the account pays; it never changes.
        discounts: In the order in which they are taken.
        commitment: Least amount of a period, after discounts; what is missing is a charge of its
            own. None: none.
        commitment_product: What that charge is booked for.
        seats: Pairs of the id of a fee per seat and how many; a fee not named has none.
        trial_until_us: Usage and recurring fees before it cost nothing; None: no trial.
        tags: Pairs of name and value that charges carry, for chargeback, ordered by name.
        payment_days: From an invoice to its due date.
    """

    account_id: str
    version: int
    effective_from_us: int
    card_id: str | None
    currency: str
    discounts: tuple[Discount, ...] = ()
    commitment: Decimal | None = None
    commitment_product: str = "commitment"
    seats: tuple[tuple[str, int], ...] = ()
    trial_until_us: int | None = None
    tags: tuple[tuple[str, str], ...] = ()
    payment_days: int = 30


@dataclass(frozen=True, slots=True)
class CreditGrant:
    """Credit that is drawn down by charges.

    Attributes:
        grant_id: Its name for ever.
        account_id: Who has it.
        currency: It pays charges in this currency only.
        amount: Exact, a whole number of minor units.
        granted_us: First instant that it can pay for.
        expires_us: First instant that it cannot pay for any more; None: never.
        priority: Lower ones are drawn first, then those that expire first, then by id.
        is_paid: Whether the account has paid for it; what was given away is a discount.
    """

    grant_id: str
    account_id: str
    currency: str
    amount: Decimal
    granted_us: int
    expires_us: int | None
    priority: int = 0
    is_paid: bool = True


@dataclass(frozen=True, slots=True)
class OneOffFee:
    """A fee that is charged once.

    Attributes:
        fee_id: Its name for ever.
        account_id: Who pays it.
        product: What the revenue is booked for.
        currency: That of the account.
        amount: Exact; negative: a credit.
        at_us: It belongs to the billing period that holds this instant, or comes next where none
            is due, such as before the first one of the contract.
    """

    fee_id: str
    account_id: str
    product: str
    currency: str
    amount: Decimal
    at_us: int


@dataclass(frozen=True, slots=True)
class FxRate:
    """A given rate of exchange.

    Attributes:
        day: ISO 8601 date, of the last day of a billing period in the account's zone.
        base: Currency that is converted.
        quote: Currency that comes out.
        rate: Units of `quote` for one of `base`.
    """

    day: str
    base: str
    quote: str
    rate: Decimal

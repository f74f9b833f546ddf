"""What a dry run finds: amounts before and after, by currency, product, account and line."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from schemas.statement import LineKind


@dataclass(frozen=True, slots=True)
class MoneyChange:
    """Amounts of one currency, in minor units.

    Attributes:
        currency: ISO 4217 code.
        before_minor: What was charged.
        after_minor: What it comes to when it is priced again.
        lines: How many lines are another, in amount, quantity or before rounding.
    """

    currency: str
    before_minor: int
    after_minor: int
    lines: int

    @property
    def difference_minor(self) -> int:
        """What would be charged more."""
        return self.after_minor - self.before_minor


@dataclass(frozen=True, slots=True)
class NamedChange:
    """Amounts of an account, or of a product.

    Attributes:
        name: Id of the account; or the product, empty of paid credit.
        money: The amounts.
    """

    name: str
    money: MoneyChange


@dataclass(frozen=True, slots=True)
class LineChange:
    """One line that is another when it is priced again.

    Attributes:
        account_id: Whose it is.
        period_start_us: First instant of the billing period.
        period_end_us: First instant after it.
        timezone: IANA zone of both.
        kind: What it is for.
        line_id: Price, fee, discount or grant.
        product: What it is booked for; empty of paid credit.
        group: Canonical JSON of the dimensions priced apart.
        segment_start_us: First instant of the part of the period that it is for.
        card_id: Rate card.
        card_version_before: Version that it was charged by; None: it is new.
        card_version: Version that it is priced by; of a line that is gone, that of before.
        quantity_before: What was charged; None: the line is new.
        quantity: What is priced.
        before_minor: What was charged.
        after_minor: What it comes to.
        amount: The difference before rounding, in the major unit, to 12 decimals.
        currency: ISO 4217 code.
    """

    account_id: str
    period_start_us: int
    period_end_us: int
    timezone: str
    kind: LineKind
    line_id: str
    product: str
    group: str
    segment_start_us: int
    card_id: str
    card_version_before: int | None
    card_version: int
    quantity_before: Decimal | None
    quantity: Decimal
    before_minor: int
    after_minor: int
    amount: Decimal
    currency: str

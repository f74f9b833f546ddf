"""Price models: what a quantity costs. Plain shapes; `udfs.rating` has the rule of each.

Prices, fees and rates are exact decimals in the major unit of the rate card's currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Flat:
    """One amount for the period, whatever is used.

    Attributes:
        amount: The amount.
        if_unused: Whether it is due where nothing was used.
    """

    amount: Decimal
    if_unused: bool = True


@dataclass(frozen=True, slots=True)
class PerUnit:
    """Each unit costs the same.

    Attributes:
        unit_price: Price of one unit.
    """

    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a price that depends on the quantity.

    Attributes:
        up_to: Last quantity of the tier, inclusive; None: no end. The tier begins after the one
            before it ends, the first at 0.
        unit_price: Price of one unit in the tier.
        flat_fee: Due once when the tier is reached.
    """

    up_to: Decimal | None
    unit_price: Decimal
    flat_fee: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Graduated:
    """Each unit costs what the tier says in which it lies.

    Attributes:
        tiers: At least one, `up_to` rising, the last without end.
        fee_if_unused: Whether the first tier's flat fee is due where nothing was used.
    """

    tiers: tuple[Tier, ...]
    fee_if_unused: bool = False


@dataclass(frozen=True, slots=True)
class Volume:
    """All units cost what the tier says in which the whole quantity lies.

    Attributes:
        tiers: As for `Graduated`.
        fee_if_unused: As for `Graduated`.
    """

    tiers: tuple[Tier, ...]
    fee_if_unused: bool = False


@dataclass(frozen=True, slots=True)
class Package:
    """Units are sold in packages; one that is begun is due as a whole.

    Attributes:
        size: Units in a package, above 0.
        price: Price of a package.
    """

    size: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """One step of `Stairstep`.

    Attributes:
        up_to: Last quantity of the step, inclusive; None: no end.
        amount: What is due for the whole quantity.
    """

    up_to: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Stairstep:
    """One amount for the whole quantity, by the step in which it lies.

    Attributes:
        steps: At least one, `up_to` rising, the last without end.
        if_unused: Whether the first step's amount is due where nothing was used.
    """

    steps: tuple[Step, ...]
    if_unused: bool = False


@dataclass(frozen=True, slots=True)
class Percentage:
    """A share of the quantity, which is itself an amount of money, such as a payment's.

    Attributes:
        rate: Share, such as 0.029 for 2.9 %.
        fixed_fee: Due for each event.
        free_amount: Amount of the period on which no rate is due; fixed fees are.
        least_fee: Least that an event costs; needs a meter that keeps values (`percentile`).
        greatest_fee: Most that an event costs; needs the same. Beside either, nothing is free:
            which events would be is not known.
    """

    rate: Decimal
    fixed_fee: Decimal = Decimal(0)
    free_amount: Decimal = Decimal(0)
    least_fee: Decimal | None = None
    greatest_fee: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One price of a `Matrix`.

    Attributes:
        values: Pairs of dimension and value that usage must have, all of them.
        unit_price: Price of one unit.
    """

    values: tuple[tuple[str, str], ...]
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Matrix:
    """Each unit costs what the first cell says that its dimensions fit.

    Attributes:
        cells: At least one, in the order in which they are tried.
        default: Price of a unit that fits none; None: a missing price is an error.
    """

    cells: tuple[Cell, ...]
    default: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Dynamic:
    """The quantity is the amount: each event carries its own price, added up by the meter.

    Attributes:
        currency: Currency of the quantity; None: that of the rate card. Another one is converted
            by the dated rate of the period's last day.
        markup: Share that is added, such as 0.15 for cloud costs passed on at 115 %.
    """

    currency: str | None = None
    markup: Decimal = Decimal(0)


PriceModel = (
    Flat | PerUnit | Graduated | Volume | Package | Stairstep | Percentage | Matrix | Dynamic
)
"""Any price model."""

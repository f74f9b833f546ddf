"""Taxes: effective-dated rates by jurisdiction and product class, as the user gives them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

STANDARD_CLASS = "standard"
"""Class of a product that a table does not name."""


class TaxMode(StrEnum):
    """How a tax stands to the price."""

    EXCLUSIVE = "exclusive"
    """It is added to the price."""
    INCLUSIVE = "inclusive"
    """The price contains it; what the buyer pays does not depend on the rate."""


class TaxTreatment(StrEnum):
    """Whether a buyer is taxed."""

    TAXED = "taxed"
    REVERSE_CHARGE = "reverse_charge"
    """The buyer owes the tax to its own authority; the invoice says so and has none."""
    EXEMPT = "exempt"
    """No tax is due."""


class TaxTableError(Exception):
    """A table of taxes contradicts itself; one line with the entry, expected and found."""


class MissingTaxRateError(Exception):
    """Nothing says how a product is taxed; one line with jurisdiction, class and instant."""


@dataclass(frozen=True, slots=True)
class TaxRate:
    """One rate of a tax, from one instant on.

    Attributes:
        tax_id: Its name on invoices, such as VAT; the same for all its rates.
        jurisdiction: Of the buyer, such as DE or CA-QC.
        effective_from_us: First instant that it holds for, until the tax's next rate does.
        rate: Share of its base, 0 or more, such as 0.19; 0 is a tax of nothing, which an invoice
            shows.
        product_class: Class of the products it is on.
        effective_until_us: First instant for which the tax is not levied any more, where it has no
            next rate; None: it is.
        mode: Whether the price contains it.
        on_taxes: Taxes that are part of its base beside the price (a tax on tax); each stands
            before it in the table. An inclusive tax can be on inclusive ones only.
    """

    tax_id: str
    jurisdiction: str
    effective_from_us: int
    rate: Decimal
    product_class: str = STANDARD_CLASS
    effective_until_us: int | None = None
    mode: TaxMode = TaxMode.EXCLUSIVE
    on_taxes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxTable:
    """All rates, and how products are classed.

    Attributes:
        rates: In the order in which an invoice shows taxes.
        product_classes: Pairs of product and class; one not named is of `STANDARD_CLASS`.
    """

    rates: tuple[TaxRate, ...]
    product_classes: tuple[tuple[str, str], ...] = ()

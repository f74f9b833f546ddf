"""What a seller decides of its invoices: numbers, taxes and buyers, as one file says it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from schemas.invoice_terms import Party, Series
from schemas.money import Rounding
from schemas.tax import TaxTable


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who receives an account's invoices.

    Attributes:
        account_id: The account.
        party: Name, address, language and zone.
        minimum: See `schemas.invoice_terms.InvoiceTerms`.
    """

    account_id: str
    party: Party
    minimum: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class InvoicingSetup:
    """All that is decided of the invoices of one seller.

    Attributes:
        seller: Who issues them.
        series: Numbers of invoices.
        credit_series: Numbers of credit notes.
        taxes: All rates, and how products are classed.
        buyers: One for each account.
        rounding: Of taxes.
        footer: Lines printed below.
    """

    seller: Party
    series: Series
    credit_series: Series
    taxes: TaxTable
    buyers: tuple[Buyer, ...]
    rounding: Rounding = Rounding.HALF_UP
    footer: tuple[str, ...] = ()

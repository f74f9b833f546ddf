"""What an account's invoices are made by: who sells to whom, in which series, due when."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from schemas.money import Rounding
from schemas.tax import TaxTreatment


@dataclass(frozen=True, slots=True)
class Party:
    """Who sells or buys.

    Attributes:
        name: Legal name.
        address: Its lines, as they are printed.
        jurisdiction: Of taxes, such as DE or CA-QC; that of the buyer decides.
        locale: Language and region of numbers, dates and labels, such as de-DE.
        timezone: IANA zone of its days.
        tax_number: Such as a VAT number; empty where there is none.
        treatment: Whether it is taxed as a buyer.
        exempt_reason: What an invoice without tax gives as the reason; empty: none.
    """

    name: str
    address: tuple[str, ...]
    jurisdiction: str
    locale: str
    timezone: str
    tax_number: str = ""
    treatment: TaxTreatment = TaxTreatment.TAXED
    exempt_reason: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """A series of numbers without gaps, such as INV-2013-000001.

    Attributes:
        series_id: What its numbers begin with; letters and digits.
        by_year: Whether numbers name the year of issue and begin with 1 in each.
        digits: To how many digits a number is filled up with zeros.
    """

    series_id: str
    by_year: bool = True
    digits: int = 6


@dataclass(frozen=True, slots=True)
class InvoiceTerms:
    """What holds for the invoices of one account in one currency.

    Attributes:
        account_id: Who pays.
        currency: ISO 4217 code.
        seller: Who issues them, in its own zone's days.
        buyer: Who receives them, in its own language; they are due in its zone's days.
        payment_days: From the day of issue to the due date; 0: at once.
        minimum: Least total, taxes included, for which an invoice is made; what is less, of
            invoices and credit notes, is carried over to the next. 0: none.
        rounding: Of taxes.
        series: Numbers of invoices.
        credit_series: Numbers of credit notes.
        footer: Lines printed below, such as a bank account.
    """

    account_id: str
    currency: str
    seller: Party
    buyer: Party
    payment_days: int = 30
    minimum: Decimal = Decimal(0)
    rounding: Rounding = Rounding.HALF_UP
    series: Series = Series("INV")
    credit_series: Series = Series("CN")
    footer: tuple[str, ...] = ()

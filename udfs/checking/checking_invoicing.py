"""Checks of what a seller decides of its invoices."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from schemas.invoice_terms import Party
from schemas.invoicing_setup import InvoicingSetup
from schemas.price_problem import PriceProblem
from schemas.tax import TaxTableError
from udfs.checking.limits import (
    Problems,
    Steps,
    check_least,
    check_once,
    check_product,
)
from udfs.taxing import check_tax_table

_SERIES = re.compile(r"[A-Za-z0-9]{1,16}")
_MOST_DIGITS = 12


def check_invoicing(setup: InvoicingSetup) -> Problems:
    """Check series, taxes and buyers."""
    yield from _check_party(setup.seller, ("seller",))
    for name in ("series", "credit_series"):
        series = getattr(setup, name)
        if not _SERIES.fullmatch(series.series_id):
            expected = "1 to 16 letters and digits"
            yield PriceProblem((name, "series_id"), expected, repr(series.series_id))
        if not 1 <= series.digits <= _MOST_DIGITS:
            expected = f"a whole number from 1 to {_MOST_DIGITS}"
            yield PriceProblem((name, "digits"), expected, str(series.digits))
    names = [setup.series.series_id, setup.credit_series.series_id]
    yield from check_once(names, [("series", "series_id"), ("credit_series", "series_id")])
    yield from _check_taxes(setup)
    accounts = [buyer.account_id for buyer in setup.buyers]
    yield from check_once(
        accounts, [("buyers", place, "account_id") for place in range(len(accounts))]
    )
    jurisdictions = {rate.jurisdiction for rate in setup.taxes.rates}
    for place, buyer in enumerate(setup.buyers):
        yield from _check_party(buyer.party, ("buyers", place, "party"))
        yield from check_least(buyer.minimum, 0, ("buyers", place, "minimum"))
        if buyer.party.treatment == "taxed" and buyer.party.jurisdiction not in jurisdictions:
            steps = ("buyers", place, "party", "jurisdiction")
            expected = f"one with taxes ({', '.join(sorted(jurisdictions)) or 'there is none'})"
            yield PriceProblem(steps, expected, repr(buyer.party.jurisdiction))


def _check_taxes(setup: InvoicingSetup) -> Problems:
    for product, _ in setup.taxes.product_classes:
        yield from check_product(product, ("taxes", "product_classes", product))
    try:
        check_tax_table(setup.taxes)
    except TaxTableError as error:
        yield PriceProblem(("taxes", "rates"), "rates that fit together", str(error))


def _check_party(party: Party, steps: Steps) -> Problems:
    try:
        ZoneInfo(party.timezone)
    except (KeyError, ValueError, OSError):
        yield PriceProblem((*steps, "timezone"), "an IANA time zone", repr(party.timezone))

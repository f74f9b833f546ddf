"""The terms of an account's invoices: the seller's setup, and days to pay of the contract."""

from decimal import Decimal

import pytest

from schemas.contract import Contract
from schemas.invoice_terms import InvoiceTerms, Series
from schemas.invoicing_setup import Buyer, InvoicingSetup
from schemas.money import Rounding
from tests.udfs.invoicing.billing import BUYER, FEB, JAN, MAR, SELLER, VAT
from udfs.invoicing import terms_of

ACME = Buyer("acme", BUYER, Decimal(5))
SETUP = InvoicingSetup(
    SELLER, Series("A"), Series("B"), VAT, (ACME,), Rounding.HALF_EVEN, ("Thank you",)
)


def contract(version: int, from_us: int, days: int) -> Contract:
    """Return a version of a contract with days to pay."""
    return Contract("acme", version, from_us, None, "USD", payment_days=days)


def test_all_of_the_setup_is_in_the_terms() -> None:
    """Without a contract, there are 30 days to pay."""
    assert terms_of(SETUP, ACME, (), "USD", FEB) == InvoiceTerms(
        account_id="acme",
        currency="USD",
        seller=SELLER,
        buyer=BUYER,
        payment_days=30,
        minimum=Decimal(5),
        rounding=Rounding.HALF_EVEN,
        series=Series("A"),
        credit_series=Series("B"),
        footer=("Thank you",),
    )


@pytest.mark.parametrize(
    ("until_us", "days"), [(JAN, 30), (JAN + 1, 14), (FEB, 14), (FEB + 1, 45), (MAR, 45)]
)
def test_days_to_pay_are_those_of_the_contract_that_held(until_us: int, days: int) -> None:
    """A version that begins with the instant up to which is invoiced does not hold yet."""
    contracts = (contract(2, FEB, 45), contract(1, JAN, 14))
    assert terms_of(SETUP, ACME, contracts, "USD", until_us).payment_days == days

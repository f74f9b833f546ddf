"""What an account's invoices are made by: the seller's setup and the account's contract."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.contract import Contract
from schemas.invoice_terms import InvoiceTerms
from schemas.invoicing_setup import Buyer, InvoicingSetup

# As a contract that says nothing has.
_DEFAULT_DAYS = 30


def terms_of(
    setup: InvoicingSetup,
    buyer: Buyer,
    contracts: Sequence[Contract],
    currency: str,
    due_until_us: int,
) -> InvoiceTerms:
    """Return the terms of an account's invoices in one currency.

    The days to pay are those of the contract's version that held when the last charge was due.

    Args:
        setup: The seller's.
        buyer: Of the account.
        contracts: All versions of the account's contract, in any order.
        currency: Of its charges.
        due_until_us: Charges due by this instant are invoiced.
    """
    held = [each for each in contracts if each.effective_from_us < due_until_us]
    last = max(held, key=lambda each: each.effective_from_us, default=None)
    return InvoiceTerms(
        account_id=buyer.account_id,
        currency=currency,
        seller=setup.seller,
        buyer=buyer.party,
        payment_days=_DEFAULT_DAYS if last is None else last.payment_days,
        minimum=buyer.minimum,
        rounding=setup.rounding,
        series=setup.series,
        credit_series=setup.credit_series,
        footer=setup.footer,
    )

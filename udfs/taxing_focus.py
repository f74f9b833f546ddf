"""Taxes of invoices as rows of FOCUS 1.2, so that rows of an invoice sum to what it asks for.

A tax that is added to the prices is a row of the category Tax. One that the prices contain is in
the rows of the charges already; a row of its own would tell it twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from schemas.focus import EXPORTED_COLUMNS, FocusRow, FocusSeller, FocusValue
from schemas.focus_service import other_of
from schemas.instant import EPOCH, MICROSECOND
from schemas.invoice import Invoice, InvoiceState, TaxLine
from schemas.money import minor_digits
from schemas.tax import TaxMode
from udfs.aggregating import EXACT, plain_text
from udfs.identifying import digest
from udfs.invoicing import invoice_charge_ids

_SERVICE = "Tax"


def numbers_by_charge(invoices: Iterable[Invoice]) -> dict[str, str]:
    """Return the number of the invoice that each charge stands on; void ones have none."""
    return {
        charge_id: each.number
        for each in invoices
        if each.state is InvoiceState.ISSUED
        for charge_id in invoice_charge_ids(each)
    }


def focus_taxes(
    invoices: Iterable[Invoice], seller: FocusSeller, account_names: Mapping[str, str]
) -> tuple[FocusRow, ...]:
    """Return the taxes that issued invoices add to their charges, in the order of the invoices.

    Args:
        invoices: Any; those that are not issued, or are void, have no rows.
        seller: Who sells, and as what.
        account_names: Display names by account; one without has null.
    """
    return tuple(
        _row(each, place, tax, seller, account_names.get(each.terms.account_id))
        for each in invoices
        if each.state is InvoiceState.ISSUED
        for place, tax in enumerate(each.tax_lines)
        if tax.mode is TaxMode.EXCLUSIVE and tax.tax_minor
    )


def _row(
    invoice: Invoice, place: int, tax: TaxLine, seller: FocusSeller, account_name: str | None
) -> FocusRow:
    currency = invoice.terms.currency
    billed = EXACT.scaleb(Decimal(tax.tax_minor), -minor_digits(currency))
    # An invoice's own period comes first among its lines.
    start_us, end_us = invoice.lines[0].period_start_us, invoice.lines[0].period_end_us
    start, end = EPOCH + start_us * MICROSECOND, EPOCH + end_us * MICROSECOND
    values: dict[str, FocusValue] = {
        "BilledCost": billed,
        "BillingAccountId": invoice.terms.account_id,
        "BillingAccountName": account_name,
        "BillingAccountType": "Account",
        "BillingCurrency": currency,
        "BillingPeriodEnd": end,
        "BillingPeriodStart": start,
        "ChargeCategory": "Tax",
        "ChargeDescription": f"{tax.tax_id} {plain_text(tax.rate * 100)} %",
        "ChargeFrequency": "One-Time",
        "ChargePeriodEnd": end,
        "ChargePeriodStart": start,
        "ContractedCost": billed,
        "EffectiveCost": billed,
        "InvoiceId": invoice.number,
        "InvoiceIssuerName": seller.invoice_issuer,
        "ListCost": billed,
        "PricingCurrency": currency,
        "PricingCurrencyEffectiveCost": billed,
        "ProviderName": seller.provider,
        "PublisherName": seller.publisher,
        "ServiceCategory": seller.service_category,
        "ServiceName": _SERVICE,
        "ServiceSubcategory": other_of(seller.service_category),
        "Tags": "{}",
        "x_ChargeId": digest("tax", invoice.invoice_id, str(place)),
        "x_Group": "{}",
        "x_LineKind": "tax",
        "x_LineId": tax.tax_id,
    }
    return {column.name: values.get(column.name) for column in EXPORTED_COLUMNS}

"""Taxes of invoices as rows of FOCUS 1.2, so that rows of an invoice sum to what it asks for.

A tax that is added to the prices is a row of the category Tax for each period that it is on, of
the class that the charges have which it is on: what is paid back of a tax is a correction too. A
tax that the prices contain is in the rows of the charges; a row of its own would tell it twice.

Sources: FOCUS v1.2, ChargeCategory: Tax, refunds included; BilledCost: rows of an invoice sum to
its payable amount; ListCost and ContractedCost: of a tax by those of the charges that it is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from schemas.focus import EXPORTED_COLUMNS, FocusBilling, FocusRow, FocusSeller, FocusValue
from schemas.focus_service import other_of
from schemas.instant import EPOCH, MICROSECOND
from schemas.invoice import Invoice, InvoiceLine, LineTax
from schemas.money import minor_digits
from udfs.aggregating import EXACT, plain_text
from udfs.identifying import digest

_SERVICE = "Tax"

_Part = tuple[str, Decimal, int, int, bool]
"""Tax, rate, bounds of the period that it is on, and whether it corrects an invoice."""


def focus_taxes(
    invoice: Invoice, billings: Mapping[str, FocusBilling], seller: FocusSeller
) -> tuple[FocusRow, ...]:
    """Return the taxes that an issued invoice adds to its charges, in the order of its lines.

    Args:
        invoice: An issued one.
        billings: How its charges are billed, by charge; those of an invoice, in one period.
        seller: Who sells, and as what.
    """
    parts: dict[_Part, int] = {}
    for line in invoice.lines:
        is_correction = billings[line.charge_ids[0]].corrects_invoiced
        for share in _added(line):
            served = (line.period_start_us, line.period_end_us)
            part = (share.tax_id, share.rate, *served, is_correction)
            parts[part] = parts.get(part, 0) + share.tax_minor
    return tuple(
        _row(invoice, place, part, tax_minor, seller, billings[invoice.lines[0].charge_ids[0]])
        for place, (part, tax_minor) in enumerate(parts.items())
        if tax_minor
    )


def _added(line: InvoiceLine) -> tuple[LineTax, ...]:
    """Return the shares of taxes that are added: they come after those that the price contains."""
    contained_minor, place = line.amount_minor - line.net_minor, 0
    while contained_minor:
        assert place < len(line.taxes), f"line {line.line_id}: its taxes are less than it contains"
        contained_minor -= line.taxes[place].tax_minor
        place += 1
    return line.taxes[place:]


def _row(
    invoice: Invoice,
    place: int,
    part: _Part,
    tax_minor: int,
    seller: FocusSeller,
    billing: FocusBilling,
) -> FocusRow:
    tax_id, rate, start_us, end_us, is_correction = part
    currency = invoice.terms.currency
    billed = EXACT.scaleb(Decimal(tax_minor), -minor_digits(currency))
    values: dict[str, FocusValue] = {
        "BilledCost": billed,
        "BillingAccountId": invoice.terms.account_id,
        "BillingAccountName": billing.account_name,
        "BillingAccountType": "Account",
        "BillingCurrency": currency,
        "BillingPeriodEnd": EPOCH + billing.period_end_us * MICROSECOND,
        "BillingPeriodStart": EPOCH + billing.period_start_us * MICROSECOND,
        "ChargeCategory": "Tax",
        "ChargeClass": "Correction" if is_correction else None,
        "ChargeDescription": f"{tax_id} {plain_text(rate * 100)} %",
        "ChargeFrequency": "One-Time",
        "ChargePeriodEnd": EPOCH + end_us * MICROSECOND,
        "ChargePeriodStart": EPOCH + start_us * MICROSECOND,
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
        "x_LineId": tax_id,
    }
    return {column.name: values.get(column.name) for column in EXPORTED_COLUMNS}

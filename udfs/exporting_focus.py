"""Charges as rows of FOCUS 1.2: one row for each charge, whose BilledCost is what it adds.

How a charge is told, where the specification leaves a choice:

- What is taken from or added to a whole period is a row of its own, `Credit` where the seller
  grants it (trial, discount, credit), else `Adjustment` (minimum, maximum, commitment). FOCUS would
  rather see a discount on the rows that it is on ("SHOULD"); the `x_` columns name its source.
- A commitment is an amount to be reached, not a discount on units: no `CommitmentDiscount` column.
- There is one price list, that of the rate card: list and contracted cost are equal.
- A unit price is told where one price of the card, times the units priced, is the amount. Tiers,
  prorated fees and what a revision adds have none: their row is one unit whose price is the amount,
  below 0 a quantity of -1.
- A correction of what was invoiced has no unit price: its costs are what was billed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from types import MappingProxyType
from urllib.parse import quote

from schemas.charge import Charge
from schemas.focus import (
    COST_SCALE,
    EXPORTED_COLUMNS,
    QUANTITY_SCALE,
    FocusBilling,
    FocusRow,
    FocusSeller,
    FocusValue,
)
from schemas.focus_service import other_of
from schemas.instant import EPOCH, MICROSECOND
from schemas.invoice import Invoice, InvoiceState
from schemas.money import minor_digits
from schemas.statement import LineKind
from udfs.aggregating import EXACT, difference
from udfs.billing_focus import bill_charges
from udfs.invoicing import invoice_charge_ids
from udfs.taxing_focus import focus_taxes

WHOLE_UNIT = "Units"
"""Unit of what is priced as a whole."""
_PREPAID = "Prepaid credit"
"""Service of paid credit, which belongs to no product."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the lines of one kind are told: category, frequency, and the words of a description."""

    category: str
    frequency: str
    words: str


_KINDS: Mapping[LineKind, _Kind] = MappingProxyType(
    {
        LineKind.USAGE: _Kind("Usage", "Usage-Based", "Usage"),
        LineKind.RECURRING_FEE: _Kind("Purchase", "Recurring", "Recurring fee"),
        LineKind.ONE_OFF_FEE: _Kind("Purchase", "One-Time", "One-off fee"),
        LineKind.MAXIMUM: _Kind("Adjustment", "Recurring", "Above the maximum of card"),
        LineKind.MINIMUM: _Kind("Adjustment", "Recurring", "Up to the minimum of card"),
        LineKind.TRIAL: _Kind("Credit", "Recurring", "Trial of card"),
        LineKind.DISCOUNT: _Kind("Credit", "Recurring", "Discount"),
        LineKind.COMMITMENT: _Kind("Adjustment", "Recurring", "Up to the commitment of card"),
        LineKind.CREDIT: _Kind("Credit", "Recurring", "Credit"),
    }
)
_GRANTED_FEE = _Kind("Credit", "One-Time", "One-off credit")


def focus_row(charge: Charge, seller: FocusSeller, billing: FocusBilling) -> FocusRow:
    """Return a charge as a row of FOCUS 1.2, its columns in their order.

    Args:
        charge: Any charge, a revision too.
        seller: Who sells, and as what.
        billing: How the charge is billed.

    Raises:
        UnknownCurrencyError: The charge's currency is not known.
    """
    kind = _kind_of(charge)
    is_correction = billing.corrects_invoiced
    billed = EXACT.scaleb(Decimal(charge.amount_minor), -minor_digits(charge.currency))
    values: dict[str, FocusValue] = {
        "BilledCost": billed,
        "ChargeCategory": kind.category,
        "ChargeClass": "Correction" if is_correction else None,
        "ChargeDescription": _description(charge, kind),
        "ChargeFrequency": kind.frequency,
        "EffectiveCost": billed,
        "PricingCurrencyEffectiveCost": billed,
        **_cost_values(charge, kind, billed, is_correction),
        **_billing_values(charge, seller, billing),
        **_service_values(charge, seller, kind),
        **_custom_values(charge),
    }
    if kind.category == "Usage":
        consumed = difference(charge.quantity, billing.quantity_before)
        values |= {"ConsumedQuantity": consumed, "ConsumedUnit": charge.unit or WHOLE_UNIT}
    return {column.name: values.get(column.name) for column in EXPORTED_COLUMNS}


def focus_rows(
    charges: Iterable[Charge],
    seller: FocusSeller,
    account_names: Mapping[str, str],
    invoices: Iterable[Invoice] = (),
) -> tuple[FocusRow, ...]:
    """Return charges and the taxes added to them as rows of FOCUS 1.2.

    Rows are ordered by account: its charges by due instant, line and revision, then the taxes of
    its invoices.

    Args:
        charges: All charges of their accounts, in any order.
        seller: Who sells, and as what.
        account_names: Display names by account; one without has null.
        invoices: Of these accounts; only those that are issued count.
    """
    issued: dict[str, list[Invoice]] = {}
    for each in invoices:
        if each.state is InvoiceState.ISSUED:
            issued.setdefault(each.terms.account_id, []).append(each)
    rows: list[FocusRow] = []
    for account_id, members in groupby(sorted(charges, key=_order), lambda each: each.account_id):
        of_account, its_invoices = list(members), issued.get(account_id, [])
        bills = bill_charges(of_account, account_names.get(account_id), its_invoices)
        billings: dict[str, FocusBilling] = {}
        for charge, billing in zip(of_account, bills, strict=True):
            rows.append(focus_row(charge, seller, billing))
            billings[charge.charge_id] = billing
        for invoice in its_invoices:
            missing = [each for each in invoice_charge_ids(invoice) if each not in billings]
            assert not missing, f"{invoice.number}: expected its charges, found no {missing[0]}"
            rows += focus_taxes(invoice, billings, seller)
    return tuple(rows)


def _order(charge: Charge) -> tuple[str, int, int, str, str, str, int, str, int]:
    line = (charge.kind.value, charge.line_id, charge.product, charge.segment_start_us)
    revision = (charge.group, charge.revision)
    return (charge.account_id, charge.due_us, charge.period_start_us, *line, *revision)


def _kind_of(charge: Charge) -> _Kind:
    if charge.kind is LineKind.ONE_OFF_FEE:
        # What is taken back is of the sign that it had before.
        comes_to = charge.total_minor or charge.total_minor - charge.amount_minor
        return _GRANTED_FEE if comes_to < 0 else _KINDS[charge.kind]
    return _KINDS[charge.kind]


def _cost_values(
    charge: Charge, kind: _Kind, billed: Decimal, is_correction: bool
) -> dict[str, FocusValue]:
    """Return list and contracted cost, and the price and quantity they are the product of."""
    if is_correction or kind.category not in ("Usage", "Purchase"):
        return {"ContractedCost": billed, "ListCost": billed}
    unit_price, priced_quantity, unit = _price_of(charge)
    cost = EXACT.multiply(unit_price, priced_quantity)
    return {
        "ContractedCost": cost,
        "ListCost": cost,
        "ContractedUnitPrice": unit_price,
        "ListUnitPrice": unit_price,
        "PricingCurrencyContractedUnitPrice": unit_price,
        "PricingCurrencyListUnitPrice": unit_price,
        "PricingCategory": "Standard",
        "PricingQuantity": priced_quantity,
        "PricingUnit": unit,
    }


def _price_of(charge: Charge) -> tuple[Decimal, Decimal, str]:
    """Return unit price, quantity and unit whose product is the charge's amount before rounding."""
    parts = json.loads(charge.breakdown)["parts"]
    costing = [each for each in parts if each["amount"] != "0"] or parts
    if len(costing) == 1 and "unit_price" in costing[0]:
        (part,) = costing
        price, units = Decimal(part["unit_price"]), Decimal(part["quantity"])
        fits = _decimals(price) <= COST_SCALE and _decimals(units) <= QUANTITY_SCALE
        if fits and price >= 0 and EXACT.multiply(price, units) == charge.amount:
            return price, units, _unit_of(charge, part["label"])
    # One of the amount, or minus one of what it is less than nothing.
    sign = (charge.amount > 0) - (charge.amount < 0)
    return EXACT.abs(charge.amount), Decimal(sign), WHOLE_UNIT


def _unit_of(charge: Charge, label: str) -> str:
    """Return what one priced unit is: of a package, the package."""
    return "Packages" if label == "packages" else charge.unit or WHOLE_UNIT


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int), f"expected a finite number, found {number}"
    return max(-exponent, 0)


def _description(charge: Charge, kind: _Kind) -> str:
    named = f"{kind.words} {charge.line_id}"
    product = f" on {charge.product}" if charge.product else ""
    group = "" if charge.group == "{}" else f" for {charge.group}"
    revision = f", revision {charge.revision}" if charge.revision else ""
    return f"{named}{product}{group}{revision}"


def _billing_values(
    charge: Charge, seller: FocusSeller, billing: FocusBilling
) -> dict[str, FocusValue]:
    return {
        "BillingAccountId": charge.account_id,
        "BillingAccountName": billing.account_name,
        "BillingAccountType": "Account",
        "BillingCurrency": charge.currency,
        "BillingPeriodEnd": EPOCH + billing.period_end_us * MICROSECOND,
        "BillingPeriodStart": EPOCH + billing.period_start_us * MICROSECOND,
        "ChargePeriodEnd": EPOCH + charge.segment_end_us * MICROSECOND,
        "ChargePeriodStart": EPOCH + charge.segment_start_us * MICROSECOND,
        "InvoiceId": billing.invoice_id,
        "InvoiceIssuerName": seller.invoice_issuer,
        "PricingCurrency": charge.currency,
        "ProviderName": seller.provider,
        "PublisherName": seller.publisher,
    }


def _service_values(charge: Charge, seller: FocusSeller, kind: _Kind) -> dict[str, FocusValue]:
    values: dict[str, FocusValue] = {
        "ServiceCategory": seller.service_category,
        "ServiceName": charge.product or _PREPAID,
        "ServiceSubcategory": other_of(seller.service_category),
        "Tags": charge.tags,
    }
    if kind.category in ("Usage", "Purchase"):
        # Quoted, so that no two pairs of names are joined to one.
        sku_id = f"{quote(charge.card_id, safe='')}/{quote(charge.line_id, safe='')}"
        group = "" if charge.group == "{}" else f"/{quote(charge.group, safe='')}"
        values |= {
            "SkuId": sku_id,
            "SkuPriceId": sku_id + group,
            "SkuMeter": charge.meter_id or charge.line_id,
        }
    return values


def _custom_values(charge: Charge) -> dict[str, FocusValue]:
    return {
        "x_ChargeId": charge.charge_id,
        "x_CorrectedChargeId": charge.corrected_charge_id,
        "x_LineKind": charge.kind.value,
        "x_LineId": charge.line_id,
        "x_Group": charge.group,
        "x_RateCardId": charge.card_id,
        "x_RateCardVersion": str(charge.card_version),
        "x_ContractVersion": str(charge.contract_version),
    }

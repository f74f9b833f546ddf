"""The rules of FOCUS 1.2 on columns of a row that depend on each other, as a visible list.

Source: FOCUS v1.2, https://focus.finops.org/focus-specification/v1-2/; the text of each rule is on
the page of its column (`schemas.focus.FocusColumn.page`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from schemas.focus import FocusRow
from schemas.focus_service import SERVICE_SUBCATEGORIES
from schemas.money import MINOR_DIGITS
from udfs.aggregating import EXACT

Condition = Callable[[FocusRow], bool]


@dataclass(frozen=True, slots=True)
class FocusRule:
    """A rule on one row.

    Attributes:
        column: The column whose page states it.
        expected: What it asks for, in words.
        holds: Whether a row keeps it. Asked only of rows whose columns are as declared.
    """

    column: str
    expected: str
    holds: Condition


def is_sold(row: FocusRow) -> bool:
    """Whether a row is usage or a purchase, and no correction of an invoiced period."""
    is_priced = row["ChargeCategory"] in ("Usage", "Purchase")
    return is_priced and row["ChargeClass"] != "Correction"


def _null(column: str, when: str, condition: Condition) -> FocusRule:
    expected = f"null when {when}"
    return FocusRule(column, expected, lambda row: not condition(row) or row[column] is None)


def _given(column: str, when: str, condition: Condition) -> FocusRule:
    expected = f"a value when {when}"
    return FocusRule(column, expected, lambda row: not condition(row) or row[column] is not None)


def _together(column: str, other: str) -> FocusRule:
    return FocusRule(
        column,
        f"null exactly when {other} is null",
        lambda row: (row[column] is None) == (row[other] is None),
    )


def _only_with(column: str, other: str) -> FocusRule:
    return _null(column, f"{other} is null", lambda row: row[other] is None)


def _at_least_0(column: str) -> FocusRule:
    return FocusRule(column, "0 or more", lambda row: (_decimal(row, column) or 0) >= 0)


def _product(cost: str, price: str) -> FocusRule:
    def holds(row: FocusRow) -> bool:
        unit_price, units = _decimal(row, price), _decimal(row, "PricingQuantity")
        if unit_price is None or units is None or row["ChargeClass"] == "Correction":
            return True
        return EXACT.multiply(unit_price, units) == row[cost]

    return FocusRule(cost, f"{price} times PricingQuantity", holds)


def _as_billed(cost: str, price: str | None) -> FocusRule:
    def holds(row: FocusRow) -> bool:
        is_unrelated = row["ChargeCategory"] in ("Credit", "Adjustment")
        has_price = price is not None and row[price] is not None
        return has_price or not is_unrelated or row[cost] == row["BilledCost"]

    without = "" if price is None else f" without {price}"
    return FocusRule(cost, f"BilledCost, of a credit or adjustment{without}", holds)


def _starts_first(start: str, end: str) -> FocusRule:
    def holds(row: FocusRow) -> bool:
        first, last = row[start], row[end]
        assert isinstance(first, datetime)
        assert isinstance(last, datetime)
        return first < last

    return FocusRule(start, f"an instant before {end}", holds)


def _decimal(row: FocusRow, column: str) -> Decimal | None:
    value = row[column]
    assert value is None or isinstance(value, Decimal)
    return value


def _is_tax(row: FocusRow) -> bool:
    return row["ChargeCategory"] == "Tax"


def _is_measured(row: FocusRow) -> bool:
    is_used = row["CommitmentDiscountStatus"] != "Unused"
    return row["ChargeCategory"] == "Usage" and is_used


def _has_commitment(row: FocusRow) -> bool:
    return row["CommitmentDiscountId"] is not None


_SOLD = "ChargeCategory is Usage or Purchase and ChargeClass is not Correction"
_PRICED_COLUMNS = (
    "ContractedUnitPrice",
    "ListUnitPrice",
    "PricingCategory",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyListUnitPrice",
    "PricingQuantity",
    "SkuId",
    "SkuPriceId",
)

FOCUS_RULES: tuple[FocusRule, ...] = (
    *(_null(column, "ChargeCategory is Tax", _is_tax) for column in _PRICED_COLUMNS),
    *(_given(column, _SOLD, is_sold) for column in _PRICED_COLUMNS),
    FocusRule(
        "BilledCost",
        "0 where another one than the provider invoices",
        lambda row: row["ProviderName"] == row["InvoiceIssuerName"] or row["BilledCost"] == 0,
    ),
    FocusRule(
        "BillingCurrency",
        "a code of ISO 4217",
        lambda row: row["BillingCurrency"] in MINOR_DIGITS,
    ),
    _together("BillingAccountType", "BillingAccountId"),
    _starts_first("BillingPeriodStart", "BillingPeriodEnd"),
    _starts_first("ChargePeriodStart", "ChargePeriodEnd"),
    FocusRule(
        "ChargeFrequency",
        "not Usage-Based of a Purchase",
        lambda row: (row["ChargeCategory"], row["ChargeFrequency"]) != ("Purchase", "Usage-Based"),
    ),
    _only_with("CapacityReservationStatus", "CapacityReservationId"),
    _given(
        "CapacityReservationStatus",
        "CapacityReservationId has a value and ChargeCategory is Usage",
        lambda row: row["CapacityReservationId"] is not None and row["ChargeCategory"] == "Usage",
    ),
    _together("CommitmentDiscountCategory", "CommitmentDiscountId"),
    _together("CommitmentDiscountType", "CommitmentDiscountId"),
    _only_with("CommitmentDiscountName", "CommitmentDiscountId"),
    _only_with("CommitmentDiscountStatus", "CommitmentDiscountId"),
    _given(
        "CommitmentDiscountStatus",
        "CommitmentDiscountId has a value and ChargeCategory is Usage",
        lambda row: _has_commitment(row) and row["ChargeCategory"] == "Usage",
    ),
    _given(
        "CommitmentDiscountQuantity",
        f"CommitmentDiscountId has a value, {_SOLD}",
        lambda row: _has_commitment(row) and is_sold(row),
    ),
    _null(
        "CommitmentDiscountQuantity",
        "CommitmentDiscountId is null or ChargeCategory is neither Usage nor Purchase",
        lambda row: not _has_commitment(row) or row["ChargeCategory"] not in ("Usage", "Purchase"),
    ),
    _together("CommitmentDiscountUnit", "CommitmentDiscountQuantity"),
    _null(
        "ConsumedQuantity",
        "ChargeCategory is not Usage, or the usage is of an unused commitment",
        lambda row: not _is_measured(row),
    ),
    _given(
        "ConsumedQuantity",
        "ChargeCategory is Usage, not of an unused commitment, and no Correction",
        lambda row: _is_measured(row) and is_sold(row),
    ),
    _together("ConsumedUnit", "ConsumedQuantity"),
    _at_least_0("ContractedUnitPrice"),
    _at_least_0("ListUnitPrice"),
    _at_least_0("PricingCurrencyContractedUnitPrice"),
    _at_least_0("PricingCurrencyListUnitPrice"),
    _product("ContractedCost", "ContractedUnitPrice"),
    _product("ListCost", "ListUnitPrice"),
    _as_billed("ContractedCost", "ContractedUnitPrice"),
    _as_billed("ListCost", "ListUnitPrice"),
    _as_billed("EffectiveCost", None),
    FocusRule(
        "PricingCategory",
        "Committed only with CommitmentDiscountId",
        lambda row: row["PricingCategory"] != "Committed" or _has_commitment(row),
    ),
    _together("PricingUnit", "PricingQuantity"),
    _together("ResourceType", "ResourceId"),
    FocusRule(
        "ServiceSubcategory",
        "one of its ServiceCategory",
        lambda row: row["ServiceSubcategory"] in SERVICE_SUBCATEGORIES[str(row["ServiceCategory"])],
    ),
    _only_with("SkuMeter", "SkuId"),
    _only_with("SkuPriceDetails", "SkuPriceId"),
    _together("SubAccountName", "SubAccountId"),
    _together("SubAccountType", "SubAccountId"),
)
"""Rules on columns of one row that depend on each other, by column."""

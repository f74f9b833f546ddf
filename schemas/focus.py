"""FOCUS 1.2: the columns of its cost and usage dataset, and what a charge does not say itself.

Source: FinOps Open Cost and Usage Specification (FOCUS) v1.2,
https://focus.finops.org/focus-specification/v1-2/, whose text of a column is `FocusColumn.page`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from schemas.focus_service import SERVICE_SUBCATEGORIES

_PAGES = "https://github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec/blob/v1.2/specification"
_PAGE_NAMES: Mapping[str, str] = MappingProxyType(
    {"ProviderName": "provider", "PublisherName": "publisher", "InvoiceIssuerName": "invoiceissuer"}
)


class FocusType(StrEnum):
    """What the values of a column are."""

    STRING = "String"
    DECIMAL = "Decimal"
    DATE_TIME = "Date/Time"
    KEY_VALUE = "JSON"
    """Text of a JSON object whose values are neither objects nor arrays."""


class FocusLevel(StrEnum):
    """Whether a dataset has a column."""

    MANDATORY = "Mandatory"
    CONDITIONAL = "Conditional"
    """Where the provider has what it describes."""
    RECOMMENDED = "Recommended"
    CUSTOM = "Custom"
    """Of the provider itself; its name begins with x_."""


FocusValue = str | Decimal | datetime | None
FocusRow = Mapping[str, FocusValue]
"""One row of the dataset: a value for each column, None for null; instants aware, in UTC."""


@dataclass(frozen=True, slots=True)
class FocusColumn:
    """One column.

    Attributes:
        name: Its column id.
        type: Of its values.
        level: Whether a dataset has it.
        is_nullable: Whether any row may have null; `udfs.checking_focus` says which.
        allowed: Its values, where the specification lists them; else empty.
        scale: Decimals of a Decimal, as it is kept in a file.
    """

    name: str
    type: FocusType
    level: FocusLevel
    is_nullable: bool
    allowed: tuple[str, ...] = ()
    scale: int = 0

    @property
    def page(self) -> str:
        """Address of the text that states its rules; of a custom column, of the rule on names."""
        if self.level is FocusLevel.CUSTOM:
            return f"{_PAGES}/attributes/column_naming_and_ordering.md"
        return f"{_PAGES}/columns/{_PAGE_NAMES.get(self.name, self.name.lower())}.md"


COST_SCALE = 12
"""Decimals of costs and unit prices."""
QUANTITY_SCALE = 9
"""Decimals of quantities, as those that are metered."""

CHARGE_CATEGORIES = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")
_SUBCATEGORIES = tuple(name for names in SERVICE_SUBCATEGORIES.values() for name in names)

_M, _C, _R, _X = (
    FocusLevel.MANDATORY,
    FocusLevel.CONDITIONAL,
    FocusLevel.RECOMMENDED,
    FocusLevel.CUSTOM,
)


def _text(
    name: str, level: FocusLevel, is_nullable: bool = True, allowed: tuple[str, ...] = ()
) -> FocusColumn:
    return FocusColumn(name, FocusType.STRING, level, is_nullable, allowed)


def _cost(name: str, level: FocusLevel, is_nullable: bool = False) -> FocusColumn:
    return FocusColumn(name, FocusType.DECIMAL, level, is_nullable, scale=COST_SCALE)


def _quantity(name: str, level: FocusLevel) -> FocusColumn:
    return FocusColumn(name, FocusType.DECIMAL, level, True, scale=QUANTITY_SCALE)


def _instant(name: str) -> FocusColumn:
    return FocusColumn(name, FocusType.DATE_TIME, _M, False)


def _key_value(name: str) -> FocusColumn:
    return FocusColumn(name, FocusType.KEY_VALUE, _C, True)


FOCUS_COLUMNS: tuple[FocusColumn, ...] = (
    _text("AvailabilityZone", _R),
    _cost("BilledCost", _M),
    _text("BillingAccountId", _M, False),
    _text("BillingAccountName", _M),
    _text("BillingAccountType", _C),
    _text("BillingCurrency", _M, False),
    _instant("BillingPeriodEnd"),
    _instant("BillingPeriodStart"),
    _text("CapacityReservationId", _C),
    _text("CapacityReservationStatus", _C, allowed=("Used", "Unused")),
    _text("ChargeCategory", _M, False, CHARGE_CATEGORIES),
    _text("ChargeClass", _M, allowed=("Correction",)),
    _text("ChargeDescription", _M),
    _text("ChargeFrequency", _R, False, ("One-Time", "Recurring", "Usage-Based")),
    _instant("ChargePeriodEnd"),
    _instant("ChargePeriodStart"),
    _text("CommitmentDiscountCategory", _C, allowed=("Spend", "Usage")),
    _text("CommitmentDiscountId", _C),
    _text("CommitmentDiscountName", _C),
    _quantity("CommitmentDiscountQuantity", _C),
    _text("CommitmentDiscountStatus", _C, allowed=("Used", "Unused")),
    _text("CommitmentDiscountType", _C),
    _text("CommitmentDiscountUnit", _C),
    _quantity("ConsumedQuantity", _C),
    _text("ConsumedUnit", _C),
    _cost("ContractedCost", _M),
    _cost("ContractedUnitPrice", _C, True),
    _cost("EffectiveCost", _M),
    _text("InvoiceId", _R),
    _text("InvoiceIssuerName", _M, False),
    _cost("ListCost", _M),
    _cost("ListUnitPrice", _C, True),
    _text("PricingCategory", _C, allowed=("Standard", "Dynamic", "Committed", "Other")),
    _text("PricingCurrency", _C, False),
    _cost("PricingCurrencyContractedUnitPrice", _C, True),
    _cost("PricingCurrencyEffectiveCost", _C),
    _cost("PricingCurrencyListUnitPrice", _C, True),
    _quantity("PricingQuantity", _M),
    _text("PricingUnit", _M),
    _text("ProviderName", _M, False),
    _text("PublisherName", _M, False),
    _text("RegionId", _C),
    _text("RegionName", _C),
    _text("ResourceId", _C),
    _text("ResourceName", _C),
    _text("ResourceType", _C),
    _text("ServiceCategory", _M, False, tuple(SERVICE_SUBCATEGORIES)),
    _text("ServiceName", _M, False),
    _text("ServiceSubcategory", _R, False, _SUBCATEGORIES),
    _text("SkuId", _C),
    _text("SkuMeter", _C),
    _key_value("SkuPriceDetails"),
    _text("SkuPriceId", _C),
    _text("SubAccountId", _C),
    _text("SubAccountName", _C),
    _text("SubAccountType", _C),
    _key_value("Tags"),
)
"""Every column of FOCUS 1.2, in the order of the specification."""

_NOT_ALWAYS = (
    "x_CorrectedChargeId",
    "x_RateCardId",
    "x_RateCardVersion",
    "x_ContractVersion",
)
CUSTOM_COLUMNS: tuple[FocusColumn, ...] = tuple(
    _text(name, _X, name in _NOT_ALWAYS)
    for name in (
        "x_ChargeId",
        "x_CorrectedChargeId",
        "x_LineKind",
        "x_LineId",
        "x_Group",
        "x_RateCardId",
        "x_RateCardVersion",
        "x_ContractVersion",
    )
)
"""What names the charge or tax, its source (such as the discount) and what priced it."""

EXPORTED_COLUMNS = FOCUS_COLUMNS + CUSTOM_COLUMNS
"""The columns of an export: those of FOCUS first, as the rules on their order want it."""


@dataclass(frozen=True, slots=True)
class FocusSeller:
    """Who sells, and as what; the same for all rows of an export.

    Attributes:
        provider: Name of who makes the services available.
        publisher: Name of who made them.
        invoice_issuer: Name of who invoices. Where it is not the provider, FOCUS allows no
            `BilledCost`, for it was not the provider who was paid.
        service_category: One of `SERVICE_SUBCATEGORIES`.
    """

    provider: str
    publisher: str
    invoice_issuer: str
    service_category: str = "Other"


@dataclass(frozen=True, slots=True)
class FocusBilling:
    """How one charge is billed.

    Attributes:
        account_name: Display name of the account, if it has one.
        period_start_us: First instant of the billing period whose invoice takes the charge.
        period_end_us: First instant after it.
        invoice_id: The invoice; None: not invoiced yet.
        corrects_invoiced: Whether the charge changes what an earlier invoice said.
        quantity_before: Quantity of the revision before, 0 of the first.
    """

    account_name: str | None
    period_start_us: int
    period_end_us: int
    invoice_id: str | None = None
    corrects_invoiced: bool = False
    quantity_before: Decimal = Decimal(0)

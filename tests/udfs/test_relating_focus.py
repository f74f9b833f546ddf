"""Each rule on columns that depend on each other is found broken where it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.focus_rows import FOUND, changed
from udfs.checking_focus import check_focus
from udfs.relating_focus import FOCUS_RULES

ONE, CENT = Decimal(1), Decimal("0.01")
_SOLD = "ChargeCategory is Usage or Purchase and ChargeClass is not Correction"
_PRICED = {
    "ContractedUnitPrice": CENT,
    "ListUnitPrice": CENT,
    "PricingCategory": "Standard",
    "PricingCurrencyContractedUnitPrice": CENT,
    "PricingCurrencyListUnitPrice": CENT,
    "PricingQuantity": ONE,
    "SkuId": "sku",
    "SkuPriceId": "sku",
}

Case = tuple[str, Mapping[str, Any], str, str]
CASES: list[Case] = [
    *(
        (
            "tax",
            {name: value, "PricingUnit": "mile" if name == "PricingQuantity" else None},
            name,
            "null when ChargeCategory is Tax",
        )
        for name, value in _PRICED.items()
    ),
    *(
        (
            "purchase",
            {
                name: None,
                **({"PricingUnit": None} if name == "PricingQuantity" else {}),
                **({"SkuMeter": None} if name == "SkuId" else {}),
            },
            name,
            f"a value when {_SOLD}",
        )
        for name in _PRICED
    ),
    ("usage", {"InvoiceIssuerName": "Broker"}, "BilledCost", "0 where another one than"),
    ("usage", {"BillingCurrency": "usd"}, "BillingCurrency", "a code of ISO 4217"),
    ("usage", {"BillingAccountType": None}, "BillingAccountType", "BillingAccountId is null"),
    (
        "usage",
        {"BillingPeriodEnd": datetime(2013, 1, 1, tzinfo=UTC)},
        "BillingPeriodStart",
        "an instant before BillingPeriodEnd",
    ),
    (
        "usage",
        {"ChargePeriodStart": datetime(2013, 3, 1, tzinfo=UTC)},
        "ChargePeriodStart",
        "an instant before ChargePeriodEnd",
    ),
    ("purchase", {"ChargeFrequency": "Usage-Based"}, "ChargeFrequency", "not Usage-Based"),
    (
        "usage",
        {"CapacityReservationStatus": "Used"},
        "CapacityReservationStatus",
        "null when CapacityReservationId is null",
    ),
    (
        "reserved",
        {"CapacityReservationStatus": None},
        "CapacityReservationStatus",
        "a value when CapacityReservationId has a value",
    ),
    (
        "committed",
        {"CommitmentDiscountCategory": None},
        "CommitmentDiscountCategory",
        "null exactly when CommitmentDiscountId is null",
    ),
    ("usage", {"CommitmentDiscountType": "Plan"}, "CommitmentDiscountType", "null exactly when"),
    ("usage", {"CommitmentDiscountName": "One"}, "CommitmentDiscountName", "null when"),
    ("usage", {"CommitmentDiscountStatus": "Used"}, "CommitmentDiscountStatus", "null when"),
    (
        "committed",
        {"CommitmentDiscountStatus": None},
        "CommitmentDiscountStatus",
        "a value when CommitmentDiscountId has a value and ChargeCategory is Usage",
    ),
    (
        "committed",
        {"CommitmentDiscountQuantity": None, "CommitmentDiscountUnit": None},
        "CommitmentDiscountQuantity",
        "a value when",
    ),
    (
        "usage",
        {"CommitmentDiscountQuantity": ONE, "CommitmentDiscountUnit": "USD"},
        "CommitmentDiscountQuantity",
        "null when CommitmentDiscountId is null",
    ),
    ("committed", {"CommitmentDiscountUnit": None}, "CommitmentDiscountUnit", "null exactly when"),
    (
        "unused",
        {"ConsumedQuantity": ONE, "ConsumedUnit": "mile"},
        "ConsumedQuantity",
        "null when ChargeCategory is not Usage, or the usage is of an unused commitment",
    ),
    (
        "purchase",
        {"ConsumedQuantity": ONE, "ConsumedUnit": "mile"},
        "ConsumedQuantity",
        "null when ChargeCategory is not Usage",
    ),
    (
        "usage",
        {"ConsumedQuantity": None, "ConsumedUnit": None},
        "ConsumedQuantity",
        "a value when ChargeCategory is Usage",
    ),
    ("usage", {"ConsumedUnit": None}, "ConsumedUnit", "null exactly when ConsumedQuantity is"),
    (
        "usage",
        {"ContractedUnitPrice": -CENT, "PricingQuantity": Decimal(-270), "ListUnitPrice": None}
        | {"SkuPriceId": "sku"},
        "ContractedUnitPrice",
        "0 or more",
    ),
    ("correction", {"ListUnitPrice": -CENT}, "ListUnitPrice", "0 or more"),
    *(
        ("usage", {name: -CENT}, name, "0 or more")
        for name in ("PricingCurrencyContractedUnitPrice", "PricingCurrencyListUnitPrice")
    ),
    ("usage", {"ContractedCost": ONE}, "ContractedCost", "ContractedUnitPrice times Pricing"),
    ("usage", {"ListCost": ONE}, "ListCost", "ListUnitPrice times PricingQuantity"),
    ("credit", {"ContractedCost": ONE}, "ContractedCost", "BilledCost, of a credit or adjustment"),
    ("credit", {"ListCost": ONE}, "ListCost", "BilledCost, of a credit or adjustment"),
    ("credit", {"EffectiveCost": ONE}, "EffectiveCost", "BilledCost, of a credit or adjustment"),
    ("usage", {"PricingCategory": "Committed"}, "PricingCategory", "Committed only with"),
    ("usage", {"PricingUnit": None}, "PricingUnit", "null exactly when PricingQuantity is null"),
    ("reserved", {"ResourceType": None}, "ResourceType", "null exactly when ResourceId is null"),
    ("usage", {"ServiceSubcategory": "Caching"}, "ServiceSubcategory", "one of its Service"),
    ("credit", {"SkuMeter": "m"}, "SkuMeter", "null when SkuId is null"),
    ("credit", {"SkuPriceDetails": "{}"}, "SkuPriceDetails", "null when SkuPriceId is null"),
    ("reserved", {"SubAccountName": None}, "SubAccountName", "null exactly when SubAccountId"),
    ("usage", {"SubAccountType": "Team"}, "SubAccountType", "null exactly when SubAccountId"),
]


@pytest.mark.parametrize("kind", FOUND)
def test_rows_as_they_should_be(kind: str) -> None:
    """Usage, purchases, credits, corrections, taxes, commitments and reservations break nothing."""
    assert check_focus([FOUND[kind]]) == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[2]} {case[0]}")
def test_each_rule_is_found_broken(case: Case) -> None:
    """One rule of the column is broken, and the line says what was expected and found."""
    kind, changes, column, expected = case
    found = [each for each in check_focus([changed(FOUND[kind], changes)]) if each.column == column]
    (violation,) = found
    assert violation.row == 0
    assert violation.detail.startswith("expected ")
    assert expected in violation.detail


def test_every_rule_has_a_case() -> None:
    """No rule is there that nothing breaks."""
    broken = {
        (rule.column, rule.expected)
        for kind, changes, _, _ in CASES
        for rule in FOCUS_RULES
        if not rule.holds(changed(FOUND[kind], changes))
    }
    assert broken == {(rule.column, rule.expected) for rule in FOCUS_RULES}
    assert len(broken) == len(FOCUS_RULES)


def test_a_correction_may_be_priced_in_any_way() -> None:
    """FOCUS v1.2: discrepancies of price, quantity and cost may be addressed independently."""
    changes: dict[str, Any] = {
        "ListUnitPrice": CENT,
        "ListCost": ONE,
        "PricingQuantity": ONE,
        "PricingUnit": "u",
    }
    assert check_focus([changed(FOUND["correction"], changes)]) == ()

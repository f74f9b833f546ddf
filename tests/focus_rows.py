"""Rows of FOCUS for tests, one of each kind, none of which breaks a rule."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas.focus import FocusBilling, FocusRow, FocusSeller, FocusValue
from schemas.statement import LineKind
from tests.charges import FEBRUARY, JANUARY, USAGE, whole
from udfs.exporting_focus import focus_row

_SELLER = FocusSeller("Air", "Air", "Air")
_BILLING = FocusBilling(None, JANUARY, FEBRUARY)


def changed(row: FocusRow, changes: Mapping[str, Any]) -> FocusRow:
    """Return a row with some values changed."""
    return {**row, **changes}


FOUND: dict[str, FocusRow] = {
    "usage": focus_row(USAGE, _SELLER, _BILLING),
    "correction": focus_row(
        USAGE, _SELLER, FocusBilling(None, JANUARY, FEBRUARY, corrects_invoiced=True)
    ),
    "purchase": focus_row(whole(LineKind.RECURRING_FEE, "b0", 4900), _SELLER, _BILLING),
    "credit": focus_row(whole(LineKind.DISCOUNT, "h0", -33), _SELLER, _BILLING),
}
_COMMITTED: dict[str, FocusValue] = {
    "CommitmentDiscountCategory": "Spend",
    "CommitmentDiscountId": "plan-1",
    "CommitmentDiscountName": "One year",
    "CommitmentDiscountQuantity": Decimal("2.7"),
    "CommitmentDiscountStatus": "Used",
    "CommitmentDiscountType": "Plan",
    "CommitmentDiscountUnit": "USD",
    "PricingCategory": "Committed",
}
FOUND["tax"] = changed(FOUND["credit"], {"ChargeCategory": "Tax"})
FOUND["committed"] = changed(FOUND["usage"], _COMMITTED)
FOUND["unused"] = changed(
    FOUND["committed"],
    {
        "CommitmentDiscountStatus": "Unused",
        "ConsumedQuantity": None,
        "ConsumedUnit": None,
    },
)
FOUND["reserved"] = changed(
    FOUND["usage"],
    {
        "CapacityReservationId": "slot-1",
        "CapacityReservationStatus": "Used",
        "ResourceId": "gate-7",
        "ResourceType": "gate",
        "SkuPriceDetails": '{"x_Wide":true,"Seats":7}',
        "SubAccountId": "s",
        "SubAccountName": "S",
        "SubAccountType": "Team",
    },
)
"""By what they are; each kind of rule has a row that it is about."""

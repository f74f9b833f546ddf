"""Charges for tests, each a full one with the given values changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from schemas.charge import Charge
from schemas.instant import to_us
from schemas.statement import LineKind

JANUARY, FEBRUARY, MARCH, APRIL = (
    to_us(datetime(2013, month, 1, tzinfo=UTC)) for month in range(1, 5)
)


def breakdown(amount: str, *parts: tuple[str, str, str | None, str]) -> str:
    """Return how an amount was formed: of each part label, quantity, unit price and amount."""
    steps = [
        {
            "label": label,
            "quantity": quantity,
            **({} if unit_price is None else {"unit_price": unit_price}),
            "amount": of_part,
        }
        for label, quantity, unit_price, of_part in parts
    ]
    return json.dumps({"amount": amount, "parts": steps}, separators=(",", ":"))


USAGE = Charge(
    charge_id="a0",
    corrected_charge_id=None,
    account_id="A",
    period_start_us=JANUARY,
    period_end_us=FEBRUARY,
    timezone="UTC",
    kind=LineKind.USAGE,
    line_id="miles",
    group="{}",
    segment_start_us=JANUARY,
    segment_end_us=FEBRUARY,
    revision=0,
    product="flights",
    meter_id="miles_flown",
    unit="mile",
    quantity=Decimal(1000),
    breakdown=breakdown("27/10", ("units", "900", "0.003", "27/10")),
    amount=Decimal("2.700000000000"),
    amount_minor=270,
    total_minor=270,
    currency="USD",
    card_id="standard",
    card_version=3,
    contract_version=2,
    usage_row_ids='["c0"]',
    payouts="{}",
    payouts_delta="{}",
    tags='{"team":"east"}',
    due_us=FEBRUARY,
    run_id="run-1",
)
"""1000 miles in January, 100 of them free, at 0.003 USD."""


def charge_of(**changes: Any) -> Charge:
    """Return `USAGE` with some values changed."""
    return replace(USAGE, **changes)


def whole(kind: LineKind, charge_id: str, amount_minor: int, **changes: Any) -> Charge:
    """Return a charge without usage whose amount has no unit price, in US cents."""
    amount = Decimal(amount_minor).scaleb(-2)
    own: dict[str, Any] = {
        "charge_id": charge_id,
        "kind": kind,
        "line_id": f"the {kind.value}",
        "meter_id": "",
        "unit": "",
        "quantity": Decimal(0),
        "breakdown": breakdown(str(amount), ("whole", "0", None, str(amount))),
        "amount": amount,
        "amount_minor": amount_minor,
        "total_minor": amount_minor,
        "usage_row_ids": "[]",
    }
    return charge_of(**own | changes)


def revision_of(before: Charge, charge_id: str, amount_minor: int, **changes: Any) -> Charge:
    """Return a charge that adds an amount in minor units to a line, due at the end of February."""
    own: dict[str, Any] = {
        "charge_id": charge_id,
        "corrected_charge_id": before.charge_id,
        "revision": before.revision + 1,
        "amount": Decimal(amount_minor).scaleb(-2),
        "amount_minor": amount_minor,
        "total_minor": before.total_minor + amount_minor,
        "due_us": MARCH,
    }
    return replace(before, **own | changes)


EVERY_KIND = (
    USAGE,
    whole(LineKind.RECURRING_FEE, "b0", 4900, due_us=JANUARY, quantity=Decimal(1)),
    whole(LineKind.ONE_OFF_FEE, "c0", 10000),
    whole(LineKind.ONE_OFF_FEE, "d0", -2500, line_id="goodwill"),
    whole(LineKind.MAXIMUM, "e0", -70),
    whole(LineKind.MINIMUM, "f0", 130),
    whole(LineKind.TRIAL, "g0", -40),
    whole(LineKind.DISCOUNT, "h0", -33),
    whole(LineKind.COMMITMENT, "i0", 5000),
    whole(LineKind.CREDIT, "j0", -1500, product=""),
)
"""A charge of each kind of line, and a one-off fee below 0."""

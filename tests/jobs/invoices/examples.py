"""Invoices with something of everything, for tests of how they look."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from schemas.invoice import Invoice, InvoiceState
from schemas.statement import LineKind
from tests.udfs.invoicing.billing import (
    BUYER,
    FEB,
    JAN,
    TERMS,
    charge,
    day_us,
    drafted,
    paid_credit,
    revised,
)
from tests.udfs.invoicing.billing import issued as issue_draft

FOOTER = ("Bank & Co, IBAN DE89 3704 0044 0532 0130 00",)
NOON_US = FEB + 12 * 3_600_000_000


def priced(*parts: tuple[str, str | None, str]) -> str:
    """Return a breakdown of parts: quantity, unit price, amount."""
    steps = [
        {
            "label": "step",
            "quantity": quantity,
            **({} if unit_price is None else {"unit_price": unit_price}),
            "amount": amount,
        }
        for quantity, unit_price, amount in parts
    ]
    return json.dumps({"amount": "0", "parts": steps})


def example(locale: str = "en-US", currency: str = "USD", **fields: Any) -> Invoice:
    """Return the draft of an invoice of tiers, a fee, a discount, credit and a correction.

    12 x 100.00 + 2.5 x 8.00 + 30.00 = 1250.00; 5000 x 0.002 = 10.00; 49.00; -50.00; -70.00 of
    December: 1189.00; 19 % are 225.91; of 1414.91 200.00 are paid.
    """
    buyer = replace(BUYER, locale=locale, **fields.pop("buyer", {}))
    terms = replace(TERMS, currency=currency, buyer=buyer, footer=FOOTER)
    tiers = priced(("12", "100", "1200"), ("2.5", "8", "20"), ("1", None, "30"))
    december: dict[str, Any] = {
        "period_start_us": day_us(2012, 12, 1),
        "period_end_us": JAN,
        "due_us": JAN,
        "currency": currency,
    }
    old = charge(10000, quantity=Decimal(15), **december)
    first = replace(
        drafted(old, terms=terms, due_until_us=JAN),
        state=InvoiceState.ISSUED,
        number="INV-2012-000017",
    )
    fee: dict[str, Any] = {"unit": "", "meter_id": "", "quantity": Decimal(0)}
    charges = (
        old,
        revised(old, 3000, FEB, quantity=16),
        charge(
            125000,
            quantity=Decimal("14.5"),
            group='{"airport":"<JFK>"}',
            breakdown=tiers,
            currency=currency,
        ),
        charge(
            1000,
            line_id="calls",
            product="api",
            unit="calls",
            quantity=Decimal(5000),
            breakdown=priced(("5000", "0.002", "10")),
            currency=currency,
        ),
        charge(4900, kind=LineKind.RECURRING_FEE, line_id="base", currency=currency, **fee),
        charge(-5000, kind=LineKind.DISCOUNT, line_id="loyal", currency=currency, **fee),
        paid_credit(-20000, currency=currency),
    )
    return drafted(*charges, before=(first,), **{"terms": terms, **fields})


def issued(draft: Invoice) -> Invoice:
    """Return a draft approved and issued on February 1, 2013."""
    return issue_draft(draft, NOON_US)

"""Charges, terms and taxes for tests of invoices."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from schemas.charge import Charge
from schemas.instant import to_us
from schemas.invoice import BilledAccount, Invoice, NoInvoice, Refused
from schemas.invoice_terms import InvoiceTerms, Party
from schemas.statement import LineKind
from schemas.tax import TaxRate, TaxTable
from udfs.identifying import digest
from udfs.invoicing import approve, draft_invoice, issue, issued_number


def day_us(year: int, month: int, day: int) -> int:
    """Return the instant at which a day of UTC begins."""
    return to_us(datetime(year, month, day, tzinfo=UTC))


JAN, FEB, MAR = (day_us(2013, month, 1) for month in (1, 2, 3))

SELLER = Party(
    name="Meter & Sons GmbH",
    address=("Hafenstraße 1", "20457 Hamburg", "Germany"),
    tax_number="DE123456789",
    jurisdiction="DE",
    locale="de-DE",
    timezone="Europe/Berlin",
)
BUYER = Party(
    name="Example <Air> Ltd",
    address=("1 Runway Road", "New York, NY 10001", "United States"),
    tax_number="",
    jurisdiction="DE",
    locale="en-US",
    timezone="America/New_York",
)
TERMS = InvoiceTerms(account_id="acme", currency="USD", seller=SELLER, buyer=BUYER)


def rate(tax_id: str = "VAT", percent: str = "19", **fields: Any) -> TaxRate:
    """Return a rate in DE on the standard class since 1970, unless told otherwise."""
    given: dict[str, Any] = {"jurisdiction": "DE", "effective_from_us": 0}
    share = Decimal(percent).scaleb(-2)
    return TaxRate(tax_id=tax_id, rate=share, **{**given, **fields})


VAT = TaxTable((rate(),))


def charge(amount_minor: int, **fields: Any) -> Charge:
    """Return a charge of January's landings in USD, due on February 1, unless told otherwise."""
    given: dict[str, Any] = {
        "corrected_charge_id": None,
        "account_id": "acme",
        "period_start_us": JAN,
        "period_end_us": FEB,
        "timezone": "UTC",
        "kind": LineKind.USAGE,
        "line_id": "landing",
        "group": "{}",
        "revision": 0,
        "product": "landing",
        "meter_id": "landings",
        "unit": "landings",
        "quantity": Decimal(1),
        "currency": "USD",
        "due_us": FEB,
        **fields,
    }
    given.setdefault("segment_start_us", given["period_start_us"])
    given.setdefault("segment_end_us", given["period_end_us"])
    given.setdefault("total_minor", amount_minor)
    names = ("period_start_us", "kind", "line_id", "product", "group", "revision")
    given.setdefault("charge_id", digest(*(str(given[each]) for each in names)))
    amount = Decimal(amount_minor).scaleb(-2)
    part = {"label": "fee", "quantity": "1", "amount": str(amount)}
    given.setdefault("breakdown", json.dumps({"amount": str(amount), "parts": [part]}))
    return Charge(
        amount=amount,
        amount_minor=amount_minor,
        card_id="standard",
        card_version=1,
        contract_version=1,
        usage_row_ids="[]",
        payouts="{}",
        payouts_delta="{}",
        tags="{}",
        run_id="run-1",
        **given,
    )


def revised(before: Charge, total_minor: int, due_us: int, quantity: int = 1) -> Charge:
    """Return the next revision of a charge."""
    revision = before.revision + 1
    return replace(
        before,
        charge_id=digest(before.charge_id, str(revision)),
        corrected_charge_id=before.charge_id,
        revision=revision,
        quantity=Decimal(quantity),
        amount_minor=total_minor - before.total_minor,
        total_minor=total_minor,
        due_us=due_us,
    )


def paid_credit(amount_minor: int, grant_id: str = "prepaid", **fields: Any) -> Charge:
    """Return what a grant that was paid for pays."""
    credit = LineKind.CREDIT
    return charge(amount_minor, kind=credit, line_id=grant_id, product="", **fields)


def billed(*charges: Charge, **fields: Any) -> BilledAccount:
    """Return an account to be invoiced by February 1, with 19 % VAT unless told otherwise."""
    given: dict[str, Any] = {
        "terms": TERMS,
        "tax_table": VAT,
        "before": (),
        "due_until_us": FEB,
        **fields,
    }
    return BilledAccount(charges=charges, **given)


def drafted(*charges: Charge, **fields: Any) -> Invoice:
    """Return the draft of an account that must be invoiced."""
    made = draft_invoice(billed(*charges, **fields))
    assert not isinstance(made, NoInvoice), made
    return made


def try_issue(invoice: Invoice, others: Sequence[Invoice], now_us: int) -> Invoice | Refused:
    """Issue an invoice after others, those without a number passed over."""
    numbers = [number for each in others if (number := issued_number(each))]
    (made,) = issue([invoice], numbers, now_us)
    return made


def issued(draft: Invoice, now_us: int, before: Sequence[Invoice] = ()) -> Invoice:
    """Return a draft approved and issued at an instant, after others."""
    approved = approve(draft, now_us)
    assert isinstance(approved, Invoice), approved
    made = try_issue(approved, before, now_us)
    assert isinstance(made, Invoice), made
    return made

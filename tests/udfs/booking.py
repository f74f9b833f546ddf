"""Charges, grants and entries for tests of the ledger."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from schemas.charge import Charge
from schemas.contract import CreditGrant
from schemas.instant import DAY_US
from schemas.journal import JournalEntry
from schemas.statement import LineKind
from udfs.posting import post_charge

# Midnight in New York, 1 January and 1 February 2013.
JANUARY_US = 1_357_016_400_000_000
FEBRUARY_US = JANUARY_US + 31 * DAY_US
MARCH_US = FEBRUARY_US + 28 * DAY_US

_CHARGE = Charge(
    charge_id="c0",
    corrected_charge_id=None,
    account_id="B6",
    period_start_us=JANUARY_US,
    period_end_us=FEBRUARY_US,
    timezone="America/New_York",
    kind=LineKind.USAGE,
    line_id="landing-fee",
    group="{}",
    segment_start_us=JANUARY_US,
    segment_end_us=FEBRUARY_US,
    revision=0,
    product="landing",
    meter_id="flights",
    unit="flight",
    quantity=Decimal(4),
    breakdown='{"amount":"0","parts":[]}',
    amount=Decimal(0),
    amount_minor=0,
    total_minor=0,
    currency="USD",
    card_id="standard",
    card_version=1,
    contract_version=1,
    usage_row_ids="[]",
    payouts="{}",
    payouts_delta="{}",
    tags="{}",
    due_us=FEBRUARY_US,
    run_id="r1",
)


def charge_of(
    kind: LineKind,
    amount_minor: int,
    payouts: Any = None,
    **changes: Any,
) -> Charge:
    """Return a charge of January for account B6, with the given payouts and values changed."""
    payouts_delta = json.dumps(payouts or {})
    own: dict[str, Any] = {"amount_minor": amount_minor, "payouts_delta": payouts_delta}
    return replace(_CHARGE, kind=kind, **own | changes)


def sides(entry: JournalEntry | None) -> dict[str, int]:
    """Return what an entry moves, by ledger account; nothing of no entry."""
    if entry is None:
        return {}
    return {each.ledger_account: each.amount_minor for each in entry.postings}


def booked(charge: Charge) -> JournalEntry:
    """Return the entry of a charge that moves something."""
    entry = post_charge(charge)
    assert entry is not None
    return entry


def grant_of(
    amount: str, *, grant_id: str = "g1", is_paid: bool = True, currency: str = "USD"
) -> CreditGrant:
    """Return a grant of January that expires in March."""
    return CreditGrant(
        grant_id, "B6", currency, Decimal(amount), JANUARY_US, MARCH_US, is_paid=is_paid
    )

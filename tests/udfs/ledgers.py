"""A ledger with all kinds of entries, in currencies of 0, 2 and 3 decimals, for exports."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.journal import JournalEntry
from schemas.statement import LineKind
from tests.udfs.booking import FEBRUARY_US, MARCH_US, booked, charge_of, grant_of
from udfs.posting import post_expiry, post_grant, post_invoice, reverse

ODD_TEXTS = (
    "a b",
    "a-b",
    "a_b",
    "A b",
    'say "no" \\ twice',
    "1st; (half) [price] | & co",
    "東京",
    "-x-",
    "a:b",
    "  ",
    "@ * = 5 USD",
)
"""Names of products, parties and customers that other programs may take for something else."""


def full_ledger() -> tuple[JournalEntry, ...]:
    """Return what one customer's two months lead to, in each of three currencies, and odd names."""
    return (*_months("USD", "50.00"), *_months("JPY", "50"), *_months("BHD", "50.001"), *_odd())


def _months(currency: str, granted: str) -> Iterator[JournalEntry]:
    of = {"currency": currency}
    charges = [
        charge_of(LineKind.USAGE, 123_456, {"airport": 1_001}, charge_id=f"{currency}1", **of),
        charge_of(LineKind.DISCOUNT, -3_456, charge_id=f"{currency}2", **of),
        charge_of(LineKind.CREDIT, -2_000, charge_id=f"{currency}3", product="", **of),
        charge_of(LineKind.CREDIT, -1, charge_id=f"{currency}4", **of),
        charge_of(LineKind.USAGE, -70, charge_id=f"{currency}5", due_us=MARCH_US, **of),
    ]
    yield from map(booked, charges)
    grant = grant_of(granted, grant_id=f"g-{currency}", currency=currency)
    invoice = post_invoice(f"i-{currency}", "B6", currency, 117_999, {"US-NY": 8_001}, FEBRUARY_US)
    found = [post_grant(grant), post_expiry(grant, 0, 77, MARCH_US), invoice]
    entries = [each for each in found if each is not None]
    assert len(entries) == len(found)
    yield from entries
    yield reverse(entries[-1], MARCH_US)


def _odd() -> Iterator[JournalEntry]:
    for text in ODD_TEXTS:
        names = {"line_id": text, "product": text, "account_id": text, "charge_id": text}
        yield booked(charge_of(LineKind.USAGE, 100, {text: 30}, **names))

"""Entries of the ledger, whole: ids that stay as they are for ever, accounts, days and memos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas.journal import JournalEntry
from schemas.statement import LineKind
from tests.udfs.booking import FEBRUARY_US, MARCH_US, booked, charge_of, grant_of
from udfs.posting import post_charge, post_expiry, post_grant, post_invoice, reverse


def _usage() -> JournalEntry:
    return booked(charge_of(LineKind.USAGE, 1000, {"airport": 300}))


def _plain(entry: JournalEntry | None) -> list[object]:
    assert entry is not None
    postings = [(each.ledger_account, each.amount_minor) for each in entry.postings]
    named = (entry.source_kind.value, entry.source_id, entry.account_id, entry.booked_us)
    return [entry.entry_id, *named, entry.currency, entry.memo, postings]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            _usage,
            [
                "0181d84e3510dd6dfaafe2ac820f9cbd",
                "charge",
                "c0",
                "B6",
                1359590400000000,
                "USD",
                "usage landing-fee, period from 2013-01-01",
                [
                    ("assets:unbilled_usage", 1000),
                    ("liabilities:payouts:airport", -300),
                    ("revenue:sales:landing", -700),
                ],
            ],
        ),
        (
            lambda: post_grant(grant_of("50")),
            [
                "f3b3db24db4d9abf498f6c210e178e79",
                "grant",
                "g1",
                "B6",
                1357016400000000,
                "USD",
                "credit g1",
                [("assets:receivable", 5000), ("liabilities:credits", -5000)],
            ],
        ),
        (
            lambda: post_expiry(grant_of("50"), 1, 1200, MARCH_US),
            [
                "7b7e9217e05ad30b7e566636c524a1af",
                "expiry",
                "c280aef929f8c54e8966c29d870d0ef7",
                "B6",
                1362114000000000,
                "USD",
                "expiry of credit g1",
                [("liabilities:credits", 1200), ("revenue:breakage", -1200)],
            ],
        ),
        (
            lambda: post_invoice("i1", "B6", "EUR", 1000, {"DE": 190}, MARCH_US),
            [
                "3edc30b83f43274e6773f0840ebbeb01",
                "invoice",
                "i1",
                "B6",
                1362114000000000,
                "EUR",
                "invoice i1",
                [
                    ("assets:receivable", 1190),
                    ("assets:unbilled_usage", -1000),
                    ("liabilities:tax_payable:DE", -190),
                ],
            ],
        ),
        (
            lambda: reverse(_usage(), MARCH_US),
            [
                "e73615bb69927f946cb6d4578cb8035c",
                "reversal",
                "0181d84e3510dd6dfaafe2ac820f9cbd",
                "B6",
                1362114000000000,
                "USD",
                "reversal of usage landing-fee, period from 2013-01-01",
                [
                    ("assets:unbilled_usage", -1000),
                    ("liabilities:payouts:airport", 300),
                    ("revenue:sales:landing", 700),
                ],
            ],
        ),
    ],
    ids=["charge", "grant", "expiry", "invoice", "reversal"],
)
def test_an_entry_says_all_of_its_event(
    entry: Callable[[], JournalEntry | None], expected: list[object]
) -> None:
    """Each member. An id that changed would book again what is booked."""
    assert _plain(entry()) == expected


def test_the_first_instant_of_a_day_is_of_that_day() -> None:
    """What is due just after midnight in New York was last open at midnight: on 1 February."""
    entry = booked(charge_of(LineKind.USAGE, 1, due_us=FEBRUARY_US + 1))
    assert entry.booked_us == 15_737 * 86_400_000_000


def test_only_credit_may_be_without_product() -> None:
    """Usage without a product is a bug, not a payment."""
    with pytest.raises(AssertionError, match="sales"):
        post_charge(charge_of(LineKind.USAGE, 1, product=""))


def test_credit_that_never_expires_has_no_expiry() -> None:
    """Booking one is a bug."""
    with pytest.raises(AssertionError, match="grant g1 never expires"):
        post_expiry(replace(grant_of("50"), expires_us=None), 0, 1, MARCH_US)


def test_an_entry_without_postings_is_not_reversed() -> None:
    """There is none; one would be a bug."""
    with pytest.raises(AssertionError, match=f"entry {_usage().entry_id} moves nothing"):
        reverse(replace(_usage(), postings=()), MARCH_US)

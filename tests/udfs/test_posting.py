"""What events of business move between the accounts of the ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.chart_of_accounts import CHART, ROUNDING, SALES, UNBILLED_USAGE, LedgerKind
from schemas.instant import DAY_US, EPOCH, MICROSECOND
from schemas.journal import Posting, SourceKind
from schemas.statement import LineKind
from tests.udfs.booking import (
    FEBRUARY_US,
    JANUARY_US,
    MARCH_US,
    booked,
    charge_of,
    grant_of,
    sides,
)
from udfs.posting import (
    UnbalancedEntryError,
    check_balanced,
    entry_id_of,
    ledger_account,
    post_charge,
    post_expiry,
    post_grant,
    post_invoice,
    reverse,
)

UNBILLED = "assets:unbilled_usage"
RECEIVABLE = "assets:receivable"


@pytest.mark.parametrize(
    ("kind", "product", "against"),
    [
        (LineKind.USAGE, "landing", "revenue:sales:landing"),
        (LineKind.RECURRING_FEE, "landing", "revenue:sales:landing"),
        (LineKind.ONE_OFF_FEE, "landing", "revenue:sales:landing"),
        (LineKind.MINIMUM, "minimum", "revenue:sales:minimum"),
        (LineKind.COMMITMENT, "commitment", "revenue:sales:commitment"),
        (LineKind.MAXIMUM, "landing", "revenue:discounts:landing"),
        (LineKind.TRIAL, "landing", "revenue:discounts:landing"),
        (LineKind.DISCOUNT, "landing", "revenue:discounts:landing"),
        (LineKind.CREDIT, "landing", "revenue:credits_given_away:landing"),
        (LineKind.CREDIT, "", "liabilities:credits"),
    ],
)
@pytest.mark.parametrize("amount_minor", [1250, -1250])
def test_a_charge_is_posted_against(
    kind: LineKind, product: str, against: str, amount_minor: int
) -> None:
    """What is charged is unbilled; a negative charge mirrors the positive one."""
    entry = post_charge(charge_of(kind, amount_minor, product=product))
    assert sides(entry) == {UNBILLED: amount_minor, against: -amount_minor}


def test_every_kind_of_line_has_its_account() -> None:
    """A new kind cannot be forgotten."""
    for kind in LineKind:
        assert post_charge(charge_of(kind, 1)) is not None


@pytest.mark.parametrize(
    ("amount_minor", "payouts", "expected"),
    [
        (1000, {"airport": 300}, {UNBILLED: 1000, "liabilities:payouts:airport": -300,
                                  "revenue:sales:landing": -700}),
        (-1000, {"airport": -300}, {UNBILLED: -1000, "liabilities:payouts:airport": 300,
                                    "revenue:sales:landing": 700}),
        (1000, {"a": 400, "b": 600}, {UNBILLED: 1000, "liabilities:payouts:a": -400,
                                      "liabilities:payouts:b": -600}),
        (0, {"a": -5, "b": 5}, {"liabilities:payouts:a": 5, "liabilities:payouts:b": -5}),
        (0, {"a": 5}, {"liabilities:payouts:a": -5, "revenue:sales:landing": 5}),
        (0, {}, {}),
    ],
    ids=["share", "taken back", "all of it", "other party", "other share", "nothing"],
)  # fmt: skip
def test_shares_of_others_are_no_sales(
    amount_minor: int, payouts: dict[str, int], expected: dict[str, int]
) -> None:
    """Each account is posted to once; what moves nothing is no entry."""
    entry = post_charge(charge_of(LineKind.USAGE, amount_minor, payouts))
    assert sides(entry) == expected
    assert (entry is None) == (not expected)


@pytest.mark.parametrize(
    ("due_us", "timezone", "day"),
    [
        (FEBRUARY_US, "America/New_York", "2013-01-31"),
        (MARCH_US, "America/New_York", "2013-02-28"),
        (JANUARY_US, "America/New_York", "2013-01-01"),
        (FEBRUARY_US, "Asia/Tokyo", "2013-02-01"),
    ],
    ids=["arrears", "correction", "advance", "by the account's zone"],
)
def test_a_charge_is_booked_in_the_period_that_takes_it(
    due_us: int, timezone: str, day: str
) -> None:
    """January's usage is January's revenue, though in UTC its last hours are in February."""
    entry = booked(charge_of(LineKind.USAGE, 1, due_us=due_us, timezone=timezone))
    assert (EPOCH + entry.booked_us * MICROSECOND).isoformat() == f"{day}T00:00:00+00:00"


def test_an_entry_names_its_charge() -> None:
    """Its id follows from the charge's alone, and a reader learns what it is about."""
    entry = booked(charge_of(LineKind.USAGE, 1, charge_id="c7", revision=2))
    assert (entry.source_kind, entry.source_id) == (SourceKind.CHARGE, "c7")
    assert entry.entry_id == entry_id_of(SourceKind.CHARGE, "c7")
    assert (entry.account_id, entry.currency) == ("B6", "USD")
    assert entry.memo == "usage landing-fee, period from 2013-01-01, revision 2"
    assert entry.entry_id != entry_id_of(SourceKind.INVOICE, "c7")


def test_an_entry_out_of_balance_is_refused() -> None:
    """One line with entry, expected and found."""
    entry = booked(charge_of(LineKind.USAGE, 100))
    check_balanced(entry)
    broken = replace(entry, postings=(*entry.postings, Posting("revenue:breakage", -1)))
    expected = f"entry {entry.entry_id}, charge c0: expected postings that sum to 0, found -1 minor"
    with pytest.raises(UnbalancedEntryError, match=expected):
        check_balanced(broken)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"), [("50", "USD", 5000), ("50", "JPY", 50), ("1.5", "BHD", 1500)]
)
def test_credit_that_is_bought_is_owed_and_may_be_used(
    amount: str, currency: str, minor: int
) -> None:
    """The account owes its price; we owe its use."""
    entry = post_grant(grant_of(amount, currency=currency))
    assert sides(entry) == {RECEIVABLE: minor, "liabilities:credits": -minor}
    assert entry is not None
    assert (entry.currency, entry.booked_us) == (currency, JANUARY_US)


def test_credit_that_is_given_away_is_booked_with_its_use() -> None:
    """Neither the grant nor its expiry moves anything."""
    grant = grant_of("50", is_paid=False)
    assert post_grant(grant) is None
    assert post_expiry(grant, 0, 5000, MARCH_US) is None


def test_a_grant_of_a_part_of_a_cent_is_a_bug() -> None:
    """Grants are whole numbers of minor units where they are loaded."""
    with pytest.raises(AssertionError, match="g1"):
        post_grant(grant_of("0.005"))


def test_credit_that_expires_is_revenue() -> None:
    """A correction that gives some back later lets that expire too, by an entry of its own."""
    first = post_expiry(grant_of("50"), 0, 1200, MARCH_US)
    second = post_expiry(grant_of("50"), 1, 30, MARCH_US + DAY_US)
    assert sides(first) == {"liabilities:credits": 1200, "revenue:breakage": -1200}
    assert sides(second) == {"liabilities:credits": 30, "revenue:breakage": -30}
    assert first is not None
    assert second is not None
    other = post_expiry(grant_of("50", grant_id="g2"), 0, 1200, MARCH_US)
    assert other is not None
    assert len({first.entry_id, second.entry_id, other.entry_id}) == 3
    assert post_expiry(grant_of("50"), 0, 0, MARCH_US) is None


@pytest.mark.parametrize(
    ("charged", "tax", "included", "expected"),
    [
        (1000, {}, {}, {RECEIVABLE: 1000, UNBILLED: -1000}),
        (1000, {"DE": 190}, {}, {RECEIVABLE: 1190, UNBILLED: -1000, "liabilities:tax_payable:DE":
                                 -190}),
        (1000, {"US-CA": 73, "US-CA-SF": 13}, {},
         {RECEIVABLE: 1086, UNBILLED: -1000, "liabilities:tax_payable:US-CA": -73,
          "liabilities:tax_payable:US-CA-SF": -13}),
        (1190, {"DE": 190}, {"landing": 100, "miles": 90},
         {RECEIVABLE: 1190, UNBILLED: -1190, "liabilities:tax_payable:DE": -190,
          "revenue:sales:landing": 100, "revenue:sales:miles": 90}),
        (-1000, {"DE": -190}, {}, {RECEIVABLE: -1190, UNBILLED: 1000,
                                   "liabilities:tax_payable:DE": 190}),
        (1000, {"DE": 0}, {}, {RECEIVABLE: 1000, UNBILLED: -1000}),
        (0, {}, {}, {}),
    ],
    ids=["no tax", "exclusive", "two", "included", "credit note", "reverse charge", "nothing"],
)  # fmt: skip
def test_an_invoice_makes_charges_owed(
    charged: int, tax: dict[str, int], included: dict[str, int], expected: dict[str, int]
) -> None:
    """Its charges are unbilled no more; tax is owed on, and tax that was in a price is no sale."""
    entry = post_invoice("i1", "B6", "EUR", charged, tax, MARCH_US, included)
    assert sides(entry) == expected


def test_unbilled_usage_returns_to_zero() -> None:
    """Usage, a discount, credit and a correction, all on an invoice: the clearing account is 0."""
    charges = [
        charge_of(LineKind.USAGE, 10_000, {"airport": 3_000}),
        charge_of(LineKind.DISCOUNT, -1_000),
        charge_of(LineKind.CREDIT, -500, product=""),
        charge_of(LineKind.USAGE, -70, {"airport": -21}, revision=1),
    ]
    charged = sum(each.amount_minor for each in charges)
    invoice = post_invoice("i1", "B6", "USD", charged, {"US-NY": 749}, MARCH_US)
    standing: dict[str, int] = {}
    for entry in (*map(booked, charges), invoice):
        for name, minor in sides(entry).items():
            standing[name] = standing.get(name, 0) + minor
    assert standing == {
        UNBILLED: 0,
        RECEIVABLE: 8_430 + 749,
        "liabilities:credits": 500,
        "liabilities:payouts:airport": -2_979,
        "liabilities:tax_payable:US-NY": -749,
        "revenue:discounts:landing": 1_000,
        "revenue:sales:landing": -6_951,
    }


def test_what_is_void_is_reversed() -> None:
    """By an entry of its own, which can be reversed too."""
    entry = booked(charge_of(LineKind.USAGE, 1000, {"airport": 300}))
    back = reverse(entry, MARCH_US)
    assert sides(back) == {name: -minor for name, minor in sides(entry).items()}
    assert (back.source_kind, back.source_id) == (SourceKind.REVERSAL, entry.entry_id)
    assert back.booked_us == MARCH_US
    assert back.memo == "reversal of usage landing-fee, period from 2013-01-01"
    again = reverse(back, MARCH_US)
    assert sides(again) == sides(entry)
    assert len({entry.entry_id, back.entry_id, again.entry_id}) == 3


def test_the_chart_names_each_account_once() -> None:
    """Each says what it holds, and no two share a name."""
    names = [(each.kind, each.name) for each in CHART]
    assert len(set(names)) == len(names)
    assert {each.kind for each in CHART} == set(LedgerKind)
    assert all(each.doc.endswith(".") for each in CHART)


def test_an_account_has_a_part_or_has_none() -> None:
    """A product's sales are not sales, and no part makes two accounts one."""
    assert ledger_account(SALES, "a:b") == "revenue:sales:a:b"
    assert ledger_account(ROUNDING) == "expenses:rounding"
    for account, part in ((SALES, ""), (UNBILLED_USAGE, "landing")):
        with pytest.raises(AssertionError):
            ledger_account(account, part)

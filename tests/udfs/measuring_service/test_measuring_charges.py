"""Levels of charges and invoices, each by hand."""

from __future__ import annotations

from fractions import Fraction

from schemas.service_facts import CurrencyAmounts
from schemas.service_level import Unmeasured, Verdict
from tests.udfs.serving import NOW_US, facts, measured


def test_adjustments_by_number_and_amount() -> None:
    """2 of 300 charges; of amounts 1 in 100 of dollars, which is not less than 1 %, none of yen."""
    amounts = (CurrencyAmounts("JPY", 500, 0), CurrencyAmounts("USD", 10_000, 100))
    given = facts("charges", charges=300, adjustments=2, amounts=amounts)
    assert measured(given, "adjustment_rate").value == Fraction(2, 300)
    parts = [
        measured(given, "adjustment_amount_rate", f'{{"currency":"{each}"}}').verdict
        for each in ("JPY", "USD")
    ]
    assert parts == [Verdict.MET, Verdict.MISSED]


def test_corrections_of_nothing_have_no_rate() -> None:
    """Only corrections fell due: there is nothing to be a share of."""
    given = facts("charges", charges=1, amounts=(CurrencyAmounts("USD", 0, 5),))
    part = measured(given, "adjustment_amount_rate", '{"currency":"USD"}')
    assert (part.verdict, part.reason) == (Verdict.NOT_MEASURED, Unmeasured.NO_CHARGES)


def test_a_day_without_pricing_is_a_miss() -> None:
    """Less than a day is met, a whole day is not; of no run there is no age."""
    day_us = 86_400_000_000
    given = facts("charges", last_priced_us=NOW_US - day_us + 1)
    assert measured(given, "pricing_age").verdict is Verdict.MET
    given = facts("charges", last_priced_us=NOW_US - day_us)
    level = measured(given, "pricing_age")
    assert (level.value, level.verdict) == (86400, Verdict.MISSED)
    assert measured(facts("charges"), "pricing_age").reason is Unmeasured.NEVER_PRICED


def test_invoices_that_are_missing_count() -> None:
    """1999 of 2000 is 99.95 %; one account without an invoice more is a miss."""
    given = facts("charges", due_invoices=2000, issued_invoices=1999)
    level = measured(given, "invoice_success")
    assert (level.verdict, level.detail) == (Verdict.MET, "drafts that are not issued: 1")
    given = facts("charges", due_invoices=1999, issued_invoices=1999, due_accounts=2)
    level = measured(given, "invoice_success")
    assert (level.value, level.verdict) == (Fraction(1999, 2001), Verdict.MISSED)
    assert level.detail == "accounts without an invoice for charges that are due: 2"


def test_credit_notes_are_a_share_of_invoices() -> None:
    """And disputes are not measured by them."""
    given = facts("charges", invoices=8, credit_notes=2)
    assert measured(given, "credit_note_rate").value == Fraction(1, 4)
    for name in ("dispute_rate", "first_payment_success"):
        assert measured(given, name).reason is Unmeasured.OUTSIDE_PRODUCT

"""What stands on each ledger account."""

from __future__ import annotations

from dataclasses import replace

from schemas.instant import DAY_US
from schemas.journal import Balance, JournalEntry, TrialLine
from schemas.statement import LineKind
from tests.udfs.booking import MARCH_US, booked, charge_of
from udfs.balancing import balances, rest_by_currency, trial_balance
from udfs.posting import post_invoice

SALES, UNBILLED = "revenue:sales:landing", "assets:unbilled_usage"


def _entries() -> list[JournalEntry]:
    invoice = post_invoice("i1", "B6", "USD", 130, {}, MARCH_US)
    assert invoice is not None
    return [
        booked(charge_of(LineKind.USAGE, 100)),
        booked(charge_of(LineKind.USAGE, 40, charge_id="c1")),
        booked(charge_of(LineKind.USAGE, -10, charge_id="c2", due_us=MARCH_US)),
        booked(charge_of(LineKind.USAGE, 7, charge_id="c3", account_id="AA")),
        booked(charge_of(LineKind.USAGE, 900, charge_id="c4", currency="JPY")),
        invoice,
    ]


def test_balances_by_account_customer_currency_and_day() -> None:
    """Each day with postings once, with what it moves and what it leaves."""
    expected = (
        Balance("assets:receivable", "B6", "USD", "2013-03-01", 130, 130),
        Balance(UNBILLED, "AA", "USD", "2013-01-31", 7, 7),
        Balance(UNBILLED, "B6", "JPY", "2013-01-31", 900, 900),
        Balance(UNBILLED, "B6", "USD", "2013-01-31", 140, 140),
        Balance(UNBILLED, "B6", "USD", "2013-02-28", -10, 130),
        Balance(UNBILLED, "B6", "USD", "2013-03-01", -130, 0),
        Balance(SALES, "AA", "USD", "2013-01-31", -7, -7),
        Balance(SALES, "B6", "JPY", "2013-01-31", -900, -900),
        Balance(SALES, "B6", "USD", "2013-01-31", -140, -140),
        Balance(SALES, "B6", "USD", "2013-02-28", 10, -130),
    )
    assert balances(_entries()) == expected
    assert balances(reversed(_entries())) == expected


def test_days_are_those_of_utc() -> None:
    """Up to the last microsecond, also before 1970."""
    entry = booked(charge_of(LineKind.USAGE, 1))
    for booked_us, day in ((0, "1970-01-01"), (DAY_US - 1, "1970-01-01"), (-1, "1969-12-31")):
        assert {each.day for each in balances([replace(entry, booked_us=booked_us)])} == {day}


def test_the_trial_balance_is_of_all_customers() -> None:
    """By currency, and what is 0 by now is shown."""
    lines = trial_balance(balances(_entries()))
    assert lines == (
        TrialLine(UNBILLED, "JPY", 900),
        TrialLine(SALES, "JPY", -900),
        TrialLine("assets:receivable", "USD", 130),
        TrialLine(UNBILLED, "USD", 7),
        TrialLine(SALES, "USD", -137),
    )
    assert rest_by_currency(lines) == (("JPY", 0), ("USD", 0))


def test_currencies_do_not_balance_each_other() -> None:
    """Yen do not pay for dollars."""
    lines = (TrialLine(SALES, "USD", -5), TrialLine(UNBILLED, "JPY", 5))
    assert rest_by_currency(lines) == (("JPY", 5), ("USD", -5))
    assert rest_by_currency(trial_balance(balances([]))) == ()

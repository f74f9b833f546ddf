"""New terms of an account that is metered already: no gap, no overlap, nothing rewritten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from schemas.account import Account
from schemas.cadence import Cadence
from schemas.entry_state import decode_entry
from schemas.meter_state import EntryKey, PeriodEntry
from schemas.terms import Recurring, TakesEffect, Terms
from schemas.usage_row import ClosedUsage, UnassignedReason, UnassignedUsage, UsageCorrection
from tests.udfs.engine import A1, MONTHLY, RULES, Engine, at, started, usage
from udfs.metering import Amendment, TooLate, amend
from udfs.metering.amending import first_change_us

WEEKS = Recurring(Cadence.WEEK, datetime(2013, 1, 7))


def weekly(since: str, takes_effect: TakesEffect) -> Account:
    """Return account A1 with weeks after its months."""
    terms = Terms(8, at(since), "UTC", WEEKS, "gold", takes_effect)
    return Account("A1", (MONTHLY, terms))


def closed(engine: Engine) -> list[tuple[int, int, int, int]]:
    """Return start, end, quantity and terms of each closed row."""
    rows = [row for row in engine.rows if isinstance(row, ClosedUsage)]
    return [
        (row.period_start_us, row.period_end_us, int(row.quantity), row.terms_version)
        for row in rows
    ]


def entries(engine: Engine) -> list[tuple[EntryKey, PeriodEntry]]:
    """Return all entries of A1."""
    state = engine.entries.get("A1", {})
    return [(EntryKey.decode(key), decode_entry(value)) for key, value in state.items()]


def test_a_change_at_the_next_boundary_leaves_the_open_period() -> None:
    """What is gathered stays where it is; usage after the boundary goes by the new terms."""
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01", 3))
    engine.know(weekly("2013-01-21T00:00", TakesEffect.NEXT_BOUNDARY))
    engine.deliver(usage("2013-01-31T23:59", "2013-02-01T00:00", 4))
    engine.deliver(usage("2013-02-01T00:00", "2013-02-01T00:01", 5))
    engine.advance()
    assert closed(engine) == [
        (at("2013-01-01T00:00"), at("2013-02-01T00:00"), 7, 7),
        (at("2013-02-01T00:00"), at("2013-02-04T00:00"), 5, 8),
    ]


def test_a_change_at_once_ends_the_open_period() -> None:
    """What is gathered keeps its start and gets the new end, and closes at the new cut."""
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01", 3))
    engine.know(weekly("2013-01-22T12:00", TakesEffect.AT_ONCE))
    engine.deliver(usage("2013-01-22T11:59", "2013-01-22T12:00", 4))
    engine.deliver(usage("2013-01-22T12:00", "2013-01-22T12:01", 5))
    engine.advance(at("2013-01-22T13:00"))
    assert closed(engine) == [(at("2013-01-01T00:00"), at("2013-01-22T12:00"), 7, 7)]
    engine.advance()
    assert closed(engine)[1:] == [(at("2013-01-22T12:00"), at("2013-01-28T00:00"), 5, 8)]
    assert entries(engine) == []


def test_late_usage_of_a_period_ended_early_corrects_it() -> None:
    """The moved entry closes once and takes corrections, as any other."""
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01", 3))
    engine.know(weekly("2013-01-22T12:00", TakesEffect.AT_ONCE))
    engine.advance(at("2013-01-22T13:00"))
    engine.deliver(usage("2013-01-21T10:00", "2013-01-22T13:01", 4))
    engine.advance()
    (correction,) = (row for row in engine.rows if isinstance(row, UsageCorrection))
    assert correction.period_end_us == at("2013-01-22T12:00")
    assert (int(correction.quantity), int(correction.quantity_delta)) == (7, 4)
    assert len(closed(engine)) == 1


def test_an_announced_change_can_be_taken_back() -> None:
    """The period gets its old end again, as long as the change has not come."""
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01", 3))
    engine.know(weekly("2013-01-22T12:00", TakesEffect.AT_ONCE))
    engine.know(A1)
    engine.advance()
    assert closed(engine) == [(at("2013-01-01T00:00"), at("2013-02-01T00:00"), 3, 7)]


def test_a_contract_that_ends() -> None:
    """Its last period is a stub; usage after it is unassigned, with the reason."""
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01", 3))
    ended = replace(MONTHLY, effective_until_us=at("2013-01-25T00:00"))
    engine.know(Account("A1", (ended,)))
    engine.deliver(usage("2013-01-25T00:00", "2013-01-25T00:01", 5))
    engine.advance()
    assert closed(engine) == [(at("2013-01-01T00:00"), at("2013-01-25T00:00"), 3, 7)]
    (row,) = (row for row in engine.rows if isinstance(row, UnassignedUsage))
    assert row.reason is UnassignedReason.CONTRACT_ENDED


@pytest.mark.parametrize(
    ("account", "change"),
    [
        (weekly("2013-01-20T10:00", TakesEffect.AT_ONCE), "2013-01-20T10:00"),
        (weekly("2013-01-05T00:00", TakesEffect.AT_ONCE), "2013-01-05T00:00"),
        (Account("A1", (replace(MONTHLY, plan="gold"),)), "2000-01-01T00:00"),
        (
            Account("A1", (replace(MONTHLY, effective_until_us=at("2013-01-20T10:00")),)),
            "2013-01-20T10:00",
        ),
    ],
)
def test_what_was_metered_is_not_changed(account: Account, change: str) -> None:
    """A change at or before usage that was seen is refused, and says from when on it might be."""
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01", 3))
    terms = (A1.terms, account.terms)
    assert amend(RULES, "A1", terms, entries(engine), at("2013-01-10T00:00")) == TooLate(
        f"expected no change up to 2013-01-20T10:00:00Z, found a change at {change}:00Z"
    )


def test_the_past_is_not_changed_though_nothing_was_metered() -> None:
    """Without usage the time of the stream, or of the record, is what counts."""
    account = weekly("2013-01-20T00:00", TakesEffect.AT_ONCE)
    terms = (A1.terms, account.terms)
    assert amend(RULES, "A1", terms, (), at("2013-01-20T00:00")) != Amendment()
    assert amend(RULES, "A1", terms, (), at("2013-01-20T00:00") - 1) == Amendment()


def test_equal_terms_change_nothing() -> None:
    """A record that is sent again is good at any time."""
    assert first_change_us(A1.terms, A1.terms) is None
    assert amend(RULES, "A1", (A1.terms, A1.terms), (), at("2113-01-01T00:00")) == Amendment()

"""Usage without a billing period: unknown accounts, no terms, unknown meters."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from schemas.instant import HOUR_US
from schemas.usage_row import ClosedUsage, UnassignedReason, UnassignedUsage
from tests.udfs.engine import A1, MONTHLY, RULES, Engine, at, started, usage
from udfs.metering import MeteringRules, jitter_us, locate


def reasons(engine: Engine) -> list[UnassignedReason]:
    """Return the reasons of the unassigned usage emitted so far."""
    return [row.reason for row in engine.rows if isinstance(row, UnassignedUsage)]


def test_usage_waits_for_its_account() -> None:
    """Usage of an unknown account counts once the account is known, as if it always had been.

    log time   x .... x ....... account ... x .... cut
    """
    engine = Engine(RULES)
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01", 1))
    engine.deliver(usage("2013-01-20T11:00", "2013-01-20T11:01", 2))
    assert engine.advance(at("2013-01-20T12:00")) == []
    engine.know(A1)
    assert engine.waiting == {}
    engine.deliver(usage("2013-01-20T13:00", "2013-01-20T13:01", 4))
    (row,) = engine.advance()
    assert isinstance(row, ClosedUsage)
    assert row.quantity == 7


def test_an_account_known_after_the_cut() -> None:
    """Usage that waited past its cut is still in the closed row: its log time was in time."""
    engine = Engine(RULES)
    engine.deliver(usage("2013-01-31T23:00", "2013-01-31T23:01", 1))
    engine.deliver(usage("2013-01-31T23:00", "2013-02-01T01:01", 2))
    engine.advance(at("2013-02-01T09:00"))
    engine.know(A1)
    rows = engine.advance(at("2013-02-01T09:01"))
    assert [type(row).__name__ for row in rows] == ["ClosedUsage", "UsageCorrection"]


def test_waiting_ends_after_a_day() -> None:
    """A day of log time after its window, waiting usage becomes unassigned; later usage waits on.

    log time    x          x         x + 1 day         x + 1 day
    rows                             unassigned 1      unassigned 2
    """
    engine = Engine(RULES)
    engine.deliver(usage("2013-01-20T10:00:30", "2013-01-20T10:01", 1))
    engine.deliver(usage("2013-01-20T11:00", "2013-01-20T11:01", 2))
    assert engine.advance(at("2013-01-21T10:01") - 1) == []
    (row,) = engine.advance(at("2013-01-21T10:01"))
    assert row == UnassignedUsage(
        row_id="b6159d80a91723ff8276471cec6afc14",
        account_id="A1",
        meter_id="miles",
        dimensions="{}",
        reason=UnassignedReason.UNKNOWN_ACCOUNT,
        event_window_start_us=at("2013-01-20T10:00"),
        part=None,
        quantity=Decimal(1),
        unit="mile",
        event_count=1,
        first_event_time_us=at("2013-01-20T10:00:30"),
        last_event_time_us=at("2013-01-20T10:00:30"),
        first_log_time_us=at("2013-01-20T10:01") - 1,
        last_log_time_us=at("2013-01-20T10:01") - 1,
        log_window_end_us=at("2013-01-20T10:01"),
        is_retraction=False,
    )
    assert len(engine.waiting["A1"]) == 1
    assert len(engine.advance(at("2013-01-21T11:01"))) == 1
    assert engine.waiting == {}


def test_unassigned_rows_come_ordered() -> None:
    """Rows given up together are ordered, however they arrived."""
    rows = [
        usage("2013-01-20T10:00", "2013-01-20T10:01"),
        usage("2013-01-20T10:00", "2013-01-20T10:02", dimensions='{"o":1}'),
        usage("2013-01-20T10:00", "2013-01-20T10:02", dimensions='{"o":2}'),
        usage("2013-01-20T10:01", "2013-01-20T10:02"),
    ]
    forward, backward = Engine(RULES), Engine(RULES)
    for engine, arrivals in ((forward, rows), (backward, rows[::-1])):
        for row in arrivals:
            engine.deliver(row)
        engine.timers = [(at("2013-01-22T00:00"), "A1")]
        engine.advance()
    assert forward.rows == backward.rows
    assert len(forward.rows) == 4


def test_waiting_is_spread_like_closing() -> None:
    """The jitter of an account holds for its waiting usage too."""
    rules = replace(RULES, jitter_us=HOUR_US)
    engine = Engine(rules)
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01"))
    due_us = at("2013-01-21T10:01") + jitter_us(rules, "A1")
    assert engine.advance(due_us - 1) == []
    assert len(engine.advance(due_us)) == 1


def test_usage_before_the_first_terms() -> None:
    """Usage from before the account's first terms is unassigned at once."""
    engine = Engine(RULES)
    engine.know(replace(A1, terms=(replace(MONTHLY, effective_from_us=at("2013-01-20T00:00")),)))
    row = usage("2013-01-19T23:59", "2013-01-20T10:01")
    assert locate(replace(A1, terms=()), row) is UnassignedReason.NO_TERMS
    engine.deliver(row)
    assert reasons(engine) == [UnassignedReason.NO_TERMS]
    assert engine.timers == []


def test_usage_of_a_meter_that_is_gone() -> None:
    """Usage in flight of a meter that opened nothing before its removal is unassigned at once."""
    engine = started(MeteringRules({}))
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01"))
    (row,) = engine.rows
    assert isinstance(row, UnassignedUsage)
    assert (row.reason, row.unit) == (UnassignedReason.UNKNOWN_METER, "")


def test_an_unknown_account_has_no_key() -> None:
    """There is no entry to look for while the account is unknown."""
    row = usage("2013-01-20T10:00", "2013-01-20T10:01")
    assert locate(None, row) is UnassignedReason.UNKNOWN_ACCOUNT

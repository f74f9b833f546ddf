"""Closing a period: what is in the closed row, when it is emitted, and what is kept after."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.aggregation import Aggregation
from schemas.instant import DAY_US, HOUR_US
from schemas.meter_state import EntryKey
from schemas.usage_row import ClosedUsage, UsageCorrection
from tests.udfs.engine import A1, MILES, RULES, at, started, usage
from udfs.aligning import EventWindowError
from udfs.metering import (
    BrokenOrderError,
    MeterChangedError,
    MeteringRules,
    TimerDecision,
    account_bucket,
    jitter_us,
    locate,
    on_timer,
    on_usage,
)


def test_the_cut_closes_a_period() -> None:
    """Usage received up to the cut is in the closed row; the cut itself still counts.

    event time   |.. Jan ........x...x|. Feb
    log time               x     end  |  x|cut
    quantity               3             4         -> closed: 7 of 2 events
    """
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01", 3))
    assert engine.advance(at("2013-01-31T23:59")) == []
    engine.deliver(usage("2013-01-31T23:59", "2013-02-01T01:00", 4))
    assert engine.advance(at("2013-02-01T01:00") - 1) == []
    (row,) = engine.advance(at("2013-02-01T01:00"))
    assert row == ClosedUsage(
        row_id="d92e09fc972ad6669522a4cc8b603227",
        account_id="A1",
        meter_id="miles",
        dimensions="{}",
        period_start_us=at("2013-01-01T00:00"),
        period_end_us=at("2013-02-01T00:00"),
        timezone="UTC",
        aggregation=Aggregation.SUM,
        quantity=Decimal(7),
        breakdown=None,
        unit="mile",
        event_count=2,
        revision=0,
        cut_us=at("2013-02-01T01:00"),
        first_event_time_us=at("2013-01-20T10:00"),
        last_event_time_us=at("2013-01-31T23:59"),
        first_log_time_us=at("2013-01-20T10:01") - 1,
        last_log_time_us=at("2013-02-01T01:00") - 1,
        terms_version=7,
    )


def test_log_time_alone_decides() -> None:
    """Usage of a window after the cut is a correction, though it arrives before the close.

    log time    end .... cut  x      x is delivered first, then the timer at the cut fires
    quantity     3            4   -> closed: 3; correction: 4
    """
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-02-01T01:00:10", 4))
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01", 3))
    closed, correction = engine.advance()
    assert isinstance(closed, ClosedUsage)
    assert isinstance(correction, UsageCorrection)
    assert (closed.quantity, correction.quantity_delta) == (Decimal(3), Decimal(4))


def test_two_periods_stay_apart() -> None:
    """An event at a period's end belongs to the next, which is open at the same time."""
    engine = started()
    engine.deliver(usage("2013-02-01T00:00", "2013-02-01T00:01", 5))
    engine.deliver(usage("2013-01-31T23:59", "2013-02-01T00:01", 3))
    january, february = engine.advance()
    boundary_us = at("2013-02-01T00:00")
    assert isinstance(january, ClosedUsage)
    assert isinstance(february, ClosedUsage)
    assert (january.period_end_us, january.quantity) == (boundary_us, Decimal(3))
    assert (february.period_start_us, february.quantity) == (boundary_us, Decimal(5))


def test_rows_come_ordered() -> None:
    """Rows of one timer are ordered by period, meter, dimensions and revision."""
    feet = replace(MILES, meter_id="feet", unit="foot")
    engine = started(MeteringRules({"miles": MILES, "feet": feet}))
    for meter_id, dimensions in (("miles", '{"o":"b"}'), ("miles", '{"o":"a"}'), ("feet", "{}")):
        for log in ("2013-02-01T09:00", "2013-01-20T10:01"):
            engine.deliver(usage("2013-01-20T10:00", log, meter_id=meter_id, dimensions=dimensions))
    engine.timers = [(at("2013-02-02T00:00"), "A1")]
    rows = [row for row in engine.advance() if not isinstance(row, ClosedUsage | UsageCorrection)]
    assert rows == []
    assert [
        (row.meter_id, row.dimensions, row.revision)
        for row in engine.rows
        if isinstance(row, ClosedUsage | UsageCorrection)
    ] == [
        ("feet", "{}", 0),
        ("feet", "{}", 1),
        ("miles", '{"o":"a"}', 0),
        ("miles", '{"o":"a"}', 1),
        ("miles", '{"o":"b"}', 0),
        ("miles", '{"o":"b"}', 1),
    ]


def test_nothing_is_kept_after_the_horizon() -> None:
    """An entry lives until its correction horizon, and not longer.

    log time    cut ........................ cut + 3 days
    entry       kept, closed                 gone
    """
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01"))
    engine.advance(at("2013-02-04T01:00") - 1)
    assert len(engine.entries["A1"]) == 1
    assert engine.advance(at("2013-02-04T01:00")) == []
    assert engine.entries == {"A1": {}}
    assert engine.timers == []


def test_a_timer_that_finds_nothing_due_changes_nothing() -> None:
    """A timer of another meter leaves an open entry, and a closed one, as they are."""
    row = usage("2013-01-20T10:00", "2013-01-20T10:01")
    key, entry = locate(A1, row), on_usage(RULES, A1, None, row).entry
    assert isinstance(key, EntryKey)
    assert entry is not None
    nothing = TimerDecision((), (), (), ())
    assert on_timer("A1", [(key, entry)], lambda _: (), at("2013-01-25T00:00")) == nothing
    ((_, closed),) = on_timer("A1", [(key, entry)], lambda _: (), at("2013-02-02T00:00")).changed
    assert on_timer("A1", [(key, closed)], lambda _: (), at("2013-02-03T00:00")) == nothing
    assert on_timer("A1", [], lambda _: (), at("2013-02-03T00:00")) == nothing


def test_jitter_delays_timers_alone() -> None:
    """Jitter spreads accounts over time, the same for each account; rows stay the same."""
    rules = replace(RULES, jitter_us=HOUR_US)
    delay_us = jitter_us(rules, "A1")
    assert 0 < delay_us <= HOUR_US
    assert delay_us == jitter_us(rules, "A1") != jitter_us(rules, "A2")
    least = replace(RULES, jitter_us=1)
    assert {jitter_us(least, f"A{n}") for n in range(20)} == {0, 1}
    alone = replace(rules, account_buckets=1)
    assert {jitter_us(alone, f"A{n}") for n in range(20)} == {0}
    opened = on_usage(rules, A1, None, usage("2013-01-20T10:00", "2013-01-20T10:01"))
    assert opened.wake_at_us == (
        at("2013-02-01T01:00") + delay_us,
        at("2013-02-04T01:00") + delay_us,
    )
    plain, jittered = started(), started(rules)
    for engine in (plain, jittered):
        engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01"))
        engine.deliver(usage("2013-01-20T10:00", "2013-02-01T05:01"))
    assert jittered.advance(at("2013-02-01T01:00") + delay_us - 1) == []
    assert len(jittered.advance(at("2013-02-01T01:00") + delay_us)) == 1
    plain.advance()
    jittered.advance()
    assert jittered.rows == plain.rows


def test_accounts_of_a_bucket_wake_together() -> None:
    """However many: their closes are one instant, their corrections another; buckets are spread."""
    rules = replace(RULES, jitter_us=HOUR_US, account_buckets=4)
    woken: dict[int, set[int]] = {}
    for account_id in (f"A{number}" for number in range(100)):
        account = replace(A1, account_id=account_id)
        taken = replace(usage("2013-01-20T10:00", "2013-01-20T10:01"), account_id=account_id)
        late = replace(usage("2013-01-20T10:00", "2013-02-01T05:01"), account_id=account_id)
        mine = woken.setdefault(account_bucket(account_id, 4), set())
        for each in (taken, late):
            mine.update(on_usage(rules, account, None, each).wake_at_us)
    # The cut, the end of the correction bucket, and the end of the horizon.
    instants = [at("2013-02-01T01:00"), at("2013-02-01T06:00"), at("2013-02-04T01:00")]
    quarter_us = HOUR_US // 4
    assert woken == {
        bucket: {instant_us + bucket * quarter_us for instant_us in instants} for bucket in range(4)
    }


def test_a_removed_meter_still_closes() -> None:
    """A meter taken out of the configuration closes, and corrects, what it has opened."""
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01", 3))
    engine.rules = MeteringRules({})
    engine.deliver(usage("2013-01-21T10:00", "2013-01-21T10:01", 4))
    engine.deliver(usage("2013-01-21T10:00", "2013-02-01T05:01", 5))
    closed, correction = engine.advance()
    assert isinstance(closed, ClosedUsage)
    assert isinstance(correction, UsageCorrection)
    assert (closed.quantity, correction.quantity) == (Decimal(7), Decimal(12))
    assert closed.unit == correction.unit == "mile"


def test_an_open_period_keeps_its_grace() -> None:
    """A new grace holds for periods opened from then on; those open keep their cut."""
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01"))
    engine.rules = MeteringRules({"miles": replace(MILES, grace_us=DAY_US)})
    engine.deliver(usage("2013-02-20T10:00", "2013-02-20T10:01"))
    assert [row.cut_us for row in engine.advance() if isinstance(row, ClosedUsage)] == [
        at("2013-02-01T01:00"),
        at("2013-03-02T00:00"),
    ]


@pytest.mark.parametrize("change", [{"aggregation": Aggregation.MAX}, {"unit": "km"}])
def test_a_meter_never_changes_its_meaning(change: dict[str, object]) -> None:
    """A meter that aggregates otherwise, or in another unit, is refused while periods are open."""
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01"))
    engine.rules = MeteringRules({"miles": replace(MILES, **change)})  # type: ignore[arg-type]
    with pytest.raises(MeterChangedError, match="meter miles: expected sum of mile"):
        engine.deliver(usage("2013-01-21T10:00", "2013-01-21T10:01"))


def test_usage_of_wider_windows_is_not_split_by_guessing() -> None:
    """Summed up over a boundary, under the event windows of before, it stops the job."""
    engine = started()
    row = usage("2013-01-31T23:30", "2013-02-01T00:31", last_event_us=at("2013-02-01T00:29"))
    with pytest.raises(EventWindowError, match="period's end at 2013-02-01T00:00:00Z, found one"):
        engine.deliver(row)
    engine.deliver(replace(row, last_event_us=at("2013-02-01T00:00") - 1))
    (closed,) = engine.advance(at("2013-02-01T01:00"))
    assert isinstance(closed, ClosedUsage)


def test_an_engine_that_breaks_its_promise_is_stopped() -> None:
    """Usage within the cut that arrives after the close is a fault of the engine, not a value."""
    engine = started()
    engine.deliver(usage("2013-01-20T10:00", "2013-01-20T10:01"))
    engine.advance(at("2013-02-01T01:00"))
    with pytest.raises(BrokenOrderError, match="account A1, meter miles"):
        engine.deliver(usage("2013-01-21T10:00", "2013-02-01T01:00"))


def test_wakes_are_asked_for_once() -> None:
    """Only the first usage of a total, of a bucket, or of an entry registers timers."""
    first = usage("2013-01-20T10:00", "2013-01-20T10:01")
    late = usage("2013-01-20T10:00", "2013-02-01T05:30")
    cut_us, horizon_us = at("2013-02-01T01:00"), at("2013-02-04T01:00")
    opened = on_usage(RULES, A1, None, first)
    assert opened.wake_at_us == (cut_us, horizon_us)
    assert on_usage(RULES, A1, opened.entry, first).wake_at_us == ()
    corrected = on_usage(RULES, A1, opened.entry, late)
    assert corrected.wake_at_us == (at("2013-02-01T06:00"),)
    assert on_usage(RULES, A1, corrected.entry, late).wake_at_us == ()
    late_only = on_usage(RULES, A1, None, late)
    assert late_only.wake_at_us == (at("2013-02-01T06:00"), horizon_us)
    assert on_usage(RULES, A1, late_only.entry, first).wake_at_us == (cut_us,)


def test_a_key_has_one_text() -> None:
    """The key of an entry is canonical JSON, whatever the texts in it."""
    row = usage("2013-01-20T10:00", "2013-01-20T10:01", dimensions='{"o":"Zürich \\"1\\""}')
    key = locate(A1, row)
    assert not isinstance(key, str)
    assert key.encode() == (
        '[1356998400000000,1359676800000000,"miles","{\\"o\\":\\"Z\\u00fcrich \\\\\\"1\\\\\\"\\"}"]'
    )
    assert key.decode(key.encode()) == key

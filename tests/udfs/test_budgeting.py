"""Running totals and thresholds, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.account import Account
from schemas.aggregation import HAS_PARTS, Aggregation
from schemas.budget import Budget
from schemas.entry_state import decode_entry
from schemas.instant import DAY_US, HOUR_US
from schemas.meter import Meter
from schemas.meter_state import NO_EVENTS, EntryKey
from schemas.running_total import NO_WINDOW_US, CountedUsage, RunningPeriod, RunningTotal
from tests.udfs.engine import A1, MILES, at, started, usage
from tests.udfs.watching import Watcher
from udfs.budgeting import (
    counted_usage,
    find_bad_budget,
    fold,
    held_usage,
    is_over,
    move,
    moved_periods,
)
from udfs.metering.receiving import open_entry
from udfs.scheduling import period_containing

JANUARY, FEBRUARY = at("2013-01-01T00:00"), at("2013-02-01T00:00")
HORIZON_US = FEBRUARY + HOUR_US + 3 * DAY_US
BUDGET = Budget("miles", Decimal(100))
FIRST, SECOND, THIRD = (at(f"2013-01-05T00:0{n}") for n in (1, 2, 3))


def row(quantity: int | str, end_us: int = FIRST, **other: object) -> CountedUsage:
    """Return a row of January's miles of A1, with a budget of 100."""
    counted = CountedUsage(
        "A1",
        "miles",
        JANUARY,
        FEBRUARY,
        "UTC",
        Aggregation.SUM,
        "mile",
        Decimal(quantity),
        1,
        end_us,
        HORIZON_US,
        BUDGET,
    )
    return replace(counted, **other)  # type: ignore[arg-type]


def reached(period: RunningPeriod | None, *rows: CountedUsage) -> list[tuple[int, str, int]]:
    """Fold rows; return percent, quantity and log window of each alert."""
    return [
        (alert.threshold_percent, str(alert.quantity), alert.reached_us)
        for alert in fold(period, rows).alerts
    ]


def test_a_total_is_over_all_rows_as_of_the_last_log_window() -> None:
    """Whatever their dimensions; digits stay exact, zeros that say nothing go."""
    folded = fold(None, [row("1.500000000", SECOND), row("0.000000001"), row("2.5", SECOND)])
    assert folded.total == RunningTotal(
        "A1",
        "miles",
        JANUARY,
        FEBRUARY,
        "UTC",
        Aggregation.SUM,
        Decimal("4.000000001"),
        "mile",
        3,
        SECOND,
    )
    assert str(fold(None, [row("7.000000000")]).total.quantity) == "7"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("aggregation", "quantity"),
    [("count", "4"), ("sum", "4"), ("max", "5"), ("min", "-2"), ("average", "1.333333333")],
)
def test_totals_of_every_aggregation_without_parts(aggregation: str, quantity: str) -> None:
    """Each as its meter adds up; an average is rounded half up."""
    kind = Aggregation(aggregation)
    rows = [row(n, aggregation=kind) for n in ("5", "-2", "1")]
    total = fold(None, rows).total
    assert total is not None
    assert (total.quantity, total.event_count) == (Decimal(quantity), 3)


def test_an_average_of_no_events_is_none() -> None:
    """When all that was counted is taken back there is nothing to divide."""
    rows = [row(n, aggregation=Aggregation.AVERAGE) for n in ("5", "-5")]
    total = fold(None, [rows[0], replace(rows[1], event_count=-1)]).total
    assert total is not None
    assert (total.quantity, total.event_count) == (None, 0)


def test_a_threshold_is_reached_by_its_exact_share() -> None:
    """A billionth less is not enough."""
    assert reached(None, row("49.999999999")) == []
    assert reached(None, row("50")) == [(50, "50", FIRST)]
    assert reached(None, row("1000")) == [(p, "1000", FIRST) for p in (50, 80, 100)]


def test_a_log_window_is_judged_as_a_whole() -> None:
    """Only its end counts: 120 and back to 40 within one window is 40."""
    assert reached(None, row(120), row(-80)) == []
    assert reached(None, row(-80), row(120), row(60)) == [
        (50, "100", FIRST),
        (80, "100", FIRST),
        (100, "100", FIRST),
    ]


def test_log_windows_are_judged_in_their_order() -> None:
    """Not in the order of arrival: the first window that reaches a threshold is named."""
    rows = [row(40, THIRD), row(30), row(20, SECOND)]
    assert reached(None, *rows) == [(50, "50", SECOND), (80, "90", THIRD)]


def test_an_alert_is_not_repeated() -> None:
    """Neither when the total goes on, nor when it falls and rises again."""
    folded = fold(None, [row(60)])
    assert reached(folded.period, row(10, SECOND)) == []
    fallen = fold(folded.period, [row(-50, SECOND)])
    assert reached(fallen.period, row(80, THIRD)) == [(80, "90", THIRD)]


def test_another_quantity_is_another_budget() -> None:
    """It alerts by itself; a quantity that comes back does not alert again."""
    folded = fold(None, [row(60)])
    larger = replace(BUDGET, quantity=Decimal(110))
    changed = fold(folded.period, [row(0, SECOND, budget=larger)])
    assert [(a.budget_quantity, a.threshold_percent) for a in changed.alerts] == [(110, 50)]
    assert reached(changed.period, row(0, THIRD)) == []
    same = Budget("miles", Decimal("100.0"), (50, 60))
    assert reached(changed.period, row(0, THIRD, budget=same)) == [(60, "60", THIRD)]


def test_without_a_budget_there_is_no_alert() -> None:
    """But there is a total."""
    folded = fold(None, [row(1000, budget=None)])
    assert folded.alerts == ()
    assert folded.total is not None


def test_ids_name_account_meter_period_budget_and_percent() -> None:
    """Anything else does not change them; each of these does."""
    (first,) = fold(None, [row(60)]).alerts
    assert first.row_id == "777fee647ca4eb2966afdb78753d3fc5"
    later = fold(None, [row(70, SECOND, unit="m", period_end_us=0)]).alerts[0]
    assert later.row_id == first.row_id
    others = [
        fold(None, [row(60, **change)]).alerts[0].row_id
        for change in (
            {"account_id": "A2"},
            {"meter_id": "m"},
            {"period_start_us": 0},
            {"budget": Budget("miles", Decimal(100), (51,))},
            {"budget": Budget("miles", Decimal(101))},
        )
    ]
    assert len({first.row_id, *others}) == 6


def test_a_moved_period_has_its_new_end() -> None:
    """The total is told again; what it holds and as of when stays."""
    end_us = FEBRUARY - DAY_US
    moved = row(0, NO_WINDOW_US, event_count=0, period_end_us=end_us, horizon_us=HORIZON_US - 1)
    folded = fold(None, [row(60)])
    after = move(folded.period, moved)
    assert after.total == replace(folded.total, period_end_us=end_us)  # type: ignore[type-var]
    assert after.alerts == ()
    # Usage on its way from before the move does not bring the old end back.
    late = fold(after.period, [row(1, SECOND)])
    assert late.period.period_end_us == end_us
    assert late.period.horizon_us == HORIZON_US


def test_a_move_before_any_usage_is_remembered() -> None:
    """There is no total yet."""
    moved = row(0, NO_WINDOW_US, event_count=0, period_end_us=5)
    after = move(None, moved)
    assert after.total is None
    assert fold(after.period, [row(1)]).period.period_end_us == 5


def test_a_period_is_over_after_its_horizon() -> None:
    """At the horizon itself usage still counts; the longest of all rows holds."""
    period = fold(None, [row(1, horizon_us=8), row(1, horizon_us=9)]).period
    assert [is_over(period, now_us) for now_us in (8, 9, 10)] == [False, False, True]


def test_usage_is_counted_as_its_entry_has_it() -> None:
    """With the entry's unit and the horizon of its period, and the budget of its meter."""
    budgets = (Budget("other", Decimal(1)), BUDGET)
    account = Account("A1", A1.terms, budgets)
    taken = usage("2013-01-05T00:00", "2013-01-05T00:01", 7)
    period = period_containing(A1.terms, JANUARY)
    entry = open_entry(MILES, period)  # type: ignore[arg-type]
    key = EntryKey(JANUARY, FEBRUARY, "miles", "{}")
    assert counted_usage(account, key, entry, taken) == (row(7),)
    assert counted_usage(A1, key, entry, taken) == (row(7, budget=None),)
    moved = moved_periods(account, [(key, entry), (replace(key, dimensions="x"), entry)])
    assert moved == (row(0, NO_WINDOW_US, event_count=0),)
    for kind in sorted(HAS_PARTS):
        other = replace(entry, aggregation=kind)
        assert counted_usage(account, key, other, taken) == ()
        assert moved_periods(account, [(key, other)]) == ()


def test_totals_may_begin_with_what_entries_hold() -> None:
    """All that was taken, closed, corrected or pending, in the log window of the last event."""
    window_us = 10_000_000
    engine = started()
    rows = (
        ("2013-01-05T00:01", 40),
        ("2013-02-02T01:00", 2),
        ("2013-02-03T01:01", 3),
        ("2013-02-03T01:30", 1),
    )
    for window_end, quantity in rows:
        engine.deliver(usage("2013-01-05T00:00", window_end, quantity))
    engine.advance(at("2013-02-03T00:00"))
    (held,) = [
        held_usage(A1, EntryKey.decode(name), decode_entry(state), window_us, is_silent=False)
        for name, state in engine.entries["A1"].items()
    ]
    last_us = at("2013-02-03T01:30")
    assert held == (row(46, last_us, event_count=4, budget=None),)
    empty = replace(decode_entry(engine.entries["A1"].popitem()[1]), total=None, pending=())
    key = EntryKey(JANUARY, FEBRUARY, "miles", "{}")
    assert held_usage(A1, key, empty, window_us, is_silent=False) == ()
    for kind in sorted(HAS_PARTS):
        other = replace(empty, aggregation=kind, total=NO_EVENTS)
        assert held_usage(A1, key, other, window_us, is_silent=False) == ()
    some = replace(empty, total=replace(NO_EVENTS, quantity=Decimal(60)))
    (silent,) = held_usage(A1, key, some, window_us, is_silent=True)
    again = fold(None, [replace(silent, budget=BUDGET)])
    assert again.alerts == ()
    assert reached(again.period, row(30, SECOND)) == [(80, "90", SECOND)]


def meter(aggregation: Aggregation) -> Meter:
    """Return a meter called as its aggregation."""
    name = None if aggregation is Aggregation.COUNT else "x"
    return Meter(aggregation, "t", aggregation, name, "one", (), 0, 0)


def test_budgets_are_of_meters_that_add_up() -> None:
    """Counts and sums; the first other one is named, with what it is."""
    kinds = (Aggregation.COUNT, Aggregation.SUM, Aggregation.MAX, Aggregation.AVERAGE)
    meters = {str(kind): meter(kind) for kind in kinds}
    good = [Budget("count", Decimal(1)), Budget("sum", Decimal(1))]
    assert find_bad_budget(good, meters) is None
    assert find_bad_budget([], {}) is None
    assert find_bad_budget([*good, Budget("max", Decimal(1))], meters) == (
        "budgets[2].meter: expected a meter of count or sum, found max of 'max'"
    )
    assert find_bad_budget([Budget("gone", Decimal(1)), *good], meters) == (
        "budgets[0].meter: expected a configured meter, found 'gone'"
    )


def test_late_usage_counts_until_the_horizon() -> None:
    """What is corrected counts, what is expired does not."""
    engine, watcher = started(), Watcher()
    engine.deliver(usage("2013-01-05T00:00", "2013-01-05T00:01", 40))
    engine.advance(FEBRUARY + 2 * HOUR_US)
    watcher.take_from(engine)
    watcher.advance(FEBRUARY + 2 * HOUR_US)
    engine.deliver(usage("2013-01-05T00:00", "2013-02-04T01:00", 2))
    engine.deliver(usage("2013-01-05T00:00", "2013-02-04T01:01", 1))
    watcher.take_from(engine)
    watcher.advance(HORIZON_US)
    (total,) = watcher.last_totals().values()
    assert (total.quantity, total.as_of_us) == (42, HORIZON_US)
    assert list(watcher.periods) == [row(1).key]
    watcher.advance(HORIZON_US + 1)
    assert watcher.periods == {}

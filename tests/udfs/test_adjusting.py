"""Which events account for a difference, and which differences nobody can account for."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from schemas.aggregation import Aggregation
from schemas.brought_back_usage import BringBackDecision, PeriodKey, SourceTable
from schemas.instant import HOUR_US, MINUTE_US, SECOND_US
from schemas.usage_adjustment import (
    AdjustmentKind,
    AdjustmentRefusal,
    DifferingTotal,
    EventName,
    KnownTotal,
    MeteredEvent,
    RefusedTotal,
    UsageAdjustment,
    WindowTotal,
)
from udfs.adjusting import adjust_total
from udfs.writing_adjustments import (
    MOST_EVENTS,
    Change,
    approve_adjustment,
    count_adjustment,
    event_names,
    write_adjustments,
)

D = Decimal
KEY = PeriodKey("A", "calls", "{}", 0, 31 * 24 * HOUR_US)
LOST, REPEAT, WRONG = AdjustmentKind
_LOG_US = 10 * SECOND_US


def _event(minute: int, number: int = 0, units: str = "1", **changes: Any) -> MeteredEvent:
    """Return an event of a minute, received in it."""
    start_us = minute * MINUTE_US
    name = EventName("s", f"{minute}-{number}", 0, minute * 100 + number)
    event = MeteredEvent(
        name,
        "{}",
        start_us,
        start_us + _LOG_US,
        start_us + number,
        start_us + 1,
        D(units),
        False,
        1,
    )
    return replace(event, **changes)


def _window(minute: int, count: int, **changes: Any) -> WindowTotal:
    start_us = minute * MINUTE_US
    window = WindowTotal("{}", start_us, MINUTE_US, start_us + _LOG_US, False, count)
    return replace(window, **changes)


def _total(expected: str, told: str, *events: MeteredEvent, **more: Any) -> DifferingTotal:
    """Return a total of count and sum, each `events/units`."""
    sides = [
        KnownTotal(int(count), D(units))
        for count, units in (side.split("/") for side in (expected, told))
    ]
    known = {"aggregation": Aggregation.SUM, "has_parts": False, "is_metered": True, **more}
    return DifferingTotal(
        key=KEY,
        timezone="UTC",
        unit="call",
        expected=sides[0],
        told=sides[1],
        events=events,
        **known,
    )


def _rows(total: DifferingTotal) -> tuple[UsageAdjustment, ...]:
    rows = adjust_total(total)
    assert not isinstance(rows, RefusedTotal), rows
    return rows


def _told(rows: tuple[UsageAdjustment, ...]) -> list[tuple[str, int, str, list[str]]]:
    return [
        (row.kind.value, row.event_count, str(row.quantity), [each.id for each in event_names(row)])
        for row in rows
    ]


def test_events_whose_window_was_never_gathered_were_lost() -> None:
    """A row for each event window; what was gathered stays."""
    events = (_event(1), _event(2, 0, "2"), _event(2, 1, "3"), _event(3, 0, "4"))
    rows = _rows(_total("4/10", "1/1", *events, windows=(_window(1, 1),)))
    assert _told(rows) == [
        ("lost_usage", 2, "5", ["2-0", "2-1"]),
        ("lost_usage", 1, "4", ["3-0"]),
    ]
    assert rows[0].first_event_time_us == 2 * MINUTE_US
    assert {row.is_taken_out for row in rows} == {False}


def test_where_nothing_was_metered_all_was_lost() -> None:
    """Whatever was gathered: no row came of it."""
    events = (_event(1), _event(2))
    total = _total("2/2", "0/0", *events, windows=(_window(1, 1),), is_metered=False)
    assert sum(row.event_count for row in _rows(total)) == 2


def test_log_windows_tell_events_of_one_minute_apart() -> None:
    """The second came ten seconds later, and was lost."""
    late = _event(1, 1, log_window_end_us=MINUTE_US + 2 * _LOG_US)
    rows = _rows(_total("2/2", "1/1", _event(1), late, windows=(_window(1, 1),)))
    assert _told(rows) == [("lost_usage", 1, "1", ["1-1"])]


def test_repeats_that_were_counted_go_out() -> None:
    """Only where the job has gathered more than there is, and all repeats of the window did."""
    again = _event(1, units="7", name=EventName("s", "1-0", 0, 900), log_window_end_us=HOUR_US)
    ignored = _event(2, name=EventName("s", "2-0", 0, 901))
    windows = (_window(1, 1), _window(1, 1, log_window_end_us=HOUR_US), _window(2, 1))
    total = _total("2/8", "3/15", _event(1, 0, "7"), _event(2), repeats=(again, ignored))
    rows = _rows(replace(total, windows=windows))
    assert _told(rows) == [("repeat_beyond_horizon", -1, "-7", ["1-0"])]
    assert event_names(rows[0]) == (again.name,)


def test_a_greatest_value_loses_a_repeat_and_stays() -> None:
    """A repeat is no other value; a lost event may be greater."""
    again = _event(1, units="7", name=EventName("s", "1-0", 0, 900), log_window_end_us=HOUR_US)
    windows = (_window(1, 1), _window(1, 1, log_window_end_us=HOUR_US))
    greatest = {"aggregation": Aggregation.MAX, "windows": windows, "repeats": (again,)}
    rows = _rows(_total("2/9", "2/7", _event(1, 0, "7"), _event(3, 0, "9"), **greatest))
    assert _told(rows) == [
        ("lost_usage", 1, "9", ["3-0"]),
        ("repeat_beyond_horizon", -1, "7", ["1-0"]),
    ]


def test_what_was_adjusted_before_is_not_adjusted_again() -> None:
    """Half of the outage was repaired by an earlier proposal."""
    events = (_event(1), _event(2), _event(3))
    before = frozenset({(LOST, False, events[1].name)})
    total = _total("3/3", "2/2", *events, windows=(_window(1, 1),), adjusted=before)
    assert _told(_rows(total)) == [("lost_usage", 1, "1", ["3-0"])]


def test_rolled_up_windows_are_looked_at_as_a_whole() -> None:
    """Of an hour of which the job has nothing all was lost; of part of one nobody can tell."""
    events = (_event(1), _event(2), _event(61), _event(62))
    hour = _window(0, 2, width_us=HOUR_US, log_window_end_us=HOUR_US, is_rolled_up=True)
    rows = _rows(_total("4/4", "2/2", *events, windows=(hour,)))
    assert [name for *_, name in _told(rows)] == [["61-0"], ["62-0"]]
    part = adjust_total(_total("4/4", "1/1", *events, windows=(replace(hour, event_count=1),)))
    assert isinstance(part, RefusedTotal)
    assert part.reason is AdjustmentRefusal.CANNOT_TELL_WHICH


def test_a_retraction_that_was_lost_takes_its_event_out() -> None:
    """It is usage below zero, under the name of the event it takes back."""
    back = _event(1, units="5", is_retraction=True, log_window_end_us=HOUR_US)
    rows = _rows(_total("0/0", "1/5", _event(1, 0, "5"), back, windows=(_window(1, 1),)))
    assert _told(rows) == [("lost_usage", -1, "-5", ["1-0"])]
    assert rows[0].is_taken_out


def test_what_a_person_says_is_wrong_goes_out() -> None:
    """Of a sum; a greatest value is not known without it."""
    events = (_event(1, 0, "2"), _event(2, 0, "3"))
    known = {"windows": (_window(1, 1), _window(2, 1)), "wrong": events[:1]}
    rows = _rows(_total("1/3", "2/5", *events, **known))
    assert _told(rows) == [("wrongly_counted", -1, "-2", ["1-0"])]
    greatest = adjust_total(_total("1/3", "2/3", *events, aggregation=Aggregation.MAX, **known))
    assert isinstance(greatest, RefusedTotal)
    assert greatest.reason is AdjustmentRefusal.NO_EXTREME


@pytest.mark.parametrize(
    ("total", "reason"),
    [
        (_total("1/1", "0/0", _event(1), has_parts=True), AdjustmentRefusal.HAS_PARTS),
        (
            _total("2/2", "1/1", _event(1), _event(1, 1), windows=(_window(1, 1),)),
            AdjustmentRefusal.CANNOT_TELL_WHICH,
        ),
        (
            _total("1/1", "2/2", _event(1), windows=(_window(1, 2),)),
            AdjustmentRefusal.CANNOT_TELL_WHICH,
        ),
        (_total("1/1", "1/9", _event(1), windows=(_window(1, 1),)), AdjustmentRefusal.UNEXPLAINED),
        (_total("1/1", "3/3", _event(1), windows=(_window(1, 1),)), AdjustmentRefusal.UNEXPLAINED),
    ],
)
def test_what_nobody_can_account_for_is_refused(
    total: DifferingTotal, reason: AdjustmentRefusal
) -> None:
    """With a closed reason and one line; nothing of it is adjusted."""
    refused = adjust_total(total)
    assert isinstance(refused, RefusedTotal)
    assert refused.reason is reason
    assert refused.detail.startswith("expected ")
    assert ", found " in refused.detail


def test_rows_do_not_depend_on_the_order_of_events() -> None:
    """Nor do their ids; other events have another id."""
    total = _total("3/3", "0/0")
    changes = [Change(LOST, each) for each in (_event(1), _event(1, 1), _event(2))]
    rows = write_adjustments(total, changes)
    assert all(write_adjustments(total, each) == rows for each in permutations(changes))
    fewer = write_adjustments(total, changes[1:])
    assert {row.row_id for row in rows} & {row.row_id for row in fewer} == {rows[1].row_id}
    other = write_adjustments(total, [replace(each, kind=WRONG) for each in changes])
    assert not {row.row_id for row in rows} & {row.row_id for row in other}
    assert REPEAT not in {row.kind for row in (*rows, *other)}


def test_a_row_has_only_so_many_events() -> None:
    """The names of all of them stand in one column."""
    changes = [Change(LOST, _event(1, number)) for number in range(MOST_EVENTS + 1)]
    rows = write_adjustments(_total("3/3", "0/0"), changes)
    assert [row.event_count for row in rows] == [MOST_EVENTS, 1]


def test_an_approved_row_counts_as_usage_brought_back() -> None:
    """With who approved it, and where it stands."""
    (row,) = write_adjustments(_total("1/1", "0/0"), [Change(LOST, _event(1))])
    approved = approve_adjustment(row, "p", BringBackDecision("ada", "outage", 7))
    counted = count_adjustment(approved)
    assert (counted.source_table, counted.source_row_id) == (
        SourceTable.USAGE_ADJUSTMENTS,
        row.row_id,
    )
    assert (counted.decided_by, counted.reason, counted.decided_at_us) == ("ada", "outage", 7)
    assert (counted.quantity, counted.event_count) == (1, 1)

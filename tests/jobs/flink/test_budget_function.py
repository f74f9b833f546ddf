"""The budgets' stage: its timers miss nothing, whatever the arrival and however often restored."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pyflink.common import Row

from jobs.flink.budget_function import ALERTS, WatchBudgets, counted_row
from jobs.flink.counted_output import COUNTED, CountedOutput
from jobs.flink.keyed_state import entry_name, read_counted, write_entry
from jobs.flink.rows import write_row
from schemas.account import Account
from schemas.meter_state import NO_EVENTS, EntryKey
from schemas.running_total import CountedUsage
from tests.jobs.flink.fake_runtime import FakeMap, FakeRuntime
from tests.udfs.engine import A1, MILES
from tests.udfs.test_budgeting import BUDGET, FEBRUARY, HORIZON_US, JANUARY, row
from tests.udfs.watching import Watcher
from udfs.budgeting import held_usage
from udfs.metering.receiving import open_entry
from udfs.scheduling import period_containing

WINDOW_US = 10_000_000
END_MS = 1 << 50

counted = st.builds(
    lambda account_id, quantity, window, shorter: row(
        quantity,
        JANUARY + window * WINDOW_US,
        account_id=account_id,
        horizon_us=HORIZON_US - shorter * WINDOW_US,
    ),
    st.sampled_from(["A1", "A2"]),
    st.integers(-40, 90),
    st.integers(1, 9),
    st.integers(0, 2),
)


class Stage:
    """One stage over a key's states; `restore` is a new run over the same states."""

    def __init__(self) -> None:
        """Start without state."""
        self.runtime = FakeRuntime()
        self.totals: list[Row] = []
        self.alerts: list[Row] = []
        self.restore()

    def restore(self) -> None:
        """Go on with a function that remembers nothing but the states."""
        self.function = WatchBudgets()
        self.function.open(self.runtime)

    def take(self, usage: CountedUsage) -> None:
        """Hand over one row."""
        _, value = counted_row(self.runtime.key, usage)
        self._put(self.function.process_element(value, self.runtime))

    def advance(self, watermark_ms: int) -> None:
        """Fire all timers that are due."""
        for timer_ms in self.runtime.due(watermark_ms):
            self._put(self.function.on_timer(timer_ms, self.runtime))

    def _put(self, results: Any) -> None:
        for result in results:
            if isinstance(result, tuple):
                assert result[0] is ALERTS
                self.alerts.append(result[1])
            else:
                self.totals.append(result)


@given(st.lists(counted, max_size=12), st.randoms(use_true_random=False))
def test_the_stage_is_the_smallest_engine(rows: list[CountedUsage], chance: random.Random) -> None:
    """Alerts and last totals are those of all rows folded at once; nothing is left at the end."""
    stage, watcher = Stage(), Watcher()
    for usage in rows:
        watcher.take(usage)
    watcher.advance()
    chance.shuffle(rows)
    while rows:
        stage.take(rows.pop())
        if chance.random() < 0.3:
            stage.restore()
        limit_us = min((each.log_window_end_us for each in rows), default=JANUARY) - 1
        if chance.random() < 0.5:
            stage.advance(limit_us // 1000)
    stage.advance(END_MS)
    assert sorted(map(repr, stage.alerts)) == sorted(
        repr(write_row(alert)) for alert in watcher.alerts
    )
    last = {tuple(total)[:3]: total for total in stage.totals}
    assert sorted(map(repr, last.values())) == sorted(
        repr(write_row(total)) for total in watcher.last_totals().values()
    )
    assert stage.runtime.states["pending"].kept == []
    assert stage.runtime.states["periods"] == {}
    assert stage.runtime.timers_ms == set()


def test_one_timer_folds_all_that_the_watermark_has_passed() -> None:
    """And sends only the last total; of windows after the watermark nothing is told."""
    stage = Stage()
    for window in (3, 1, 2, 9):
        stage.take(row(10, JANUARY + window * WINDOW_US))
    assert len(stage.runtime.timers_ms) == 2
    stage.advance((JANUARY + 5 * WINDOW_US) // 1000)
    (total,) = stage.totals
    assert tuple(total)[6:9] == ("30", "mile", 3)


def entries() -> tuple[FakeMap, tuple[CountedUsage, ...]]:
    """Return an account's entry in state, and what it holds."""
    period = period_containing(A1.terms, JANUARY)
    entry = open_entry(MILES, period)  # type: ignore[arg-type]
    entry = replace(entry, total=replace(NO_EVENTS, quantity=Decimal(60), event_count=2))
    key = EntryKey(JANUARY, FEBRUARY, "miles", "{}")
    state = FakeMap({entry_name("A1", key): write_entry(entry)})
    return state, held_usage(account("A1"), key, entry, WINDOW_US, is_silent=False)


def account(_: str) -> Account:
    """Return the account, with its budget."""
    return replace(A1, budgets=(BUDGET,))


def told(runtime: FakeRuntime, *, is_taken: bool) -> list[CountedUsage]:
    """Start a run, let it see two elements; return what it tells of entries."""
    output = CountedOutput(runtime, WINDOW_US, is_taken)
    state, _ = entries()
    results = [result for _ in range(2) for result in output.tell_held(state, account, runtime)]
    assert all(tag is COUNTED and value[0] == runtime.key for tag, value in results)
    return [read_counted(value[1][1]) for _, value in results]


def test_what_entries_hold_is_told_once() -> None:
    """By the first run that tells usage; silently where it was told before and then left out."""
    runtime, (_, held) = FakeRuntime(), entries()
    assert told(runtime, is_taken=False) == []
    assert told(runtime, is_taken=True) == [*held]
    assert told(runtime, is_taken=True) == []
    assert told(runtime, is_taken=False) == []
    assert told(runtime, is_taken=False) == []
    assert told(runtime, is_taken=True) == [replace(each, is_silent=True) for each in held]
    assert told(runtime, is_taken=True) == []


def test_usage_that_nobody_takes_is_not_told() -> None:
    """A side output without a reader would leak into the main stream."""
    runtime, (_, held) = FakeRuntime(), entries()
    for is_taken, count in ((True, 1), (False, 0)):
        output = CountedOutput(runtime, WINDOW_US, is_taken)
        assert len(list(output.tell(held, runtime))) == count

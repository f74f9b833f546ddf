"""The stage behind the keyed one: running totals, and the thresholds of budgets.

Nothing is decided here: `udfs.budgeting` is the rule. It stands apart from the keyed stage because
it needs a timer for each log window: a timer there reads all entries of its bucket.
"""

from collections.abc import Iterator
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, OutputTag, RuntimeContext
from pyflink.datastream.state import ListStateDescriptor, MapState, MapStateDescriptor

from jobs.flink.keyed_state import (
    BYTES,
    read_counted,
    read_running,
    total_name,
    write_counted,
    write_running,
)
from jobs.flink.rows import BUDGET_ALERT, write_row
from schemas.running_total import NO_WINDOW_US, CountedUsage, RunningPeriod, TotalKey
from udfs.budgeting import Folded, fold, is_over, move

ALERTS = OutputTag("budget_alerts", BUDGET_ALERT)

_MS_US, _S_MS = 1000, 1000


def counted_row(bucket: int, usage: CountedUsage) -> Row:
    """Return counted usage as the row that this stage takes, with its bucket."""
    end_us = usage.log_window_end_us
    return Row(
        bucket, Row(None if end_us == NO_WINDOW_US else end_us // _MS_US, write_counted(usage))
    )


class WatchBudgets(KeyedProcessFunction):
    """Adds up the usage of a bucket's accounts, log window by log window.

    The main output are running totals, at most one of each key for each timer; alerts are a side
    output.
    """

    def open(self, runtime_context: RuntimeContext) -> None:
        """Open the state."""
        self._pending: Any = runtime_context.get_list_state(ListStateDescriptor("pending", BYTES))
        self._periods: MapState = runtime_context.get_map_state(
            MapStateDescriptor("periods", Types.STRING(), BYTES)
        )
        # The first timer of each bucket that this run knows of: one for each row would cost more
        # than the row. After a restore it is empty, and some are registered once more.
        self._next_ms: dict[int, int] = {}

    def process_element(self, value: Row, ctx: Any) -> Iterator[Any]:
        """Keep usage until its log window is over; take a period's new end."""
        end_ms, state = value[0], value[1]
        if end_ms is not None:
            self._pending.add(state)
            self._wake(end_ms, ctx)
            return
        usage = read_counted(state)
        known = self._period(usage.key)
        yield from self._keep(usage.key, known, move(known, usage), ctx)

    def on_timer(self, timestamp: int, ctx: Any) -> Iterator[Any]:
        """Fold what is due, and forget what is over."""
        if self._next_ms.get(ctx.get_current_key(), timestamp) <= timestamp:
            self._next_ms.pop(ctx.get_current_key(), None)
        # Of all log windows up to the watermark the usage is there: later timers find less to do.
        now_us = max(timestamp, ctx.timer_service().current_watermark()) * _MS_US
        left: list[CountedUsage] = []
        due: dict[TotalKey, list[CountedUsage]] = {}
        for usage in map(read_counted, self._pending.get() or ()):
            if usage.log_window_end_us <= now_us:
                due.setdefault(usage.key, []).append(usage)
            else:
                left.append(usage)
        if due:
            self._pending.update([write_counted(usage) for usage in left])
        for key in sorted(due):
            known = self._period(key)
            yield from self._keep(key, known, fold(known, due[key]), ctx)
        if left:
            self._wake(min(usage.log_window_end_us for usage in left) // _MS_US, ctx)
        if timestamp % _S_MS:
            self._forget(now_us)

    def _keep(
        self, key: TotalKey, known: RunningPeriod | None, folded: Folded, ctx: Any
    ) -> Iterator[Any]:
        if known is None or known.horizon_us < folded.period.horizon_us:
            # A millisecond late, which tells it from a log window's end: those are whole seconds.
            over_s = -(-folded.period.horizon_us // (_MS_US * _S_MS))
            ctx.timer_service().register_event_time_timer(over_s * _S_MS + 1)
        self._periods.put(total_name(key), write_running(folded.period))
        if folded.total is not None:
            yield write_row(folded.total)
        for alert in folded.alerts:
            yield ALERTS, write_row(alert)

    def _forget(self, now_us: int) -> None:
        periods = [(name, read_running(state)) for name, state in self._periods.items()]
        for name, period in periods:
            if is_over(period, now_us):
                self._periods.remove(name)

    def _wake(self, at_ms: int, ctx: Any) -> None:
        bucket = ctx.get_current_key()
        if at_ms < self._next_ms.get(bucket, at_ms + 1):
            self._next_ms[bucket] = at_ms
            ctx.timer_service().register_event_time_timer(at_ms)

    def _period(self, key: TotalKey) -> RunningPeriod | None:
        state = self._periods.get(total_name(key))
        return None if state is None else read_running(state)

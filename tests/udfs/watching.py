"""The smallest engine that keeps the promises of udfs/budgeting; state is bytes between steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.budget import BudgetAlert
from schemas.running_state import (
    decode_counted,
    decode_running,
    encode_counted,
    encode_running,
)
from schemas.running_total import NO_WINDOW_US, CountedUsage, RunningTotal, TotalKey
from tests.udfs.engine import NEVER_US, Engine
from udfs.budgeting import Folded, fold, is_over, move


@dataclass
class Watcher:
    """Takes what an engine counts; holds it until log time has passed its log window."""

    pending: list[bytes] = field(default_factory=list)
    periods: dict[TotalKey, bytes] = field(default_factory=dict)
    totals: list[RunningTotal] = field(default_factory=list)
    alerts: list[BudgetAlert] = field(default_factory=list)

    def take_from(self, engine: Engine) -> None:
        """Take all that an engine has counted since."""
        for usage in engine.counted:
            self.take(usage)
        engine.counted.clear()

    def take(self, usage: CountedUsage) -> None:
        """Take one row."""
        if usage.log_window_end_us == NO_WINDOW_US:
            state = self.periods.get(usage.key)
            known = None if state is None else decode_running(state)
            self._keep(usage.key, move(known, decode_counted(encode_counted(usage))))
        else:
            self.pending.append(encode_counted(usage))

    def advance(self, watermark_us: int = NEVER_US) -> None:
        """Fold all that is due, then forget what is over."""
        due: dict[TotalKey, list[CountedUsage]] = {}
        for usage in map(decode_counted, self.pending):
            if usage.log_window_end_us <= watermark_us:
                due.setdefault(usage.key, []).append(usage)
        self.pending = [
            state
            for state in self.pending
            if decode_counted(state).log_window_end_us > watermark_us
        ]
        for key, rows in due.items():
            state = self.periods.get(key)
            self._keep(key, fold(None if state is None else decode_running(state), rows))
        for key, state in list(self.periods.items()):
            if is_over(decode_running(state), watermark_us):
                del self.periods[key]

    def last_totals(self) -> dict[TotalKey, RunningTotal]:
        """Return the last total of each key, as a compacted topic keeps it."""
        return {
            TotalKey(each.account_id, each.meter_id, each.period_start_us): each
            for each in self.totals
        }

    def _keep(self, key: TotalKey, folded: Folded) -> None:
        self.periods[key] = encode_running(folded.period)
        if folded.total is not None:
            self.totals.append(folded.total)
        self.alerts.extend(folded.alerts)

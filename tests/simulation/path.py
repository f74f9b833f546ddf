"""The path of a record through the job, with the rules of the job, under faults.

It reads partitions in any order, forgets repeats, gathers log windows, hands usage to the keyed
engine and moves its timers; it may be restored from any checkpoint, as Flink does: state and
positions go back, and rows that were not committed are dropped.
"""

import random
from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from jobs.settings import load_accounts, load_meters
from schemas.account import Account
from schemas.metered_usage import MeteredUsage
from schemas.usage_row import UsageRow
from tests.oracle.counting import Clocks, Unit, part_of, units_in
from tests.oracle.judging import EPOCH, Heartbeat, Limits, Rejected, judge
from tests.oracle.shapes import OracleMeter, RawRecord, read_meters
from tests.simulation.world import PARTITIONS, World
from tests.udfs.engine import Engine
from tests.udfs.gathering import usage_of
from tests.udfs.watching import Watcher
from udfs.metering import MeteringRules

SLACK_MS = 5000
_HOUR_US = 3_600_000_000


@dataclass
class State:
    """All that a checkpoint holds."""

    engine: Engine
    watcher: Watcher = field(default_factory=Watcher)
    positions: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    last_ms: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    seen: set[tuple[str, str]] = field(default_factory=set)
    windows: dict[Any, list[Unit]] = field(default_factory=lambda: defaultdict(list))
    known: set[str] = field(default_factory=set)


class SimulatedJob:
    """One run; a subclass may break any step."""

    def __init__(self, world: World, chance: random.Random) -> None:
        """Start without state."""
        self.world, self.chance = world, chance
        self.meters: list[OracleMeter] = read_meters(world.meters)
        self.accounts = {each.account_id: each for each in load_accounts(world.accounts)}
        self.state = State(Engine(self.rules()))
        self.checkpoint = deepcopy(self.state)
        self.crashes = 0

    def rules(self) -> MeteringRules:
        """Return the rules; jitter delays timers."""
        meters = {meter.meter_id: meter for meter in load_meters(self.world.meters)}
        return MeteringRules(meters, jitter_us=self.chance.choice([0, 1, _HOUR_US]))

    def run(self) -> list[UsageRow]:
        """Read all records, with crashes in between; return the rows that were committed."""
        while any(map(self._left, range(PARTITIONS))):
            partition = self.chance.choice([n for n in range(PARTITIONS) if self._left(n)])
            # A partition is often read far ahead of the others.
            for _ in range(self.chance.choice([1, 1, 5, 40])):
                if self._left(partition):
                    self.read(partition)
            self.advance()
            if self.chance.random() < 0.05:
                self.checkpoint = deepcopy(self.state)
            elif self.crashes < 5 and self.chance.random() < 0.05:
                self.crashes += 1
                self.restore()
        self.advance_to(self.watermark_us())
        return self.state.engine.rows

    def read(self, partition: int) -> None:
        """Read one record: judge it, forget repeats, gather its usage."""
        state = self.state
        record = self.world.records[partition][state.positions[partition]]
        state.positions[partition] += 1
        state.last_ms[partition] = record.log_time_ms
        try:
            event = judge(record, {meter.event_type for meter in self.meters}, Limits())
        except (Rejected, Heartbeat):
            return
        if self.is_repeat((event.source, event.id)):
            return
        for unit in units_in(record, event, self.meters, Clocks(EPOCH), []):
            key = (*unit.subject, unit.event_window_start, part_of(unit), unit.window_end)
            state.windows[key].append(unit)

    def is_repeat(self, identity: tuple[str, str]) -> bool:
        """Return whether an identity was there before, and remember it."""
        is_there = identity in self.state.seen
        self.state.seen.add(identity)
        return is_there

    def watermark_us(self) -> int:
        """Return the log time up to which all records have been read."""
        return (min(self.state.last_ms) - SLACK_MS) * 1000

    def advance(self) -> None:
        """Hand over complete windows; timers follow, some time behind."""
        watermark_us = self.watermark_us()
        self.deliver_windows(watermark_us)
        if self.chance.random() < 0.7 and watermark_us > self.state.engine.now_us:
            now_us = max(self.state.engine.now_us, 0)
            behind = self.chance.choice([watermark_us, self.chance.randint(now_us, watermark_us)])
            self.advance_to(behind)

    def deliver_windows(self, watermark_us: int) -> None:
        """Deliver the usage of all windows that are complete, in any order."""
        done = [key for key in self.state.windows if _us(key[-1]) <= watermark_us]
        self.chance.shuffle(done)
        # Of what waits for its account nothing may wait longer than it would have.
        self.make_known(min((_us(key[-1]) for key in done), default=0))
        for key in done:
            self.deliver(usage_of(key, self.state.windows.pop(key)))

    def deliver(self, usage: MeteredUsage) -> None:
        """Hand one row of usage to the engine."""
        self.state.engine.deliver(usage)
        self.state.watcher.take_from(self.state.engine)

    def advance_to(self, now_us: int) -> None:
        """Fire timers; on the way accounts become known."""
        for known_ms in sorted(self.world.known_at_ms.values()):
            if known_ms * 1000 <= now_us:
                self.state.engine.advance(known_ms * 1000)
                self.make_known(known_ms * 1000)
        self.state.engine.advance(now_us)
        self.watch_budgets(now_us)

    def watch_budgets(self, now_us: int) -> None:
        """Let the stage behind the engine fold what is due."""
        self.state.watcher.advance(now_us)

    def make_known(self, now_us: int) -> None:
        """Tell the engine of the accounts that are known by a log time."""
        for name, known_ms in sorted(self.world.known_at_ms.items()):
            if known_ms * 1000 <= now_us and name not in self.state.known:
                self.state.known.add(name)
                self.state.engine.know(self.account(name))
                self.state.watcher.take_from(self.state.engine)

    def account(self, name: str) -> Account:
        """Return an account."""
        return self.accounts[name]

    def restore(self) -> None:
        """Go back to the last checkpoint."""
        self.state = deepcopy(self.checkpoint)

    def _left(self, partition: int) -> bool:
        return self.state.positions[partition] < len(self.world.records[partition])


def records_of(world: World) -> list[RawRecord]:
    """Return all records of all partitions."""
    return [record for partition in world.records for record in partition]


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)

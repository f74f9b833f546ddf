"""The job under faults: partitions are read in any order, timers lag, and it crashes."""

import random
from dataclasses import replace

from audit.shapes import RawRecord
from jobs.settings import load_accounts, load_meters
from schemas.account import Account
from schemas.usage_row import UsageRow
from schemas.usage_state import decode_usage
from tests.simulation.path import MeteringPath
from tests.simulation.world import PARTITIONS, World
from udfs.metering import MeteringRules

_HOUR_US = 3_600_000_000


class SimulatedJob(MeteringPath):
    """One run; a subclass may break any step."""

    def __init__(self, world: World, chance: random.Random) -> None:
        """Start without state."""
        self.world, self.chance, self.crashes = world, chance, 0
        self.accounts = {each.account_id: each for each in load_accounts(world.accounts)}
        super().__init__(load_meters(world.meters), PARTITIONS)

    def rules(self) -> MeteringRules:
        """Return the rules; jitter delays timers."""
        return replace(super().rules(), jitter_us=self.chance.choice([0, 1, _HOUR_US]))

    def run(self) -> list[UsageRow]:
        """Read all records, with crashes in between; return the rows that were committed."""
        while any(map(self._left, range(PARTITIONS))):
            partition = self.chance.choice([n for n in range(PARTITIONS) if self._left(n)])
            # A partition is often read far ahead of the others.
            for _ in range(self.chance.choice([1, 1, 5, 40])):
                if self._left(partition):
                    position = self.state.positions[partition]
                    self.read(self.world.records[partition][position])
            self.advance()
            if self.chance.random() < 0.05:
                self.keep()
            elif self.crashes < 5 and self.chance.random() < 0.05:
                self.crashes += 1
                self.restore()
        self.advance_to(self.watermark_us())
        return self.state.engine.rows

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
        done = self.complete_windows(watermark_us)
        # Of what waits for its account nothing may wait longer than it would have.
        self.make_known(min((key.log_window_end_us for key in done), default=0))
        # And new terms come before the usage they hold for.
        self.tell_terms(max((key.log_window_end_us for key in done), default=0))
        self.chance.shuffle(done)
        for key in done:
            self.deliver_window(key)

    def advance_to(self, now_us: int) -> None:
        """Fire timers; on the way accounts become known, and get other terms."""
        told_ms = {*self.world.known_at_ms.values(), *self.world.amended_at_ms.values()}
        for log_ms in sorted(told_ms):
            if log_ms * 1000 <= now_us:
                self.state.engine.advance(log_ms * 1000)
                self.make_known(log_ms * 1000)
                self.tell_terms(log_ms * 1000)
        self.state.engine.advance(now_us)
        self.watch_budgets(now_us)

    def make_known(self, now_us: int) -> None:
        """Tell the engine of the accounts that are known by a log time."""
        for name, known_ms in sorted(self.world.known_at_ms.items()):
            if known_ms * 1000 <= now_us and name not in self.state.engine.accounts:
                account, engine = self.account(name), self.state.engine
                # What waits may be of a time when the later terms were told, too.
                waits = [decode_usage(each) for each in engine.waiting.get(name, [])]
                told_us = max([known_ms * 1000, *(each.log_window_end_us for each in waits)])
                is_amended = self.world.amended_at_ms[name] * 1000 <= told_us
                terms = account.terms if is_amended else account.terms[:1]
                engine.know(replace(account, terms=terms))
                self.state.watcher.take_from(engine)

    def tell_terms(self, now_us: int) -> None:
        """Tell the engine of the later terms that are told by a log time."""
        for name, amended_ms in sorted(self.world.amended_at_ms.items()):
            if amended_ms * 1000 <= now_us and name in self.state.engine.accounts:
                self.state.engine.know(self.account(name))
                self.state.watcher.take_from(self.state.engine)

    def account(self, name: str) -> Account:
        """Return an account."""
        return self.accounts[name]

    def _left(self, partition: int) -> bool:
        return self.state.positions[partition] < len(self.world.records[partition])


def records_of(world: World) -> list[RawRecord]:
    """Return all records of all partitions."""
    return [record for partition in world.records for record in partition]

"""The smallest engine that keeps the promises of udfs/metering; state is bytes between steps."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial

from schemas.account import Account, decode_account, encode_account
from schemas.aggregation import Aggregation
from schemas.cadence import Cadence
from schemas.chain_state import decode_chain, encode_chain
from schemas.entry_state import decode_entry, encode_entry
from schemas.group_state import decode_group, encode_group
from schemas.instant import DAY_US, HOUR_US, MINUTE_US, to_us
from schemas.meter import Meter
from schemas.meter_state import Chain, ChainKey, EntryKey, Group, GroupKey, Part, PeriodEntry
from schemas.metered_usage import MeteredUsage
from schemas.running_total import CountedUsage
from schemas.terms import Recurring, Terms
from schemas.usage_row import UsageRow
from schemas.usage_state import decode_usage, encode_usage
from udfs.branching import read_parts, remove_parts
from udfs.budgeting import counted_usage, moved_periods
from udfs.metering import (
    Amendment,
    MeteringRules,
    PartReceipt,
    TooLate,
    amend,
    apply_timer,
    apply_usage,
    expire_waiting,
    find_entry,
    given_up,
    keep_receipt,
    on_timer,
    on_usage,
    part_ways,
    settle,
)

NEVER_US = 1 << 62


def at(text: str) -> int:
    """Return the instant of text in UTC, such as `2013-02-01T01:00`."""
    return to_us(datetime.fromisoformat(f"{text}Z"))


MILES = Meter("miles", "flight.departed", Aggregation.SUM, "miles", "mile", (), HOUR_US, 3 * DAY_US)
RULES = MeteringRules({"miles": MILES})
MONTHLY = Terms(
    7, at("2000-01-01T00:00"), "UTC", Recurring(Cadence.MONTH, datetime(2013, 1, 1)), "standard"
)
A1 = Account("A1", (MONTHLY,))


def usage(event: str, window_end: str, quantity: int | str = 1, **other: str | int) -> MeteredUsage:
    """Return one row of usage of account A1; all its events are as old as its minute."""
    event_us, window_end_us = at(event), at(window_end)
    values: dict[str, str | int | Decimal] = {
        "account_id": "A1",
        "meter_id": "miles",
        "dimensions": "{}",
        "event_window_start_us": event_us // MINUTE_US * MINUTE_US,
        "quantity": Decimal(quantity),
        "event_count": 1,
        "first_event_us": event_us,
        "last_event_us": event_us,
        "first_log_us": window_end_us - 1,
        "last_log_us": window_end_us - 1,
        "log_window_end_us": window_end_us,
    }
    return MeteredUsage(**{**values, **other})  # type: ignore[arg-type]


class NodeMap(dict[str, bytes]):
    """Nodes of parts in memory."""

    def put(self, name: str, node: bytes) -> None:
        """Keep a node."""
        self[name] = node

    def remove(self, name: str) -> None:
        """Forget a node that is there."""
        del self[name]


def tree_of(account_id: str, key: EntryKey) -> str:
    """Return a name for the parts of an entry."""
    return f"{account_id} {key.period_start_us} {key.meter_id} {key.dimensions}"


@dataclass
class Engine:
    """One keyed operator: accounts, entries, waiting usage, timers, and a watermark of log time."""

    rules: MeteringRules
    accounts: dict[str, bytes] = field(default_factory=dict)
    entries: dict[str, dict[str, bytes]] = field(default_factory=dict)
    nodes: NodeMap = field(default_factory=NodeMap)
    groups: dict[tuple[str, GroupKey], bytes] = field(default_factory=dict)
    chains: dict[tuple[str, ChainKey], bytes] = field(default_factory=dict)
    waiting: dict[str, list[bytes]] = field(default_factory=dict)
    given_up: dict[str, int] = field(default_factory=dict)
    timers: list[tuple[int, str]] = field(default_factory=list)
    rows: list[UsageRow] = field(default_factory=list)
    counted: list[CountedUsage] = field(default_factory=list)
    now_us: int = 0

    def know(self, account: Account) -> None:
        """Make an account known, or its new terms, which must come in time."""
        refused = self.offer(account)
        assert refused is None, refused

    def offer(self, account: Account, log_us: int = 0) -> TooLate | None:
        """Make an account known, or its new terms, and deliver what waits for it.

        Args:
            account: With all its terms.
            log_us: When they were received.

        Returns:
            Why its terms are refused; None if they are not.
        """
        if account.account_id in self.accounts:
            amendment = self._amend(account, max(log_us, self.now_us))
            if isinstance(amendment, TooLate):
                return amendment
        self.accounts[account.account_id] = encode_account(account)
        for state in self.waiting.pop(account.account_id, []):
            self.deliver(decode_usage(state))
        return None

    def _amend(self, account: Account, now_us: int) -> Amendment | TooLate:
        account_id = account.account_id
        known = decode_account(self.accounts[account_id])
        state = self.entries.setdefault(account_id, {})
        entries = [(EntryKey.decode(k), decode_entry(v)) for k, v in state.items()]
        terms = (known.terms, account.terms)
        amendment = amend(self.rules, account_id, terms, entries, now_us)
        if isinstance(amendment, TooLate):
            return amendment
        for before, after, entry in amendment.moved:
            del state[before.encode()]
            state[after.encode()] = encode_entry(entry)
        moved = [(after, entry) for _, after, entry in amendment.moved]
        self.counted.extend(moved_periods(account, moved))
        for time_us in amendment.wake_at_us:
            heapq.heappush(self.timers, (time_us, account_id))
        return amendment

    def deliver(self, row: MeteredUsage) -> None:
        """Hand over one row of usage."""
        record = self.accounts.get(row.account_id)
        account = None if record is None else decode_account(record)
        if account is not None:
            rows, left = part_ways(self.rules, row, self.given_up.get(row.account_id))
            self.rows.extend(rows)
            if left is None:
                return
            row = left
        state = _AccountOf(self, row.account_id)
        key, entry = find_entry(self.rules, account, row, state)
        decision = on_usage(self.rules, account, entry, row)
        self.rows.extend(decision.emit)
        if decision.entry is not None:
            assert isinstance(key, EntryKey)
            assert account is not None
            apply_usage(self.rules, account, key, row, decision, state)
            self.counted.extend(counted_usage(account, key, decision.entry, row))
        if decision.waits:
            self.waiting.setdefault(row.account_id, []).append(encode_usage(row))
        for time_us in decision.wake_at_us:
            heapq.heappush(self.timers, (time_us, row.account_id))

    def advance(self, watermark_us: int = NEVER_US) -> list[UsageRow]:
        """Fire all timers up to the watermark, in order; return what they emit."""
        before = len(self.rows)
        self.now_us = max(self.now_us, watermark_us)
        while self.timers and self.timers[0][0] <= watermark_us:
            now_us, account_id = heapq.heappop(self.timers)
            kept = self.entries.setdefault(account_id, {})
            entries = [(EntryKey.decode(k), decode_entry(v)) for k, v in kept.items()]
            state = _AccountOf(self, account_id)
            settled = settle(self.rules, account_id, entries, state, now_us)
            self.rows.extend(settled.emit)
            decision = on_timer(account_id, settled.entries, state.parts, now_us)
            self.rows.extend(decision.emit)
            apply_timer(self.rules, partial(self._account, account_id), decision, state)
            self._expire_waiting(account_id, now_us)
        return self.rows[before:]

    def _account(self, account_id: str) -> Account:
        return decode_account(self.accounts[account_id])

    def _expire_waiting(self, account_id: str, now_us: int) -> None:
        waiting = map(decode_usage, self.waiting.pop(account_id, []))
        rows, kept = expire_waiting(self.rules, waiting, now_us)
        self.rows.extend(rows)
        self.given_up |= given_up(self.rules, rows)
        if kept:
            self.waiting[account_id] = [encode_usage(row) for row in kept]


@dataclass
class _AccountOf:
    """The state of one account: `udfs.metering.AccountState`."""

    engine: Engine
    account_id: str

    def entry(self, key: EntryKey) -> PeriodEntry | None:
        state = self.engine.entries.get(self.account_id, {}).get(key.encode())
        return None if state is None else decode_entry(state)

    def put_entry(self, key: EntryKey, entry: PeriodEntry) -> None:
        entries = self.engine.entries.setdefault(self.account_id, {})
        entries[key.encode()] = encode_entry(entry)

    def remove_entry(self, key: EntryKey, entry: PeriodEntry) -> None:
        del self.engine.entries[self.account_id][key.encode()]
        remove_parts(self.engine.nodes, tree_of(self.account_id, key))

    def parts(self, key: EntryKey) -> Iterator[Part]:
        return read_parts(self.engine.nodes, tree_of(self.account_id, key))

    def receive(self, key: EntryKey, entry: PeriodEntry, receipt: PartReceipt) -> None:
        keep_receipt(self.engine.nodes, tree_of(self.account_id, key), entry, receipt)

    def chain(self, key: ChainKey) -> Chain | None:
        state = self.engine.chains.get((self.account_id, key))
        return None if state is None else decode_chain(state)

    def put_chain(self, key: ChainKey, chain: Chain) -> None:
        self.engine.chains[self.account_id, key] = encode_chain(chain)

    def remove_chain(self, key: ChainKey) -> None:
        del self.engine.chains[self.account_id, key]

    def group(self, key: GroupKey) -> Group | None:
        state = self.engine.groups.get((self.account_id, key))
        return None if state is None else decode_group(state)

    def put_group(self, key: GroupKey, group: Group) -> None:
        self.engine.groups[self.account_id, key] = encode_group(group)

    def remove_group(self, key: GroupKey) -> None:
        self.engine.groups.pop((self.account_id, key), None)

    def wake(self, at_us: int) -> None:
        heapq.heappush(self.engine.timers, (at_us, self.account_id))


def started(rules: MeteringRules = RULES) -> Engine:
    """Return an engine that knows account A1, monthly in UTC."""
    engine = Engine(rules)
    engine.know(A1)
    return engine

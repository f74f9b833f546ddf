"""The keyed stage: hands each account's usage, terms and timers to the rules of metering.

Nothing is decided here. State holds our own versioned bytes (`schemas.meter_state`).

The key is a bucket of accounts. PyFlink writes the state of each key back in a call of its own,
and waits for the answer; one call for the accounts of a bucket instead of one for each makes the
stage several times faster (docs/performance.md).
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from typing import Any

from pyflink.common import Row, Time, Types
from pyflink.datastream import (
    KeyedCoProcessFunction,
    OutputTag,
    RuntimeContext,
)
from pyflink.datastream.state import (
    ListStateDescriptor,
    MapState,
    MapStateDescriptor,
    StateTtlConfig,
)

from jobs.flink.account_rows import RefusedAccountError, read_account, reject, tell_taken
from jobs.flink.counted_output import CountedOutput
from jobs.flink.keyed_state import (
    BYTES,
    ONE_TO_ONE,
    KeyedAccount,
    NodeState,
    entry_name,
    read_entry,
    read_name,
    read_usage,
    waits_for,
    write_entry,
    write_usage,
)
from jobs.flink.rows import (
    DIMENSION_OVERFLOW,
    EXPIRED_USAGE,
    UNASSIGNED_USAGE,
    USAGE_CORRECTION,
    usage_reader,
    write_row,
)
from schemas.account import Account, AccountRejectReason, decode_account
from schemas.meter_state import EntryKey, PeriodEntry
from schemas.metered_usage import MeteredUsage
from schemas.usage_row import (
    DimensionOverflow,
    ExpiredUsage,
    UnassignedUsage,
    UsageCorrection,
    UsageRow,
)
from udfs.aligning import check_alignment
from udfs.budgeting import counted_usage, moved_periods
from udfs.metering import (
    MeteringRules,
    TooLate,
    amend,
    apply_timer,
    apply_usage,
    expire_waiting,
    find_entry,
    given_up,
    on_timer,
    on_usage,
    part_ways,
    settle,
)

CORRECTIONS = OutputTag("usage_corrections", USAGE_CORRECTION)
EXPIRED = OutputTag("expired_usage", EXPIRED_USAGE)
UNASSIGNED = OutputTag("unassigned_usage", UNASSIGNED_USAGE)
OVERFLOWS = OutputTag("dimension_overflows", DIMENSION_OVERFLOW)

_MS_US = 1000
_TAGS = {
    UsageCorrection: CORRECTIONS,
    ExpiredUsage: EXPIRED,
    UnassignedUsage: UNASSIGNED,
    DimensionOverflow: OVERFLOWS,
}


class MeterPeriods(KeyedCoProcessFunction):
    """Meters the accounts of a bucket: input 1 is their usage, input 2 their terms.

    The main output is `closed_usage`; corrections, expired and unassigned usage, refused accounts
    and what running totals are made of are side outputs.
    """

    def __init__(self, rules: MeteringRules, tells_usage: bool, retraction_days: int) -> None:
        """Keep the rules; they are shipped with the job.

        Args:
            rules: The rules of metering.
            tells_usage: Whether anyone takes the side output `counted_output.COUNTED`.
            retraction_days: For how many days of wall clock a retraction finds its event.
        """
        self._rules, self._tells_usage = rules, tells_usage
        self._retraction_days = retraction_days

    def open(self, runtime_context: RuntimeContext) -> None:
        """Open the state and the metrics."""
        self._read_usage = usage_reader(self._rules.meters)
        self._read_stored = lru_cache(maxsize=100_000)(self._read_stored_account)
        self._accounts: MapState = runtime_context.get_map_state(
            MapStateDescriptor("accounts", Types.STRING(), BYTES)
        )
        self._entries: MapState = runtime_context.get_map_state(
            MapStateDescriptor("entries", Types.STRING(), BYTES)
        )
        self._nodes = NodeState(
            runtime_context.get_map_state(MapStateDescriptor("parts", Types.STRING(), BYTES))
        )
        self._chains: MapState = runtime_context.get_map_state(
            MapStateDescriptor("chains", Types.STRING(), BYTES)
        )
        self._groups: MapState = runtime_context.get_map_state(
            MapStateDescriptor("groups", Types.STRING(), BYTES)
        )
        self._waiting: Any = runtime_context.get_list_state(ListStateDescriptor("waiting", BYTES))
        given_up = MapStateDescriptor("given_up", Types.STRING(), Types.LONG())
        given_up.enable_time_to_live(_time_to_live(self._retraction_days))
        self._given_up: MapState = runtime_context.get_map_state(given_up)
        log_window_us = self._rules.log_window_us
        self._output = CountedOutput(runtime_context, log_window_us, self._tells_usage)
        group = runtime_context.get_metrics_group()
        self._counted = group.counter("counted_events")
        self._late = group.counter("late_events")

    def process_element1(self, value: Row, ctx: Any) -> Iterator[Any]:
        """Take one row of usage."""
        yield from self._output.tell_held(self._entries, self._known, ctx)
        usage = self._read_usage(value)
        yield from self._take(self._account(usage.account_id), usage, ctx)

    def process_element2(self, value: Row, ctx: Any) -> Iterator[Any]:
        """Take an account's terms, then the usage that waited for them."""
        yield from self._output.tell_held(self._entries, self._known, ctx)
        account_id, terms, log_ms = value[0], value[1], value[4]
        try:
            account = read_account(self._rules, account_id, terms)
            now_us = max(log_ms, ctx.timer_service().current_watermark()) * _MS_US
            moved = self._amend(account, now_us, ctx)
        except RefusedAccountError as refused:
            yield reject(value, refused.reason, refused.detail)
            return
        self._accounts.put(account_id, terms.encode().decode(ONE_TO_ONE))
        yield tell_taken(value)
        yield from self._output.tell(moved_periods(account, moved), ctx)
        for usage in self._end_wait(account_id):
            yield from self._take(account, usage, ctx)

    def on_timer(self, timestamp: int, ctx: Any) -> Iterator[Any]:
        """Emit what is due: closes, corrections, and usage that waited in vain."""
        yield from self._output.tell_held(self._entries, self._known, ctx)
        now_us = timestamp * _MS_US
        entries: dict[str, list[tuple[EntryKey, PeriodEntry]]] = {}
        for name, encoded in self._entries.items():
            account_id, key = read_name(name)
            entries.setdefault(account_id, []).append((key, read_entry(encoded)))
        for account_id in sorted(entries):
            state = self._state(account_id, ctx)
            settled = settle(self._rules, account_id, entries[account_id], state, now_us)
            yield from _emit(settled.emit)
            decision = on_timer(account_id, settled.entries, state.parts, now_us)
            apply_timer(self._rules, partial(self._known, account_id), decision, state)
            yield from _emit(decision.emit)
        waiting = [read_usage(state) for state in self._waiting.get() or ()]
        rows, kept = expire_waiting(self._rules, waiting, now_us)
        if rows:
            self._waiting.update([write_usage(usage) for usage in kept])
            for account_id, until_us in given_up(self._rules, rows).items():
                self._given_up.put(account_id, until_us)
            yield from _emit(rows)

    def _amend(self, account: Account, now_us: int, ctx: Any) -> list[tuple[EntryKey, PeriodEntry]]:
        """Move the entries whose periods other terms change; return them."""
        account_id = account.account_id
        known = self._account(account_id)
        if known is None or known == account:
            return []
        named = ((read_name(name), state) for name, state in self._entries.items())
        entries = [(key, read_entry(state)) for (owner, key), state in named if owner == account_id]
        terms = (known.terms, account.terms)
        amendment = amend(self._rules, account_id, terms, entries, now_us)
        if isinstance(amendment, TooLate):
            raise RefusedAccountError(AccountRejectReason.TOO_LATE, amendment.detail)
        for before, after, entry in amendment.moved:
            self._entries.remove(entry_name(account_id, before))
            self._entries.put(entry_name(account_id, after), write_entry(entry))
        self._register(amendment.wake_at_us, ctx)
        return [(key, entry) for _, key, entry in amendment.moved]

    def _end_wait(self, account_id: str) -> list[MeteredUsage]:
        """Return the usage that waited for an account, which waits no longer."""
        mine: list[str] = []
        others: list[str] = []
        for state in self._waiting.get() or ():
            (mine if waits_for(state, account_id) else others).append(state)
        if mine:
            self._waiting.update(others)
        return [read_usage(state) for state in mine]

    def _register(self, wake_at_us: Iterable[int], ctx: Any) -> None:
        for wake_us in wake_at_us:
            # Rounded up: a timer never fires before the instant asked for.
            ctx.timer_service().register_event_time_timer(-(-wake_us // _MS_US))

    def _known(self, account_id: str) -> Account:
        account = self._account(account_id)
        assert account is not None, f"{account_id} has entries, but no terms"
        return account

    def _account(self, account_id: str) -> Account | None:
        encoded = self._accounts.get(account_id)
        return None if encoded is None else self._read_stored(encoded)

    def _read_stored_account(self, encoded: str) -> Account:
        """Read an account from state, once for each of its records."""
        account = decode_account(encoded.encode(ONE_TO_ONE))
        check_alignment(account, self._rules.event_window_us)
        return account

    def _take(self, account: Account | None, usage: MeteredUsage, ctx: Any) -> Iterator[Any]:
        if account is not None and usage.taken_back:
            rows, left = part_ways(self._rules, usage, self._given_up.get(usage.account_id))
            yield from _emit(rows)
            if left is None:
                return
            usage = left
        state = self._state(usage.account_id, ctx)
        key, entry = find_entry(self._rules, account, usage, state)
        decision = on_usage(self._rules, account, entry, usage)
        if decision.entry is not None and isinstance(key, EntryKey) and account is not None:
            apply_usage(self._rules, account, key, usage, decision, state)
            pending = () if entry is None else entry.pending
            is_late = decision.entry.pending != pending
            (self._late if is_late else self._counted).inc(usage.event_count)
            taken = counted_usage(account, key, decision.entry, usage)
            yield from self._output.tell(taken, ctx)
        if decision.waits:
            self._waiting.add(write_usage(usage))
        self._register(decision.wake_at_us, ctx)
        yield from _emit(decision.emit)

    def _state(self, account_id: str, ctx: Any) -> KeyedAccount:
        def wake(at_us: int) -> None:
            self._register((at_us,), ctx)

        return KeyedAccount(
            account_id, self._entries, self._nodes, self._chains, self._groups, wake
        )


def _time_to_live(retraction_days: int) -> StateTtlConfig:
    # A day more than the join keeps events: what it finds on its last day arrives after it.
    return StateTtlConfig.new_builder(Time.days(retraction_days + 1)).build()


def _emit(rows: Iterable[UsageRow]) -> Iterator[Any]:
    for row in rows:
        tag = _TAGS.get(type(row))
        yield write_row(row) if tag is None else (tag, write_row(row))

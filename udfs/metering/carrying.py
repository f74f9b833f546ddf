"""How a level passes from one billing period to the next.

Periods of a meter over time form a chain, one for each run of the contract without a gap. What a
period receives reaches all later ones of its chain: within their cut as part of what they open
with, later in the correction bucket of its log time. A chain goes on until the last period's cut
lies at or after all that its periods have received, so what a new period opens with needs no log
time; and while its level is not zero, one period opens when the one before it closes.

A level ends where the contract has a gap or ends, and where its meter is configured no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from schemas.account import Account
from schemas.billing_period import BillingPeriod
from schemas.meter import Meter
from schemas.meter_state import NO_EVENTS, Chain, ChainKey, EntryKey, PeriodEntry
from schemas.metered_usage import MeteredUsage
from udfs.grouping import reading_of
from udfs.metering.account_state import AccountState
from udfs.metering.receiving import (
    BrokenOrderError,
    PartReceipt,
    bucket_end_us,
    check_unchanged,
    open_entry,
)
from udfs.metering.rules import MeteringRules, jitter_us
from udfs.scheduling import next_period, period_containing, run_start_us
from udfs.weighting import CARRIED_IN, carried_out, carried_text, is_level


def carry_usage(
    rules: MeteringRules,
    account: Account,
    key: EntryKey,
    usage: MeteredUsage,
    state: AccountState,
) -> None:
    """Let a row of usage reach the periods after its own.

    Called when its own entry is stored, before it receives the row.

    Args:
        rules: The settings.
        account: The account.
        key: Of the row's own entry.
        usage: The row; its aggregation is the time-weighted sum.
        state: The account's state.

    Raises:
        BrokenOrderError: The row belongs into a closed row that was emitted already.
        MeterChangedError: The meter's options or unit changed in open periods.
    """
    own = state.entry(key)
    assert own is not None
    links = _Links(rules, account, key, state)
    chain = links.chain()
    if chain is None:
        chain = Chain(key.period_start_us, key.period_start_us)
        links.wake(key, own)
    elif key.period_start_us < chain.first_start_us:
        links.wake(key, own)
        for period in links.between(key.period_end_us, chain.first_start_us):
            links.open(period, None)
        chain = replace(chain, first_start_us=key.period_start_us)
    chain = _extend(links, chain, key, usage.log_window_end_us)
    links.put_chain(chain)
    text = carried_text(own.options, reading_of(usage))
    for period in links.between(key.period_end_us, chain.last_start_us + 1):
        _reach(links, period, usage.log_window_end_us, text)


def carry_level(
    rules: MeteringRules, account: Account, key: EntryKey, entry: PeriodEntry, state: AccountState
) -> None:
    """Open the next period with the level of one that closed, if that is not zero.

    Args:
        rules: The settings.
        account: The account.
        key: Of the entry that closed.
        entry: The entry.
        state: The account's state.

    Raises:
        MeterChangedError: The meter's options or unit changed in open periods.
    """
    links = _Links(rules, account, key, state)
    chain = links.chain()
    if chain is None or chain.last_start_us != key.period_start_us:
        return
    text = carried_out(entry.options, state.parts(key))
    period = links.after(links.period(key.period_start_us))
    if period is not None and is_level(entry.options, text):
        check_unchanged(links.meter(), entry, account.account_id)
        links.open(period, text)
        links.put_chain(replace(chain, last_start_us=period.start_us))


def retire(account: Account, key: EntryKey, entry: PeriodEntry, state: AccountState) -> None:
    """Forget an entry past its horizon; of a chain only the first, else keep it.

    Args:
        account: The account.
        key: Of the entry.
        entry: The entry, with nothing pending.
        state: The account's state.
    """
    chain_key = _chain_key(account, key)
    chain = state.chain(chain_key)
    if chain is None or chain.first_start_us != key.period_start_us:
        state.put_entry(key, entry)
        return
    state.remove_entry(key, entry)
    if chain.last_start_us == key.period_start_us:
        state.remove_chain(chain_key)
    else:
        state.put_chain(chain_key, replace(chain, first_start_us=key.period_end_us))


class _Links:
    """The chain that an entry belongs to, in the state of its account."""

    def __init__(
        self, rules: MeteringRules, account: Account, key: EntryKey, state: AccountState
    ) -> None:
        self.rules, self.state = rules, state
        self._account, self._key = account, key
        self.account_id = account.account_id
        self._chain_key = _chain_key(account, key)

    def chain(self) -> Chain | None:
        return self.state.chain(self._chain_key)

    def put_chain(self, chain: Chain) -> None:
        self.state.put_chain(self._chain_key, chain)

    def period(self, start_us: int) -> BillingPeriod:
        period = period_containing(self._account.terms, start_us)
        if not isinstance(period, BillingPeriod) or period.start_us != start_us:
            raise AssertionError(f"{self._account.account_id}: no period begins at {start_us}")
        return period

    def between(self, start_us: int, end_us: int) -> Iterable[BillingPeriod]:
        """Return the periods that begin from one instant on, before another."""
        while start_us < end_us:
            period = self.period(start_us)
            yield period
            start_us = period.end_us

    def after(self, period: BillingPeriod) -> BillingPeriod | None:
        """Return the period that the level passes on to."""
        is_metered = self._key.meter_id in self.rules.meters
        return next_period(self._account.terms, period) if is_metered else None

    def meter(self) -> Meter:
        return self.rules.meters[self._key.meter_id]

    def key_of(self, period: BillingPeriod) -> EntryKey:
        return EntryKey(period.start_us, period.end_us, self._key.meter_id, self._key.dimensions)

    def open(self, period: BillingPeriod, text: str | None) -> None:
        """Give a period an entry with what was carried in."""
        key, entry = self.key_of(period), open_entry(self.meter(), period)
        known = self.state.entry(key)
        if known is None:
            self.state.put_entry(key, entry)
        self.wake(key, entry)
        if text is not None:
            self.state.receive(key, entry, PartReceipt(CARRIED_IN, 0, text))

    def wake(self, key: EntryKey, entry: PeriodEntry) -> None:
        cut_us = key.period_end_us + entry.grace_us + self.delay_us()
        self.state.wake(cut_us)
        self.state.wake(cut_us + entry.correction_horizon_us)

    def delay_us(self) -> int:
        return jitter_us(self.rules, self._account.account_id)


def _extend(links: _Links, chain: Chain, key: EntryKey, log_us: int) -> Chain:
    """Open periods up to the row's own, and on until the last one's cut lies at its log time."""
    last = links.period(chain.last_start_us)
    text: str | None = None
    is_read = False
    while True:
        last_key = links.key_of(last)
        entry = links.state.entry(last_key)
        assert entry is not None
        is_complete = log_us <= last.end_us + entry.grace_us
        if last.start_us >= key.period_start_us and is_complete:
            return chain
        period = links.after(last)
        if period is None:
            return chain
        check_unchanged(links.meter(), entry, links.account_id)
        if not is_read:
            # What the last one received before this row is all that passes on.
            text, is_read = carried_out(entry.options, links.state.parts(last_key)), True
        links.open(period, text)
        last, chain = period, replace(chain, last_start_us=period.start_us)


def _reach(links: _Links, period: BillingPeriod, log_us: int, text: str) -> None:
    """Let what an earlier period received change what a period opens with."""
    key = links.key_of(period)
    entry = links.state.entry(key)
    assert entry is not None
    cut_us = period.end_us + entry.grace_us
    if log_us <= cut_us:
        if entry.closed:
            raise BrokenOrderError(
                f"level of {key}: expected before the close at {cut_us}, found its log window "
                f"{log_us} after it"
            )
        due_us = 0
    else:
        due_us = bucket_end_us(links.rules, log_us)
        pending = dict(entry.pending)
        if due_us not in pending:
            pending[due_us] = NO_EVENTS
            ordered = tuple(sorted(pending.items(), key=lambda bucket: bucket[0]))
            links.state.put_entry(key, replace(entry, pending=ordered))
            links.state.wake(due_us + links.delay_us())
    links.state.receive(key, entry, PartReceipt(CARRIED_IN, due_us, text))


def _chain_key(account: Account, key: EntryKey) -> ChainKey:
    start_us = run_start_us(account.terms, key.period_start_us)
    return ChainKey(key.meter_id, key.dimensions, start_us)

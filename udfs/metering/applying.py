"""Carries decisions out in the state of an account, for every engine alike."""

from __future__ import annotations

from collections.abc import Callable

from schemas.account import Account
from schemas.aggregation import Aggregation
from schemas.meter_state import EntryKey
from schemas.metered_usage import MeteredUsage
from udfs.metering.account_state import AccountState
from udfs.metering.carrying import carry_level, carry_usage, retire
from udfs.metering.closing import TimerDecision
from udfs.metering.limiting import note_opened
from udfs.metering.receiving import Decision
from udfs.metering.rules import MeteringRules


def apply_usage(
    rules: MeteringRules,
    account: Account,
    key: EntryKey,
    usage: MeteredUsage,
    decision: Decision,
    state: AccountState,
) -> None:
    """Store what `on_usage` decided of a row that an entry takes.

    Args:
        rules: The settings.
        account: The account.
        key: What `locate` gave.
        usage: The row.
        decision: Of `on_usage`; it has an entry.
        state: The account's state.

    Raises:
        BrokenOrderError: The row belongs into a closed row that was emitted already.
        MeterChangedError: A meter's options or unit changed in open periods.
    """
    entry = decision.entry
    assert entry is not None
    state.put_entry(key, entry)
    if decision.opens:
        note_opened(rules, account.account_id, key, usage.log_window_end_us, state)
    if entry.aggregation is Aggregation.TIME_WEIGHTED_SUM:
        carry_usage(rules, account, key, usage, state)
    if decision.receipt is not None:
        state.receive(key, entry, decision.receipt)


def apply_timer(
    rules: MeteringRules,
    read_account: Callable[[], Account],
    decision: TimerDecision,
    state: AccountState,
) -> None:
    """Store and delete what `on_timer` decided, and open the periods that levels pass on to.

    Args:
        rules: The settings.
        read_account: Reads the account; called only where a level needs its terms.
        decision: Of `on_timer`.
        state: The account's state.

    Raises:
        MeterChangedError: A meter's options or unit changed in open periods.
    """
    for key, entry in decision.changed:
        state.put_entry(key, entry)
    for key, entry in decision.levels:
        carry_level(rules, read_account(), key, entry, state)
    for key, entry in decision.removed:
        if entry.aggregation is Aggregation.TIME_WEIGHTED_SUM:
            retire(read_account(), key, entry, state)
        else:
            state.remove_entry(key, entry)
    for group in decision.forgotten:
        state.remove_group(group)

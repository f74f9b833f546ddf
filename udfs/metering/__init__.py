"""When usage counts: closing periods, correcting closed ones, expiring what comes too late.

The one step function of metering. The stream, the recompute and the tests all ask it; none of
them repeats its sequence. Event time decides the billing period of a row of usage. Its log time
alone decides what becomes of it:

    period_start        period_end    cut                        cut + horizon
    |--------------------|------------|--------|--------|--------|-----------> log time
    [ in the closed row, revision 0   ] [ 1st  ] [ 2nd  ] [ ...  ] [ expired ...
                           (grace)      correction buckets

Timers decide only when rows are emitted, never what is in them. An engine owes three things:

1. A row of usage arrives before any timer at or after its log window's end fires. Usage of later
   windows may well be there before.
2. For each row of a known account `part_ways`, with the last of what `given_up` returned for it;
   then, of the row that is left, if any, `find_entry`, hand it to `on_usage` with what was found,
   and carry out the decision: `apply_usage` where an entry takes it; keep usage that waits,
   register timers, emit.
3. When a timer fires, at the time asked or later, hand all entries of the account to `settle` and
   those that it leaves to `on_timer`, with a way to read an entry's parts, and all its waiting
   usage to `expire_waiting`; then `apply_timer`, keep what `given_up` says of the waiting usage,
   and emit what all three return.
4. When an account becomes known, do 2. for its waiting usage. Terms of an account never go away.
5. When a known account gets other terms, hand all its entries to `amend`; refuse the terms where
   it says so, or else move the entries and register the timers it returns.
"""

from udfs.metering.account_state import AccountState
from udfs.metering.amending import Amendment, TooLate, amend
from udfs.metering.applying import apply_timer, apply_usage
from udfs.metering.closing import TimerDecision, expire_waiting, on_timer
from udfs.metering.limiting import OVERFLOW, Settled, find_entry, settle
from udfs.metering.receiving import (
    BrokenOrderError,
    Decision,
    MeterChangedError,
    PartReceipt,
    keep_receipt,
    locate,
    on_usage,
)
from udfs.metering.returning import given_up, part_ways
from udfs.metering.rules import MeteringRules, account_bucket, jitter_us

__all__ = [
    "OVERFLOW",
    "AccountState",
    "Amendment",
    "BrokenOrderError",
    "Decision",
    "MeterChangedError",
    "MeteringRules",
    "PartReceipt",
    "Settled",
    "TimerDecision",
    "TooLate",
    "account_bucket",
    "amend",
    "apply_timer",
    "apply_usage",
    "expire_waiting",
    "find_entry",
    "given_up",
    "jitter_us",
    "keep_receipt",
    "locate",
    "on_timer",
    "on_usage",
    "part_ways",
    "settle",
]

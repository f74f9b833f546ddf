"""What becomes of one row of usage: gathered, kept until its account is known, or emitted."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.account import Account
from schemas.aggregation import Aggregation, AggregationOptions, encode_options
from schemas.billing_period import BillingPeriod
from schemas.instant import to_text
from schemas.meter import Meter
from schemas.meter_state import Accumulator, EntryKey, Part, PeriodEntry
from schemas.metered_usage import MeteredUsage
from schemas.usage_row import UnassignedReason, UsageRow
from udfs.aggregating import combine
from udfs.aligning import EventWindowError
from udfs.branching import Nodes, change_part
from udfs.grouping import receipt_of, receive
from udfs.metering.emitting import expired_row, unassigned_row
from udfs.metering.rules import MeteringRules, forgotten_us, jitter_us
from udfs.scheduling import period_containing


class BrokenOrderError(RuntimeError):
    """Usage arrived after a timer that should have waited for it: the engine broke its promise."""


class MeterChangedError(RuntimeError):
    """A meter's aggregation, options or unit changed in open periods; it needs a new meter_id."""


@dataclass(frozen=True, slots=True)
class PartReceipt:
    """What a part of the located entry receives; `keep_receipt` adds it.

    Attributes:
        name: Of the part.
        counts_from_us: Log time from which on it counts: 0 within the cut, which new terms may
            still move, else the end of the correction bucket.
        text: What is received.
    """

    name: str
    counts_from_us: int
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one row of usage.

    Attributes:
        emit: Rows to emit now.
        entry: The entry to store under the located key; None: store nothing.
        receipt: What to add to a part of the entry; None of what has no parts.
        opens: Whether the entry is new.
        waits: Whether to keep the usage until its account is known.
        wake_at_us: Timers to register; registering one again changes nothing.
    """

    emit: tuple[UsageRow, ...] = ()
    entry: PeriodEntry | None = None
    receipt: PartReceipt | None = None
    opens: bool = False
    waits: bool = False
    wake_at_us: tuple[int, ...] = ()


def locate(account: Account | None, usage: MeteredUsage) -> EntryKey | UnassignedReason:
    """Return the key of the entry that a row of usage belongs to, or why there is none."""
    if account is None:
        return UnassignedReason.UNKNOWN_ACCOUNT
    period = period_containing(account.terms, usage.event_window_start_us)
    if isinstance(period, UnassignedReason):
        return period
    return EntryKey(period.start_us, period.end_us, usage.meter_id, usage.dimensions)


def on_usage(
    rules: MeteringRules,
    account: Account | None,
    entry: PeriodEntry | None,
    usage: MeteredUsage,
) -> Decision:
    """Decide what becomes of one row of usage.

    Args:
        rules: The settings.
        account: The account the usage names; None while it is unknown.
        entry: What is stored under the key that `locate` gives; None if nothing is.
        usage: The row.

    Raises:
        BrokenOrderError: The row belongs into a closed row that was emitted already.
        EventWindowError: The row's events are in several periods.
        MeterChangedError: The entry was opened with another aggregation, options or unit.
    """
    if account is None:
        wake_us = usage.log_window_end_us + rules.unknown_account_wait_us
        return Decision(waits=True, wake_at_us=(wake_us + jitter_us(rules, usage.account_id),))
    period = period_containing(account.terms, usage.event_window_start_us)
    if isinstance(period, UnassignedReason):
        return Decision(emit=(unassigned_row(rules, usage, period),))
    if usage.last_event_us >= period.end_us:
        raise EventWindowError(
            f"usage of account {usage.account_id}: expected events before the period's end at "
            f"{to_text(period.end_us)}, found one at {to_text(usage.last_event_us)}, summed up "
            "under wider event windows; set metering.event_window_s back to those, and restore "
            "from the newest checkpoint"
        )
    meter = rules.meters.get(usage.meter_id)
    if entry is None:
        if meter is None:
            return Decision(emit=(unassigned_row(rules, usage, UnassignedReason.UNKNOWN_METER),))
        forgotten_at_us = forgotten_us(rules, meter.meter_id, period)
        if forgotten_at_us is not None and usage.log_window_end_us > forgotten_at_us:
            # A longer horizon brings nothing back: a correction would not know what it corrects.
            return Decision(emit=(expired_row(usage, period, meter.unit),))
        return _add(rules, period, open_entry(meter, period), usage, is_new=True)
    if meter is not None:
        check_unchanged(meter, entry, usage.account_id)
    return _add(rules, period, entry, usage, is_new=False)


def keep_receipt(nodes: Nodes, tree: str, entry: PeriodEntry, receipt: PartReceipt) -> None:
    """Add what a part receives to the parts of its entry.

    Args:
        nodes: Where parts are kept.
        tree: Name of the entry's parts.
        entry: The entry.
        receipt: From the same decision.
    """

    def received(part: Part) -> Part:
        counts_from_us, text = receipt.counts_from_us, receipt.text
        return receive(entry.aggregation, entry.options, part, counts_from_us, text)

    change_part(nodes, tree, receipt.name, received)


def check_unchanged(meter: Meter, entry: PeriodEntry, account_id: str) -> None:
    """Check that a meter is what one of an account's open entries was opened with.

    Raises:
        MeterChangedError: It is not.
    """
    if (
        meter.aggregation is not entry.aggregation
        or meter.unit != entry.unit
        or meter.options != entry.options
    ):
        expected = _meaning(entry.aggregation, entry.unit, entry.options)
        found = _meaning(meter.aggregation, meter.unit, meter.options)
        raise MeterChangedError(
            f"meter {meter.meter_id}: expected {expected} as in periods that account {account_id} "
            f"has open, found {found}; give it a new meter_id or set it back, and restore from the "
            "newest checkpoint"
        )


def _meaning(aggregation: Aggregation, unit: str, options: AggregationOptions) -> str:
    text = encode_options(options)
    return f"{aggregation} of {unit}" + (f" with {text}" if text else "")


def open_entry(meter: Meter, period: BillingPeriod) -> PeriodEntry:
    """Return the empty entry of a meter in a period."""
    return PeriodEntry(
        meter.aggregation,
        meter.options,
        meter.unit,
        period.timezone,
        period.terms_version,
        meter.grace_us,
        meter.correction_horizon_us,
        False,
        0,
        None,
        (),
    )


def _add(
    rules: MeteringRules,
    period: BillingPeriod,
    entry: PeriodEntry,
    usage: MeteredUsage,
    is_new: bool,
) -> Decision:
    """Add usage to what the period's cut or its correction bucket gathers, or expire it."""
    cut_us = period.end_us + entry.grace_us
    horizon_us = cut_us + entry.correction_horizon_us
    log_us = usage.log_window_end_us
    if log_us > horizon_us:
        return Decision(emit=(expired_row(usage, period, entry.unit),))
    total, pending = entry.total, entry.pending
    if log_us <= cut_us:
        if entry.closed:
            raise BrokenOrderError(
                f"usage of account {usage.account_id}, meter {usage.meter_id}: expected before "
                f"the close at {cut_us}, found its log window {log_us} after it"
            )
        due_us, is_first = cut_us, total is None
        total = combine(entry.aggregation, total, usage, entry.has_parts)
    else:
        due_us = bucket_end_us(rules, log_us)
        pending = _gather(entry, due_us, usage)
        is_first = len(pending) > len(entry.pending)
    wake_at_us: tuple[int, ...] = ()
    if is_first or is_new:
        delay_us = jitter_us(rules, usage.account_id)
        first = (due_us + delay_us,) if is_first else ()
        wake_at_us = (*first, horizon_us + delay_us) if is_new else first
    receipt = None
    if entry.has_parts:
        if not usage.part and entry.aggregation is not Aggregation.HISTOGRAM:
            raise MeterChangedError(
                f"meter {usage.meter_id}: expected usage with a part for {entry.aggregation}, "
                "found usage from before its aggregation changed; give it a new meter_id or set it "
                "back, and restore from the newest checkpoint"
            )
        name, text = receipt_of(entry.aggregation, entry.options, usage)
        receipt = PartReceipt(name, 0 if log_us <= cut_us else due_us, text)
    return Decision((), _advance(entry, total, pending), receipt, is_new, False, wake_at_us)


def bucket_end_us(rules: MeteringRules, log_us: int) -> int:
    """Return when late usage is due: the first end of a correction bucket from a log time on."""
    return -(-log_us // rules.correction_bucket_us) * rules.correction_bucket_us


def _gather(
    entry: PeriodEntry, bucket_end_us: int, usage: MeteredUsage
) -> tuple[tuple[int, Accumulator], ...]:
    """Return the pending buckets with late usage added to one of them, ordered."""
    buckets = dict(entry.pending)
    before = buckets.get(bucket_end_us)
    buckets[bucket_end_us] = combine(entry.aggregation, before, usage, entry.has_parts)
    return tuple(sorted(buckets.items(), key=_by_bucket_end))


def _advance(
    entry: PeriodEntry,
    total: Accumulator | None,
    pending: tuple[tuple[int, Accumulator], ...],
) -> PeriodEntry:
    # Spelled out in half the time of dataclasses.replace: it runs for every row of usage.
    return PeriodEntry(
        entry.aggregation,
        entry.options,
        entry.unit,
        entry.timezone,
        entry.terms_version,
        entry.grace_us,
        entry.correction_horizon_us,
        entry.closed,
        entry.revision,
        total,
        pending,
    )


def _by_bucket_end(bucket: tuple[int, Accumulator]) -> int:
    return bucket[0]

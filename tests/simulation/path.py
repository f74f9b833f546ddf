"""The path of records through the job, with the rules of the job: from Kafka to rows.

It parses records, forgets repeats, gathers log windows, hands usage to the keyed engine and moves
its timers; it may be restored from its checkpoint, as Flink does: state and positions go back, and
rows that were not committed are dropped.
"""

from collections import defaultdict
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from audit.shapes import RawRecord
from schemas.account import Account, AccountError, AccountRejectReason, decode_account
from schemas.instant import DAY_US, HOUR_US
from schemas.meter import Meter
from schemas.metered_usage import MeteredUsage
from schemas.rejected_event import RejectReason
from tests.simulation.path_rows import Asked, RefusedAccount, Reject, TakenBackEvent
from tests.udfs.engine import Engine
from tests.udfs.gathering import Share, WindowKey, gather
from tests.udfs.watching import Watcher
from udfs.aligning import misalignment
from udfs.metering import MeteringRules
from udfs.parsing import ParsedRecord, ParsingRules, RecordParser
from udfs.sharing import EACH_EVENT, SHARE_TEXTS

SLACK_MS = 5000
Identity = tuple[str | None, str | None]


class LateForWindowError(RuntimeError):
    """A record is of a log window that is complete: Flink would drop it."""


class Given(NamedTuple):
    """What an event gave to a meter that can give it back."""

    key: WindowKey
    share: Share


@dataclass
class State:
    """All that a checkpoint holds."""

    engine: Engine
    positions: list[int]
    last_ms: list[int]
    seen: set[Identity] = field(default_factory=set)
    windows: dict[WindowKey, list[Share]] = field(default_factory=lambda: defaultdict(list))
    rejects: list[Reject] = field(default_factory=list)
    refused: list[RefusedAccount] = field(default_factory=list)
    known_at_us: dict[str, int] = field(default_factory=dict)
    given: dict[Identity, tuple[RawRecord, list[Given]]] = field(default_factory=dict)
    retractions: dict[Identity, list[tuple[RawRecord, str | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    taken_back: set[Identity] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)
    retracted: list[TakenBackEvent] = field(default_factory=list)
    watcher: Watcher = field(default_factory=Watcher)


class MeteringPath:
    """One run over a log; a subclass may break any step."""

    def __init__(self, meters: Sequence[Meter], partitions: int) -> None:
        """Start without state; partitions are known from the start."""
        self.meters = {meter.meter_id: meter for meter in meters}
        parsing = ParsingRules(tuple(meters), 65_536, HOUR_US, 400 * DAY_US)
        self._parse = RecordParser(parsing).parse
        self._rules = self.rules()
        self.state = State(Engine(self._rules), [0] * partitions, [0] * partitions)
        self.checkpoint = deepcopy(self.state)

    def rules(self) -> MeteringRules:
        """Return the rules."""
        return MeteringRules(self.meters)

    def read(self, record: RawRecord) -> None:
        """Read one record: parse it, forget repeats, gather its usage.

        Raises:
            LateForWindowError: Its log window is complete already.
        """
        state, partition = self.state, record.partition
        was_us = self.watermark_us()
        state.positions[partition] += 1
        state.last_ms[partition] = max(state.last_ms[partition], record.log_time_ms)
        parsed = self._parse(record.value, record.log_time_ms)
        if parsed.batch is None:
            self._read_event(record, parsed, was_us)
        for index, element in enumerate(parsed.batch or ()):
            self._read_event(replace(record, index=index), element.event, was_us)

    def _read_event(self, record: RawRecord, parsed: ParsedRecord, was_us: int) -> None:
        """Read a record, or an event of a batch, after its log time moved on from `was_us`."""
        state = self.state
        if parsed.reason is not None:
            self._reject(record, parsed, parsed.reason)
            return
        identity = (parsed.event_source, parsed.event_id)
        is_heartbeat = parsed.shares is None and parsed.retracted_id is None
        if is_heartbeat or self.is_repeat(identity):
            return
        window_end_us = self._window_end_us(record)
        if window_end_us <= was_us:
            raise LateForWindowError(f"{parsed.event_id}: window {window_end_us} <= {was_us}")
        if parsed.shares is not None:
            self._share(record, parsed, window_end_us)
        else:
            identity = (parsed.retracted_source, parsed.retracted_id)
            state.retractions[identity].append((record, parsed.account_id))
            texts = (parsed.event_source, parsed.event_id, parsed.account_id, *identity)
            place = (record.partition, record.offset, record.log_time_ms * 1000, record.index)
            state.asked.append(Asked(*texts, *place))
        self.take_back(identity)

    def take_back(self, identity: Identity) -> None:
        """Take an event back if it is there, and a retraction that stands behind it."""
        state = self.state
        if identity not in state.given:
            return
        record, given = state.given[identity]
        for asking, account_id in state.retractions[identity]:
            is_behind = _log_order(record) < _log_order(asking)
            is_first = identity not in state.taken_back or self.takes_back_twice()
            for key, share in given if is_behind and is_first else ():
                if account_id != key.account_id:
                    continue
                state.taken_back.add(identity)
                back = key._replace(
                    log_window_end_us=self._window_end_us(asking), is_retraction=True
                )
                asked_us, received_us = asking.log_time_ms * 1000, key.log_window_end_us
                state.windows[back].append(share._replace(log_us=asked_us, received_us=received_us))
                place = (record.partition, record.offset, record.index)
                event = (*key[:3], *identity, *place, share.event_us, share.units)
                state.retracted.append(TakenBackEvent(*event, asked_us))

    def takes_back_twice(self) -> bool:
        """Return whether an event may be taken back more than once: never."""
        return False

    def _window_end_us(self, record: RawRecord) -> int:
        size_us = self._rules.log_window_us
        return (record.log_time_ms * 1000 // size_us + 1) * size_us

    def _share(self, record: RawRecord, parsed: ParsedRecord, window_end_us: int) -> None:
        """Keep what each meter of the event's type counts of it."""
        assert parsed.shares is not None
        assert parsed.event_us is not None
        assert parsed.account_id is not None
        fed = [each for each in self.meters.values() if each.event_type == parsed.event_type]
        given: list[Given] = []
        for at, meter in enumerate(fed):
            dimensions, units, part = parsed.shares[SHARE_TEXTS * at : SHARE_TEXTS * (at + 1)]
            if not units:
                reason = RejectReason.MISSING_UNITS if units is None else RejectReason.BAD_UNITS
                self._reject(record, parsed, reason, meter.meter_id)
                continue
            if part == EACH_EVENT:
                part = f"{record.partition}:{record.offset}"
                part += "" if record.index is None else f":{record.index}"
            start_us = parsed.event_us - parsed.event_us % self._rules.event_window_us
            subject = (parsed.account_id, meter.meter_id, dimensions or "")
            key = WindowKey(*subject, start_us, part or "", window_end_us)
            share = Share(Decimal(units), parsed.event_us, record.log_time_ms * 1000)
            self.state.windows[key].append(share)
            if meter.is_retractable:
                given.append(Given(key, share))
        self.state.given[parsed.event_source, parsed.event_id] = (record, given)

    def _reject(
        self, record: RawRecord, parsed: ParsedRecord, reason: str, meter_id: str | None = None
    ) -> None:
        place = (record.log_time_ms * 1000, record.partition, record.offset)
        texts = (parsed.event_source, parsed.event_id, parsed.account_id)
        self.state.rejects.append(Reject(*place, str(reason), meter_id, *texts, record.index))

    def is_repeat(self, identity: tuple[str | None, str | None]) -> bool:
        """Return whether an identity was there before, and remember it."""
        is_there = identity in self.state.seen
        self.state.seen.add(identity)
        return is_there

    def watermark_us(self) -> int:
        """Return the log time up to which all records have been read."""
        return (min(self.state.last_ms) - SLACK_MS) * 1000

    def add_partition(self) -> None:
        """Find a new partition: until its first record it holds time where it is."""
        reached_ms = min(self.state.last_ms)
        self.state.positions.append(0)
        self.state.last_ms.append(reached_ms)

    def advance(self) -> None:
        """Hand over complete windows, then fire timers."""
        watermark_us = self.watermark_us()
        self.deliver_windows(watermark_us)
        self.state.engine.advance(watermark_us)
        self.watch_budgets(watermark_us)

    def watch_budgets(self, now_us: int) -> None:
        """Let the stage behind the engine fold what is due."""
        self.state.watcher.advance(now_us)

    def complete_windows(self, watermark_us: int) -> list[WindowKey]:
        """Return the windows that are over, in order."""
        over = (key for key in self.state.windows if key.log_window_end_us <= watermark_us)
        return sorted(over, key=lambda key: (key.log_window_end_us, key))

    def deliver_windows(self, watermark_us: int) -> None:
        """Deliver the usage of all windows that are complete."""
        for key in self.complete_windows(watermark_us):
            self.deliver_window(key)

    def deliver_window(self, key: WindowKey) -> None:
        """Deliver the usage of one window."""
        shares = self.state.windows.pop(key)
        self.deliver(gather(self.meters[key.meter_id], key, shares))

    def deliver(self, usage: MeteredUsage) -> None:
        """Hand one row of usage to the engine."""
        self.state.engine.deliver(usage)
        self.state.watcher.take_from(self.state.engine)

    def take_terms(self, account_id: str, terms: bytes, log_us: int) -> None:
        """Take a record of the accounts topic, as `jobs/flink/period_function.py` does."""
        refused = self._offer(account_id, terms, log_us)
        if refused is not None:
            self.state.refused.append(RefusedAccount(log_us, account_id, *refused))
        elif account_id not in self.state.known_at_us:
            self.state.known_at_us[account_id] = log_us

    def _offer(self, account_id: str, terms: bytes, log_us: int) -> tuple[str, str] | None:
        try:
            account: Account = decode_account(terms)
        except AccountError as error:
            return AccountRejectReason.BAD_TERMS.value, str(error)
        problem = misalignment(account.terms, self._rules.event_window_us)
        if problem is not None:
            return AccountRejectReason.OFF_WINDOW.value, problem
        too_late = self.state.engine.offer(account, log_us)
        self.state.watcher.take_from(self.state.engine)
        if too_late is not None:
            return AccountRejectReason.TOO_LATE.value, too_late.detail
        return None

    def keep(self) -> None:
        """Take a checkpoint."""
        self.checkpoint = deepcopy(self.state)

    def restore(self) -> None:
        """Go back to the last checkpoint."""
        self.state = deepcopy(self.checkpoint)


def _log_order(record: RawRecord) -> tuple[int, int, int, int]:
    return record.log_time_ms, record.partition, record.offset, record.index or 0

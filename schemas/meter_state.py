"""What metering remembers of an open period, and its versioned bytes.

The bytes are state: every version ever written must load for ever (tests/fixtures/state keeps one
of each). A change of the layout is a new version with its own reader beside the old one.

Version 1, little endian. Text is UTF-8, quantities are decimal text of any size:

    entry        version u8 = 1, aggregation u8, closed u8, totals u8 (0 or 1), revision u32,
                 terms_version u32, grace_us i64, correction_horizon_us i64, pending u32,
                 lengths u16 of unit and timezone, unit, timezone,
                 then total if there is one, then the pending buckets
    bucket       bucket_end_us i64, accumulator
    accumulator  event_count i64, first_event_us i64, last_event_us i64, first_log_us i64,
                 last_log_us i64, quantity length u16, quantity
    usage        version u8 = 1, lengths u32 of account_id, meter_id, dimensions, quantity,
                 event_window_start_us i64, event_count i64, first_event_us i64, last_event_us i64,
                 first_log_us i64, last_log_us i64, log_window_end_us i64, then the four texts
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from json.encoder import encode_basestring_ascii as _quote
from struct import Struct

from schemas.meter import Aggregation
from schemas.metered_usage import MeteredUsage

STATE_VERSION = 1

_ENTRY = Struct("<BBBBIIqqIHH")
_ACCUMULATOR = Struct("<qqqqqH")
_BUCKET_END = Struct("<q")
_USAGE = Struct("<BIIIIqqqqqqq")
_AGGREGATIONS = (Aggregation.COUNT, Aggregation.SUM, Aggregation.MAX, Aggregation.MIN)
_CODES = {aggregation: code for code, aggregation in enumerate(_AGGREGATIONS)}


class StateVersionError(RuntimeError):
    """State written by a version of the program that this one does not know."""


@dataclass(frozen=True, slots=True)
class Accumulator:
    """Many events as one quantity; None stands for no events.

    Attributes:
        quantity: Count, sum, maximum or minimum of their units.
        event_count: How many, at least 1.
        first_event_us: Earliest event time.
        last_event_us: Latest event time.
        first_log_us: Earliest log time.
        last_log_us: Latest log time.
    """

    quantity: Decimal
    event_count: int
    first_event_us: int
    last_event_us: int
    first_log_us: int
    last_log_us: int


@dataclass(frozen=True, slots=True)
class PeriodEntry:
    """One meter and its dimensions in one open period of one account.

    It carries what it needs of its meter, so that it closes under the rules it was opened with,
    whatever the configuration says by then.

    Attributes:
        aggregation: How its quantities merge.
        unit: Name of the unit.
        timezone: IANA zone of the period's boundaries.
        terms_version: Version of the account's terms that hold in the period.
        grace_us: From the period's end to its cut.
        correction_horizon_us: From the cut to the last log time of a correction.
        closed: Whether the cut has passed.
        revision: Of the last row emitted; 0 before the first correction.
        total: Up to the close the usage within the cut, then all usage emitted so far.
        pending: Late usage by the end of its correction bucket, ordered; not yet emitted.
    """

    aggregation: Aggregation
    unit: str
    timezone: str
    terms_version: int
    grace_us: int
    correction_horizon_us: int
    closed: bool
    revision: int
    total: Accumulator | None
    pending: tuple[tuple[int, Accumulator], ...]


@dataclass(frozen=True, slots=True, order=True)
class EntryKey:
    """Which entry of an account; the order of its fields is the order of emitted rows.

    Attributes:
        period_start_us: First instant of the period.
        period_end_us: First instant after the period.
        meter_id: Which meter.
        dimensions: Canonical JSON text.
    """

    period_start_us: int
    period_end_us: int
    meter_id: str
    dimensions: str

    def encode(self) -> str:
        """Return the key as canonical JSON array text, equal exactly for equal keys."""
        return (
            f"[{self.period_start_us},{self.period_end_us},{_quote(self.meter_id)},"
            f"{_quote(self.dimensions)}]"
        )

    @classmethod
    def decode(cls, text: str) -> EntryKey:
        """Read a key back from its text."""
        return cls(*json.loads(text))


def encode_entry(entry: PeriodEntry) -> bytes:
    """Return the entry in the newest version of the encoding.

    Raises:
        struct.error: A number is out of its range, a broken invariant.
    """
    unit, timezone = entry.unit.encode(), entry.timezone.encode()
    parts = [
        _ENTRY.pack(
            STATE_VERSION,
            _CODES[entry.aggregation],
            entry.closed,
            entry.total is not None,
            entry.revision,
            entry.terms_version,
            entry.grace_us,
            entry.correction_horizon_us,
            len(entry.pending),
            len(unit),
            len(timezone),
        ),
        unit,
        timezone,
    ]
    if entry.total is not None:
        parts.append(_encode_accumulator(entry.total))
    for bucket_end_us, accumulator in entry.pending:
        parts.append(_BUCKET_END.pack(bucket_end_us))
        parts.append(_encode_accumulator(accumulator))
    return b"".join(parts)


def decode_entry(state: bytes) -> PeriodEntry:
    """Read an entry of any version ever written.

    Raises:
        StateVersionError: The version is not known.
        ValueError, struct.error, decimal.InvalidOperation: The bytes are damaged.
    """
    _check_version(state)
    (
        _,
        code,
        closed,
        totals,
        revision,
        terms_version,
        grace_us,
        horizon_us,
        pending_count,
        unit_size,
        timezone_size,
    ) = _ENTRY.unpack_from(state)
    unit_end = _ENTRY.size + unit_size
    at = unit_end + timezone_size
    unit = str(state[_ENTRY.size : unit_end], "utf-8")
    timezone = str(state[unit_end:at], "utf-8")
    total = None
    if totals:
        total, at = _decode_accumulator(state, at)
    pending = []
    for _ in range(pending_count):
        (bucket_end_us,) = _BUCKET_END.unpack_from(state, at)
        accumulator, at = _decode_accumulator(state, at + _BUCKET_END.size)
        pending.append((bucket_end_us, accumulator))
    _check_size(state, at)
    return PeriodEntry(
        _AGGREGATIONS[code],
        unit,
        timezone,
        terms_version,
        grace_us,
        horizon_us,
        closed == 1,
        revision,
        total,
        tuple(pending),
    )


def encode_usage(usage: MeteredUsage) -> bytes:
    """Return one row of waiting usage as bytes, for an append-only list state."""
    account_id, meter_id = usage.account_id.encode(), usage.meter_id.encode()
    dimensions, quantity = usage.dimensions.encode(), str(usage.quantity).encode()
    head = _USAGE.pack(
        STATE_VERSION,
        len(account_id),
        len(meter_id),
        len(dimensions),
        len(quantity),
        usage.event_window_start_us,
        usage.event_count,
        usage.first_event_us,
        usage.last_event_us,
        usage.first_log_us,
        usage.last_log_us,
        usage.log_window_end_us,
    )
    return b"".join((head, account_id, meter_id, dimensions, quantity))


def decode_usage(state: bytes) -> MeteredUsage:
    """Read one row of waiting usage of any version ever written.

    Raises:
        StateVersionError: The version is not known.
        ValueError, struct.error, decimal.InvalidOperation: The bytes are damaged.
    """
    _check_version(state)
    _, *rest = _USAGE.unpack_from(state)
    sizes, numbers = rest[:4], rest[4:]
    at = _USAGE.size
    texts = []
    for size in sizes:
        texts.append(str(state[at : at + size], "utf-8"))
        at += size
    _check_size(state, at)
    account_id, meter_id, dimensions, quantity = texts
    event_window_start_us, *others = numbers
    return MeteredUsage(
        account_id, meter_id, dimensions, event_window_start_us, Decimal(quantity), *others
    )


def _encode_accumulator(accumulator: Accumulator) -> bytes:
    quantity = str(accumulator.quantity).encode()
    head = _ACCUMULATOR.pack(
        accumulator.event_count,
        accumulator.first_event_us,
        accumulator.last_event_us,
        accumulator.first_log_us,
        accumulator.last_log_us,
        len(quantity),
    )
    return head + quantity


def _decode_accumulator(state: bytes, at: int) -> tuple[Accumulator, int]:
    event_count, first_event_us, last_event_us, first_log_us, last_log_us, size = (
        _ACCUMULATOR.unpack_from(state, at)
    )
    start = at + _ACCUMULATOR.size
    end = start + size
    quantity = Decimal(str(state[start:end], "ascii"))
    accumulator = Accumulator(
        quantity, event_count, first_event_us, last_event_us, first_log_us, last_log_us
    )
    return accumulator, end


def _check_version(state: bytes) -> None:
    version = state[0] if state else None
    if version != STATE_VERSION:
        raise StateVersionError(
            f"state version: expected {STATE_VERSION} or lower, found {version}"
        )


def _check_size(state: bytes, size: int) -> None:
    if len(state) != size:
        raise ValueError(f"state size: expected {size} bytes, found {len(state)}")

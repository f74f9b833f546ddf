"""The bytes of an entry of an open period.

The bytes are state: every version ever written must load for ever (tests/fixtures/state keeps one
of each). A change of the layout is a new version with its own head beside the old one.

Little endian. Text is UTF-8, quantities are decimal text of any size:

    entry        version u8, aggregation u8, closed u8, totals u8 (0 or 1), revision u32,
                 terms_version u32, grace_us i64, correction_horizon_us i64,
                 pending u32, lengths u16 of unit, timezone and (from version 2 on) options,
                 these texts, then total if there is one, then the pending buckets
    bucket       bucket_end_us i64, accumulator
    accumulator  event_count i64, first_event_us i64, last_event_us i64, first_log_us i64,
                 last_log_us i64, quantity length u16, quantity
"""

from __future__ import annotations

from decimal import Decimal
from struct import Struct

from schemas.aggregation import Aggregation, decode_options, encode_options
from schemas.meter_state import STATE_VERSION, Accumulator, PeriodEntry, StateVersionError

_HEAD_1 = Struct("<BBBBIIqqIHH")
_HEAD_2 = Struct("<BBBBIIqqIHHH")
_ACCUMULATOR = Struct("<qqqqqH")
_BUCKET_END = Struct("<q")
# The order is part of the layout: a new one goes to the end.
_AGGREGATIONS = (
    Aggregation.COUNT,
    Aggregation.SUM,
    Aggregation.MAX,
    Aggregation.MIN,
    Aggregation.AVERAGE,
    Aggregation.UNIQUE_COUNT,
    Aggregation.LATEST,
    Aggregation.HISTOGRAM,
    Aggregation.PERCENTILE,
    Aggregation.TIME_WEIGHTED_SUM,
)
_CODES = {aggregation: code for code, aggregation in enumerate(_AGGREGATIONS)}


def encode_entry(entry: PeriodEntry) -> bytes:
    """Return the entry in the newest version of the encoding.

    Raises:
        struct.error: A number is out of its range, a broken invariant.
    """
    unit, timezone = entry.unit.encode(), entry.timezone.encode()
    options = encode_options(entry.options).encode()
    parts = [
        _HEAD_2.pack(
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
            len(options),
        ),
        unit,
        timezone,
        options,
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
    version = state[0] if state else None
    if version == STATE_VERSION:
        head, at = _HEAD_2.unpack_from(state), _HEAD_2.size
    elif version == 1:
        head, at = (*_HEAD_1.unpack_from(state), 0), _HEAD_1.size
    else:
        raise StateVersionError(
            f"state version: expected {STATE_VERSION} or lower, found {version}"
        )
    _, code, closed, totals, revision, terms_version, grace_us, horizon_us, *rest = head
    pending_count, *sizes = rest
    texts = []
    for size in sizes:
        texts.append(str(state[at : at + size], "utf-8"))
        at += size
    total = None
    if totals:
        total, at = _decode_accumulator(state, at)
    pending = []
    for _ in range(pending_count):
        (bucket_end_us,) = _BUCKET_END.unpack_from(state, at)
        accumulator, at = _decode_accumulator(state, at + _BUCKET_END.size)
        pending.append((bucket_end_us, accumulator))
    if len(state) != at:
        raise ValueError(f"state size: expected {at} bytes, found {len(state)}")
    return PeriodEntry(
        _AGGREGATIONS[code],
        decode_options(texts[2]),
        texts[0],
        texts[1],
        terms_version,
        grace_us,
        horizon_us,
        closed == 1,
        revision,
        total,
        tuple(pending),
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
    event_count, *times, size = _ACCUMULATOR.unpack_from(state, at)
    start = at + _ACCUMULATOR.size
    end = start + size
    quantity = Decimal(str(state[start:end], "ascii"))
    return Accumulator(quantity, event_count, *times), end

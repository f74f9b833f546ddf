"""The bytes of usage that waits for its account; see `entry_state` for what bytes promise.

Little endian, text is UTF-8, the quantity decimal text of any size:

    usage  version u8, lengths u32 of account_id, meter_id, dimensions, quantity and (from version
           2 on) part, event_window_start_us i64, event_count i64, first_event_us i64,
           last_event_us i64, first_log_us i64, last_log_us i64, log_window_end_us i64, these texts
"""

from __future__ import annotations

from decimal import Decimal
from struct import Struct

from schemas.meter_state import STATE_VERSION, StateVersionError
from schemas.metered_usage import MeteredUsage

_HEAD_1 = Struct("<BIIIIqqqqqqq")
_HEAD_2 = Struct("<BIIIIIqqqqqqq")
_ACCOUNT_SIZE = Struct("<I")


def encode_usage(usage: MeteredUsage) -> bytes:
    """Return one row of waiting usage as bytes, for an append-only list state."""
    texts = (usage.account_id, usage.meter_id, usage.dimensions, str(usage.quantity), usage.part)
    encoded = [text.encode() for text in texts]
    head = _HEAD_2.pack(
        STATE_VERSION,
        *map(len, encoded),
        usage.event_window_start_us,
        usage.event_count,
        usage.first_event_us,
        usage.last_event_us,
        usage.first_log_us,
        usage.last_log_us,
        usage.log_window_end_us,
    )
    return b"".join((head, *encoded))


def encoded_account(state: bytes) -> bytes:
    """Return the account id, UTF-8, of a row of waiting usage, and read no more of it.

    Raises:
        StateVersionError: The version is not known.
    """
    layout, _ = _layout(state)
    (size,) = _ACCOUNT_SIZE.unpack_from(state, 1)
    return state[layout.size : layout.size + size]


def decode_usage(state: bytes) -> MeteredUsage:
    """Read one row of waiting usage of any version ever written.

    Raises:
        StateVersionError: The version is not known.
        ValueError, struct.error, decimal.InvalidOperation: The bytes are damaged.
    """
    layout, text_count = _layout(state)
    _, *head = layout.unpack_from(state)
    sizes, numbers = head[:text_count], head[text_count:]
    at = layout.size
    texts = []
    for size in sizes:
        texts.append(str(state[at : at + size], "utf-8"))
        at += size
    if len(state) != at:
        raise ValueError(f"state size: expected {at} bytes, found {len(state)}")
    account_id, meter_id, dimensions, quantity, *part = texts
    window_start_us, count, *times, log_window_end_us = numbers
    first_event_us, last_event_us, first_log_us, last_log_us = times
    return MeteredUsage(
        account_id,
        meter_id,
        dimensions,
        window_start_us,
        Decimal(quantity),
        count,
        first_event_us,
        last_event_us,
        first_log_us,
        last_log_us,
        log_window_end_us,
        "".join(part),
    )


def _layout(state: bytes) -> tuple[Struct, int]:
    """Return the head of a row's version, and how many texts follow it."""
    version = state[0] if state else None
    if version not in (1, STATE_VERSION):
        raise StateVersionError(
            f"state version: expected {STATE_VERSION} or lower, found {version}"
        )
    return (_HEAD_1, 4) if version == 1 else (_HEAD_2, 5)

"""The bytes of usage that waits for its account; see `entry_state` for what bytes promise.

Little endian, text is UTF-8, the quantity decimal text of any size:

    usage  version u8, lengths u32 of account_id, meter_id, dimensions, quantity and (from version
           2 on) part, event_window_start_us i64, event_count i64, first_event_us i64,
           last_event_us i64, first_log_us i64, last_log_us i64, log_window_end_us i64, these texts;
           from version 3 on, which is written only where it says more than version 2, to the end
           what is taken back: received_us i64, event_count i64, first_event_us i64,
           last_event_us i64, first_log_us i64, last_log_us i64, length u32 of quantity, quantity
"""

from __future__ import annotations

from decimal import Decimal
from struct import Struct

from schemas.meter_state import STATE_VERSION, StateVersionError
from schemas.metered_usage import MeteredUsage, TakenBack

_HEAD_1 = Struct("<BIIIIqqqqqqq")
_HEAD_2 = Struct("<BIIIIIqqqqqqq")
_ACCOUNT_SIZE = Struct("<I")
_TAKEN_BACK = Struct("<qqqqqqI")
_TAKEN_BACK_VERSION = 3


def encode_usage(usage: MeteredUsage) -> bytes:
    """Return one row of waiting usage as bytes, for an append-only list state."""
    texts = (usage.account_id, usage.meter_id, usage.dimensions, str(usage.quantity), usage.part)
    encoded = [text.encode() for text in texts]
    head = _HEAD_2.pack(
        _TAKEN_BACK_VERSION if usage.taken_back else STATE_VERSION,
        *map(len, encoded),
        usage.event_window_start_us,
        usage.event_count,
        usage.first_event_us,
        usage.last_event_us,
        usage.first_log_us,
        usage.last_log_us,
        usage.log_window_end_us,
    )
    return b"".join((head, *encoded, *map(_encode_taken_back, usage.taken_back)))


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
    taken_back: list[TakenBack] = []
    while state[0] == _TAKEN_BACK_VERSION and at < len(state):
        each, at = _decode_taken_back(state, at)
        taken_back.append(each)
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
        tuple(taken_back),
    )


def _encode_taken_back(each: TakenBack) -> bytes:
    quantity = str(each.quantity).encode()
    numbers = (each.received_us, *each[2:], len(quantity))
    return _TAKEN_BACK.pack(*numbers) + quantity


def _decode_taken_back(state: bytes, at: int) -> tuple[TakenBack, int]:
    received_us, *numbers, size = _TAKEN_BACK.unpack_from(state, at)
    at += _TAKEN_BACK.size
    quantity = Decimal(str(state[at : at + size], "utf-8"))
    return TakenBack(received_us, quantity, *numbers), at + size


def _layout(state: bytes) -> tuple[Struct, int]:
    """Return the head of a row's version, and how many texts follow it."""
    version = state[0] if state else None
    if version not in (1, STATE_VERSION, _TAKEN_BACK_VERSION):
        raise StateVersionError(
            f"state version: expected {_TAKEN_BACK_VERSION} or lower, found {version}"
        )
    return (_HEAD_1, 4) if version == 1 else (_HEAD_2, 5)

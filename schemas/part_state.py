"""The bytes of the parts of an entry; see `entry_state` for what bytes promise.

Little endian, text is UTF-8. A node holds parts, or only says that its parts are one level down:

    node  version u8, is_split u8; unless split then count u16 and that many parts
    part  name length u16, receipts u16, name, then the receipts
    receipt  log time i64, length u16, text
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from schemas.meter_state import STATE_VERSION, Part, StateVersionError

_HEAD = Struct("<BB")
_COUNT = Struct("<H")
_PART = Struct("<HH")
_RECEIPT = Struct("<qH")

SPLIT = _HEAD.pack(STATE_VERSION, 1)
"""The node whose parts are one level down."""


def encode_parts(parts: Sequence[Part]) -> bytes:
    """Return a node that holds parts, in their order.

    Raises:
        struct.error: A text is longer than 65,535 bytes, a broken invariant.
    """
    pieces = [_HEAD.pack(STATE_VERSION, 0), _COUNT.pack(len(parts))]
    for part in parts:
        name = part.name.encode()
        pieces += (_PART.pack(len(name), len(part.received)), name)
        for log_us, text in part.received:
            encoded = text.encode()
            pieces += (_RECEIPT.pack(log_us, len(encoded)), encoded)
    return b"".join(pieces)


def decode_parts(state: bytes) -> tuple[Part, ...] | None:
    """Read a node of any version ever written; None if it is split.

    Raises:
        StateVersionError: The version is not known.
        ValueError, struct.error: The bytes are damaged.
    """
    version = state[0] if state else None
    if version != STATE_VERSION:
        raise StateVersionError(
            f"state version: expected {STATE_VERSION} or lower, found {version}"
        )
    if state == SPLIT:
        return None
    (count,) = _COUNT.unpack_from(state, _HEAD.size)
    at = _HEAD.size + _COUNT.size
    parts = []
    for _ in range(count):
        name_size, receipts = _PART.unpack_from(state, at)
        at += _PART.size + name_size
        name = str(state[at - name_size : at], "utf-8")
        received = []
        for _ in range(receipts):
            log_us, size = _RECEIPT.unpack_from(state, at)
            at += _RECEIPT.size + size
            received.append((log_us, str(state[at - size : at], "utf-8")))
        parts.append(Part(name, tuple(received)))
    if len(state) != at:
        raise ValueError(f"state size: expected {at} bytes, found {len(state)}")
    return tuple(parts)

"""The bytes of a group of entries; see `entry_state` for what bytes promise.

Little endian: version u8, count u32, is_full u8.
"""

from __future__ import annotations

from struct import Struct

from schemas.meter_state import STATE_VERSION, Group, StateVersionError

_GROUP = Struct("<BIB")


def encode_group(group: Group) -> bytes:
    """Return the group in the newest version of the encoding."""
    return _GROUP.pack(STATE_VERSION, group.count, group.is_full)


def decode_group(state: bytes) -> Group:
    """Read a group of any version ever written.

    Raises:
        StateVersionError: The version is not known.
        struct.error: The bytes are damaged.
    """
    version = state[0] if state else None
    if version != STATE_VERSION:
        raise StateVersionError(
            f"state version: expected {STATE_VERSION} or lower, found {version}"
        )
    _, count, is_full = _GROUP.unpack(state)
    return Group(count, bool(is_full))

"""The bytes of a chain of periods; see `entry_state` for what bytes promise.

Little endian: version u8, first_start_us i64, last_start_us i64.
"""

from __future__ import annotations

from struct import Struct

from schemas.meter_state import STATE_VERSION, Chain, StateVersionError

_CHAIN = Struct("<Bqq")


def encode_chain(chain: Chain) -> bytes:
    """Return the chain in the newest version of the encoding."""
    return _CHAIN.pack(STATE_VERSION, chain.first_start_us, chain.last_start_us)


def decode_chain(state: bytes) -> Chain:
    """Read a chain of any version ever written.

    Raises:
        StateVersionError: The version is not known.
        struct.error: The bytes are damaged.
    """
    version = state[0] if state else None
    if version != STATE_VERSION:
        raise StateVersionError(
            f"state version: expected {STATE_VERSION} or lower, found {version}"
        )
    _, first_start_us, last_start_us = _CHAIN.unpack(state)
    return Chain(first_start_us, last_start_us)

"""The bytes of chains and groups: the first ones ever written load, and nothing else does."""

from __future__ import annotations

import pytest

from schemas.chain_state import decode_chain, encode_chain
from schemas.group_state import decode_group, encode_group
from schemas.meter_state import Chain, Group, StateVersionError

# Written once; never edit.
CHAIN = bytes.fromhex("02fbffffffffffffff0000000000000400")
GROUP = bytes.fromhex("021027000001")


def test_a_chain_of_every_version_loads() -> None:
    """And is written so still."""
    assert decode_chain(CHAIN) == Chain(-5, 1 << 50)
    assert encode_chain(Chain(-5, 1 << 50)) == CHAIN


def test_a_group_of_every_version_loads() -> None:
    """And is written so still."""
    assert decode_group(GROUP) == Group(10_000, True)
    assert encode_group(Group(10_000, True)) == GROUP


@pytest.mark.parametrize("state", [b"", b"\x01", b"\x03" + GROUP[1:]])
def test_other_versions_are_refused(state: bytes) -> None:
    """They are of a later program, or damaged."""
    with pytest.raises(StateVersionError):
        decode_group(state)
    with pytest.raises(StateVersionError):
        decode_chain(state)

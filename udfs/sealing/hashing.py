"""Merkle trees as RFC 9162 (section 2.1) makes them: roots, paths, and what a path leads to.

A leaf is hashed behind a byte 0, a node behind a byte 1, so neither passes for the other. A tree of
n leaves splits at the greatest power of two below n; level by level this is: pair from the left,
and let one that is left over rise.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()
"""Root of no leaves."""

_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(text: bytes) -> bytes:
    """Return the hash of a leaf: 32 bytes."""
    return sha256(_LEAF + text).digest()


def tree_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over hashes of leaves in their order: 32 bytes."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def tree_path(hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the hashes beside the way from a leaf to the root, from the leaf up.

    Args:
        hashes: Of all leaves in their order.
        index: Of the leaf, from 0.
    """
    assert 0 <= index < len(hashes), f"leaf {index} of {len(hashes)}"
    path: list[bytes] = []
    level = list(hashes)
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            path.append(level[beside])
        level, index = _above(level), index // 2
    return tuple(path)


def followed_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that a path leads to; None where a tree of this size has no such path.

    Args:
        leaf: Hash of the leaf.
        index: Its place, from 0.
        size: Number of leaves.
        path: Hashes beside the way, from the leaf up.
    """
    if not 0 <= index < size:
        return None
    found, last, rest = leaf, size - 1, list(path)
    while last:
        if index % 2 or index < last:  # else it is left over, and rises
            if not rest:
                return None
            beside = rest.pop(0)
            found = _node(beside, found) if index % 2 else _node(found, beside)
        index, last = index // 2, last // 2
    return None if rest else found


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = zip(level[::2], level[1::2], strict=False)
    left_over = [level[-1]] if len(level) % 2 else []
    return [_node(left, right) for left, right in pairs] + left_over


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()

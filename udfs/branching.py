"""A tree of nodes that holds the parts of one entry, so that no step rewrites all of them.

A node holds up to 64 parts; then it splits sixteen ways by the next hex digit of the hash of their
names. A part is found by its name alone, a set of a million parts lies about four levels deep, and
the same parts are in the same nodes whatever the order they came in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Protocol

from schemas.meter_state import Part
from schemas.part_state import SPLIT, decode_parts, encode_parts

NODE_PARTS = 64
_DIGITS = "0123456789abcdef"


class Nodes(Protocol):
    """Where nodes are kept by name."""

    def get(self, name: str) -> bytes | None:
        """Return a node, or None."""

    def put(self, name: str, node: bytes) -> None:
        """Keep a node."""

    def remove(self, name: str) -> None:
        """Forget a node that is there."""


def change_part(nodes: Nodes, tree: str, name: str, change: Callable[[Part], Part]) -> None:
    """Replace one part, which has received nothing if it is new.

    Args:
        nodes: Where the tree's nodes are.
        tree: Name of the tree; no other begins with it and a slash.
        name: Name of the part.
        change: From the part to what replaces it, of the same name.
    """
    digits = blake2b(name.encode(), digest_size=8).hexdigest()
    for depth in range(len(digits) + 1):
        place = f"{tree}/{digits[:depth]}"
        state = nodes.get(place)
        parts = () if state is None else decode_parts(state)
        if parts is None:
            continue
        part_of = {part.name: part for part in parts}
        part_of[name] = change(part_of.get(name, Part(name, ())))
        _put(nodes, place, depth, tuple(part_of[each] for each in sorted(part_of)))
        return


def read_parts(nodes: Nodes, tree: str) -> Iterator[Part]:
    """Return all parts of a tree, in the order of its nodes."""
    for _, parts in _walk(nodes, f"{tree}/"):
        yield from parts


def remove_parts(nodes: Nodes, tree: str) -> None:
    """Forget a whole tree."""
    for place, _ in list(_walk(nodes, f"{tree}/")):
        nodes.remove(place)


def _put(nodes: Nodes, place: str, depth: int, parts: tuple[Part, ...]) -> None:
    if len(parts) <= NODE_PARTS or depth == 16:
        nodes.put(place, encode_parts(parts))
        return
    nodes.put(place, SPLIT)
    below: dict[str, list[Part]] = {}
    for part in parts:
        digit = blake2b(part.name.encode(), digest_size=8).hexdigest()[depth]
        below.setdefault(digit, []).append(part)
    for digit in sorted(below):
        _put(nodes, place + digit, depth + 1, tuple(below[digit]))


def _walk(nodes: Nodes, place: str) -> Iterator[tuple[str, tuple[Part, ...]]]:
    """Return each node and its parts; a split one has none of its own."""
    state = nodes.get(place)
    if state is None:
        return
    parts = decode_parts(state)
    yield place, parts or ()
    if parts is None:
        for digit in _DIGITS:
            yield from _walk(nodes, place + digit)

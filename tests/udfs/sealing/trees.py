"""Sealed rows for tests, and a naive tree by the letter of RFC 9162."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256

from hypothesis import strategies as st

from schemas.instant import DAY_US
from schemas.seal import Proof, ProofFault, SealedEvent, SealedRow
from udfs.sealing import SealedTree, verify_proof

# Below and above what UTF-16 keeps in one unit; what JSON escapes.
TEXTS = st.text('a"\\\n\u00e9\uffff\U0001f600', min_size=1, max_size=3)
IDENTITIES = st.lists(st.tuples(TEXTS, TEXTS), max_size=12, unique=True)


def event(source: str = "s", event_id: str = "e0", **changes: object) -> SealedEvent:
    """Return an event of the log's first partition."""
    base = SealedEvent(source, event_id, "f" * 32, 0, 7, None, Decimal(1))
    members = {name: getattr(base, name) for name in SealedEvent.__slots__}
    return SealedEvent(**{**members, **changes})


def row_of(event_count: int) -> SealedRow:
    """Return a row of as many events."""
    start = (0, DAY_US)
    count = Decimal(event_count)
    return SealedRow("r0", "B6", "flights", "{}", *start, 0, count, "flight", event_count)


def tree_of(identities: Sequence[tuple[str, str]]) -> SealedTree:
    """Return the sealed tree of events with these identities, each at its own offset."""
    events = [event(*each, kafka_offset=place) for place, each in enumerate(identities)]
    return SealedTree(row_of(len(events)), events)


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root as RFC 9162 section 2.1.1 defines it, split by split."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def fault_of(proof: Proof, *roots: str) -> ProofFault | None:
    """Return what is wrong with a proof."""
    refuted = verify_proof(proof, roots)
    return None if refuted is None else refuted.fault

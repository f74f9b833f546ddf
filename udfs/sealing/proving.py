"""Seals a row over its events, and proves of an event that it is in the row, or that it is not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise

from schemas.seal import Proof, ProofKind, ProvedLeaf, SealedEvent, SealedRow
from udfs.sealing.hashing import leaf_hash, tree_path, tree_root
from udfs.sealing.spelling import leaf_text, row_text, seal_root


class RepeatedEventError(Exception):
    """An event stands twice in a row: an identity counts once. One line."""


class SealedTree:
    """A row and its events, sorted by identity: what roots and proofs are made of."""

    def __init__(self, row: SealedRow, events: Iterable[SealedEvent]) -> None:
        """Sort and hash the events.

        Args:
            row: Says how many there are.
            events: In any order.

        Raises:
            RepeatedEventError: Two have one identity.
        """
        ordered = sorted(events, key=lambda each: (each.source, each.event_id))
        assert len(ordered) == row.event_count, f"{row.row_id}: {len(ordered)} events"
        self._identities = [(each.source, each.event_id) for each in ordered]
        for before, after in pairwise(self._identities):
            if before == after:
                raise RepeatedEventError(
                    f"row {row.row_id}: expected each event once, found {after} twice"
                )
        self._leaves = [leaf_text(each) for each in ordered]
        self._hashes = [leaf_hash(text.encode("ascii")) for text in self._leaves]
        self._row = row_text(row)
        self.root = seal_root(self._row, tree_root(self._hashes))
        """64 hex digits over the row and its events."""

    def prove(self, source: str, event_id: str) -> Proof:
        """Return the proof that an event is in the row, or that it is not."""
        place = bisect_left(self._identities, (source, event_id))
        is_here = self._identities[place : place + 1] == [(source, event_id)]
        if is_here:
            return self._proof(ProofKind.INCLUSION, source, event_id, [place])
        beside = [each for each in (place - 1, place) if 0 <= each < len(self._leaves)]
        return self._proof(ProofKind.NON_INCLUSION, source, event_id, beside)

    def disclose(self) -> Proof:
        """Return the proof that the row has these events and no others: all of them."""
        leaves = tuple(ProvedLeaf(place, text, ()) for place, text in enumerate(self._leaves))
        return Proof(ProofKind.COMPLETE, "", "", self._row, leaves, self.root)

    def _proof(self, kind: ProofKind, source: str, event_id: str, places: list[int]) -> Proof:
        leaves = tuple(
            ProvedLeaf(
                place,
                self._leaves[place],
                tuple(each.hex() for each in tree_path(self._hashes, place)),
            )
            for place in places
        )
        return Proof(kind, source, event_id, self._row, leaves, self.root)

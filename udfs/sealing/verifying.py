"""Verifies proofs by themselves: no tables, no clock, nothing but the proof and a root."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from schemas.seal import Proof, ProofFault, ProofKind, ProvedLeaf, Refuted
from udfs.sealing.hashing import EMPTY_ROOT, followed_path, leaf_hash, tree_root
from udfs.sealing.spelling import Identity, read_leaf, read_row, seal_root


def verify_proof(proof: Proof, known_roots: Collection[str] = ()) -> Refuted | None:
    """Return why a proof shows nothing; None: it holds.

    That leaves of one tree lie side by side follows from their places alone: the one's way turns
    left where the other's turns right, and from there keeps to the other's side. So a proof that
    two neighbours stand around the event's place shows that it is not in the tree, as far as its
    leaves are sorted; that they are, a complete proof shows.

    Args:
        proof: As `read_proofs` has it.
        known_roots: The root must be one of these, from wherever they were kept; empty: none is
            known.
    """
    row = read_row(proof.row)
    if row is None:
        return Refuted(ProofFault.WRONG_ROW, f"expected the text of a row, found {proof.row[:80]}")
    identities = []
    for leaf in proof.leaves:
        identity = read_leaf(leaf.leaf)
        if identity is None:
            detail = f"leaf {leaf.index}: expected its canonical text, found {leaf.leaf[:80]}"
            return Refuted(ProofFault.WRONG_LEAF, detail)
        identities.append(identity)
    size: int = row[-1]
    places = [each.index for each in proof.leaves]
    refuted = _CHECKS[proof.kind](proof, identities, places, size)
    refuted = refuted or _check_order(identities) or _check_root(proof, size)
    if refuted is None and known_roots and proof.root not in known_roots:
        detail = f"expected {' or '.join(sorted(known_roots))}, found {proof.root}"
        return Refuted(ProofFault.OTHER_ROOT, detail)
    return refuted


def _check_inclusion(
    proof: Proof, identities: Sequence[Identity], places: Sequence[int], size: int
) -> Refuted | None:
    named = (proof.source, proof.event_id)
    if list(identities) == [named]:
        return None
    return Refuted(ProofFault.WRONG_EVENT, f"expected the leaf of {named}, found {identities}")


def _check_non_inclusion(
    proof: Proof, identities: Sequence[Identity], places: Sequence[int], size: int
) -> Refuted | None:
    """Check that the leaves are those around an empty place: two, or one at an end, or none."""
    named = (proof.source, proof.event_id)
    if named in identities:
        return Refuted(ProofFault.WRONG_EVENT, f"expected other events, found {named}")
    after = sum(identity < named for identity in identities)
    first = places[0] if places else 0
    place = first + after
    expected = [each for each in (place - 1, place) if 0 <= each < size]
    if list(places) == expected:
        return None
    detail = f"expected leaves around place {place} of {size}, found {list(places)}"
    return Refuted(ProofFault.NOT_NEIGHBOURS, detail)


def _check_complete(
    proof: Proof, identities: Sequence[Identity], places: Sequence[int], size: int
) -> Refuted | None:
    if list(places) == list(range(size)):
        return None
    return Refuted(ProofFault.WRONG_LEAF, f"expected {size} leaves, found {len(places)}")


_CHECKS = {
    ProofKind.INCLUSION: _check_inclusion,
    ProofKind.NON_INCLUSION: _check_non_inclusion,
    ProofKind.COMPLETE: _check_complete,
}


def _check_order(identities: Sequence[Identity]) -> Refuted | None:
    for before, after in pairwise(identities):
        if not before < after:
            return Refuted(
                ProofFault.NOT_IN_ORDER, f"expected an identity after {before}, found {after}"
            )
    return None


def _check_root(proof: Proof, size: int) -> Refuted | None:
    roots = _tree_roots(proof, size)
    if None in roots:
        detail = f"expected the places and paths of a tree of {size} leaves, found others"
        return Refuted(ProofFault.WRONG_LEAF, detail)
    found = [seal_root(proof.row, root) for root in roots if root is not None]
    if all(each == proof.root for each in found):
        return None
    return Refuted(ProofFault.WRONG_ROOT, f"expected {proof.root}, found {found[-1]}")


def _tree_roots(proof: Proof, size: int) -> list[bytes | None]:
    """Return the root that each leaf leads to, or all together; that of no leaves stands alone."""
    hashes = [leaf_hash(each.leaf.encode("ascii")) for each in proof.leaves]
    if proof.kind is ProofKind.COMPLETE:
        return [tree_root(hashes)]
    if not proof.leaves:
        return [EMPTY_ROOT if size == 0 else None]
    return [_followed(leaf, each, size) for leaf, each in zip(hashes, proof.leaves, strict=True)]


def _followed(leaf: bytes, proved: ProvedLeaf, size: int) -> bytes | None:
    return followed_path(leaf, proved.index, size, list(map(bytes.fromhex, proved.path)))

"""Every event has a proof that it is in its row, every other one that it is not."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.seal import ProofFault, ProofKind, Refuted
from tests.udfs.sealing.trees import IDENTITIES, TEXTS, event, fault_of, row_of, tree_of
from udfs.sealing import SealedTree, read_proofs, verify_proof, write_proofs


@given(IDENTITIES)
def test_each_event_is_proved_in(identities: list[tuple[str, str]]) -> None:
    """And the proof is the same after it was written and read."""
    tree = tree_of(identities)
    for each in identities:
        proof = tree.prove(*each)
        assert proof.kind is ProofKind.INCLUSION
        assert verify_proof(proof, [tree.root]) is None
        assert read_proofs(write_proofs([proof])) == (proof,)


@given(IDENTITIES, TEXTS, TEXTS)
def test_each_other_event_is_proved_out(
    identities: list[tuple[str, str]], source: str, event_id: str
) -> None:
    """By its neighbours, one at either end, none in an empty row."""
    assume((source, event_id) not in identities)
    tree = tree_of(identities)
    proof = tree.prove(source, event_id)
    assert proof.kind is ProofKind.NON_INCLUSION
    assert len(proof.leaves) <= 2
    assert verify_proof(proof, [tree.root]) is None
    assert read_proofs(write_proofs([proof])) == (proof,)


@given(IDENTITIES)
def test_all_events_are_proved(identities: list[tuple[str, str]]) -> None:
    """In whatever order they were sealed; and one less is not all."""
    tree = tree_of(identities)
    proof = tree.disclose()
    assert verify_proof(proof, [tree.root]) is None
    assert [json.loads(each.leaf)[:2] for each in proof.leaves] == sorted(map(list, identities))
    if identities:
        assert fault_of(replace(proof, leaves=proof.leaves[1:])) is ProofFault.WRONG_LEAF


@given(IDENTITIES, st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_matter(
    identities: list[tuple[str, str]], random: Any
) -> None:
    """A row's events are a set."""
    events = [event(*each, kafka_offset=place) for place, each in enumerate(identities)]
    shuffled = random.sample(events, len(events))
    row = row_of(len(events))
    assert SealedTree(row, shuffled).root == SealedTree(row, events).root


@given(IDENTITIES.filter(bool), st.data())
def test_one_flipped_bit_refutes_a_proof(
    identities: list[tuple[str, str]], data: st.DataObject
) -> None:
    """Of a leaf, a path, the row or the root: what is read back never holds with the same root."""
    tree = tree_of(identities)
    named = data.draw(st.sampled_from(identities))
    text = write_proofs([tree.prove(*named)]).encode()
    begin = text.index(b'"row"')
    place = data.draw(st.integers(begin, len(text) - 2))
    bit = data.draw(st.integers(0, 6))
    changed = text[:place] + bytes([text[place] ^ 1 << bit]) + text[place + 1 :]
    found = read_proofs(changed.decode())
    if isinstance(found, Refuted) or found == (tree.prove(*named),):
        return  # unreadable, or white space between members
    assert verify_proof(found[0], [tree.root]) is not None

"""Proofs that are forged or broken are refuted, each with its reason."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.seal import Proof, ProofFault, ProofKind, ProvedLeaf, Refuted
from tests.udfs.sealing.trees import event, fault_of, row_of, tree_of
from udfs.sealing import RepeatedEventError, SealedTree, read_proofs, write_proofs

LETTERS = [("s", letter) for letter in "bdfhjlnprt"]


@pytest.mark.parametrize("change", ["leaf", "path", "row", "root"])
def test_a_change_of_each_part_has_its_fault(change: str) -> None:
    """What is bound into the root does not lead to it any more."""
    proof = tree_of(LETTERS).prove("s", "f")
    (leaf,) = proof.leaves
    forged = {
        "leaf": replace(proof, leaves=(replace(leaf, leaf=leaf.leaf.replace('"1"', '"2"')),)),
        "path": replace(proof, leaves=(replace(leaf, path=(*leaf.path[:-1], "0" * 64)),)),
        "row": replace(proof, row=proof.row.replace('"10"', '"11"')),
        "root": replace(proof, root="0" * 64),
    }[change]
    assert forged != proof
    assert fault_of(forged) is ProofFault.WRONG_ROOT


def neighbours(proof: Proof, *leaves: ProvedLeaf, named: str) -> Proof:
    """Return a forged proof that an event is not there."""
    return replace(proof, kind=ProofKind.NON_INCLUSION, event_id=named, leaves=leaves)


def test_forged_neighbours_are_refuted() -> None:
    """Leaves with another between them, both on one side, one that is no end, or swapped."""
    tree = tree_of(LETTERS)
    proof = tree.prove("s", "f")
    (d,), (f,), (h,) = (tree.prove("s", name).leaves for name in "dfh")
    apart = ProofFault.NOT_NEIGHBOURS
    assert fault_of(neighbours(proof, d, h, named="f")) is apart
    assert fault_of(neighbours(proof, d, f, named="z")) is apart
    assert fault_of(neighbours(proof, d, f, named="a")) is apart
    assert fault_of(neighbours(proof, d, named="e")) is apart
    assert fault_of(neighbours(proof, f, named="e")) is apart
    assert fault_of(neighbours(proof, named="e")) is apart
    assert fault_of(neighbours(proof, f, d, named="e")) is apart
    assert fault_of(neighbours(proof, d, f, named="d")) is ProofFault.WRONG_EVENT
    assert fault_of(neighbours(proof, d, f, named="e")) is None
    closer = replace(h, index=f.index)
    assert fault_of(neighbours(proof, d, closer, named="f")) in (
        ProofFault.WRONG_ROOT,
        ProofFault.WRONG_LEAF,
    )


def test_an_unsorted_tree_is_found_by_all_its_events() -> None:
    """Where leaves were sealed out of order, neighbours would prove nothing."""
    proof = tree_of(LETTERS).disclose()
    swapped = (proof.leaves[1], proof.leaves[0], *proof.leaves[2:])
    placed = tuple(replace(each, index=place) for place, each in enumerate(swapped))
    assert fault_of(replace(proof, leaves=placed)) is ProofFault.NOT_IN_ORDER


def test_a_proof_of_another_row_or_event_is_refuted() -> None:
    """The proof must name the leaf's event, and lead to the root that was kept."""
    tree = tree_of(LETTERS)
    proof = tree.prove("s", "f")
    assert fault_of(proof, tree_of(LETTERS[1:]).root) is ProofFault.OTHER_ROOT
    assert fault_of(replace(proof, event_id="g")) is ProofFault.WRONG_EVENT
    assert fault_of(replace(proof, row="[]")) is ProofFault.WRONG_ROW
    assert fault_of(replace(proof, row="[" * 5000)) is ProofFault.WRONG_ROW
    spaced = replace(proof.leaves[0], leaf=proof.leaves[0].leaf.replace(",", ", "))
    assert fault_of(replace(proof, leaves=(spaced,))) is ProofFault.WRONG_LEAF


def test_a_node_does_not_pass_for_a_leaf() -> None:
    """Leaves and nodes are hashed apart, and the number of leaves is bound into the root."""
    proof = tree_of(LETTERS[:4]).prove("s", "b")
    (leaf,) = proof.leaves
    shorter = replace(leaf, path=leaf.path[1:])
    assert fault_of(replace(proof, leaves=(shorter,))) is ProofFault.WRONG_LEAF
    smaller = replace(proof, row=proof.row.replace(",4]", ",2]"), leaves=(shorter,))
    assert fault_of(smaller) is ProofFault.WRONG_ROOT


def test_an_event_counts_once() -> None:
    """Two leaves of one identity are refused."""
    with pytest.raises(RepeatedEventError, match="row r0: expected each event once"):
        SealedTree(row_of(2), [event(), event(quantity=Decimal(2))])


@pytest.mark.parametrize(
    "text",
    ["", "[", "[]", "{}", '{"format": "other"}', "null", "[" * 5000],
)
def test_what_is_no_proof_is_said(text: str) -> None:
    """Whatever a file holds, it is a value with a reason."""
    refuted = read_proofs(text)
    assert isinstance(refuted, Refuted)
    assert refuted.fault is ProofFault.NOT_A_PROOF


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("format", "meterclose-proof-2"),
        ("proofs", []),
        ("proofs", [{}]),
        ("kind", "else"),
        ("source", 1),
        ("leaves", None),
        ("leaves", [1]),
        ("leaves", [{"index": True, "leaf": "", "path": []}]),
        ("leaves", [{"index": 0, "leaf": "", "path": ["f"]}]),
        ("root", "F" * 64),
        ("root", f"{'f' * 63}\n"),
    ],
)
def test_a_wrong_member_is_named(member: str, value: object) -> None:
    """In one line."""
    members = json.loads(write_proofs([tree_of(LETTERS).prove("s", "f")]))
    if member in members:
        members[member] = value
    else:
        members["proofs"][0][member] = value
    refuted = read_proofs(json.dumps(members))
    assert isinstance(refuted, Refuted)
    assert refuted.fault is ProofFault.NOT_A_PROOF
    assert "\n" not in refuted.detail

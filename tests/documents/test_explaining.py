"""docs/explaining.md: its verifier, run as it stands there, and its lists of members."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from schemas.seal import PROOF_FORMAT, SEAL_ALGORITHM, Proof, ProofKind
from tests.documents.reading import blocks, documents
from tests.udfs.sealing.trees import event, row_of, tree_of
from udfs.sealing import SealedTree, write_proofs
from udfs.sealing.spelling import LEAF_MEMBERS, ROW_MEMBERS

TEXT = documents()["docs/explaining.md"]
(VERIFIER,) = blocks("docs/explaining.md", "python")
LETTERS = [("s", letter) for letter in "bdfhjlnprt"]


def verified(path: Path, *proofs: Proof) -> bool:
    """Return whether the document's verifier takes proofs."""
    path.write_text(write_proofs(proofs))
    return runs(path)


def runs(path: Path) -> bool:
    """Return whether the document's verifier takes a file."""
    code = compile(VERIFIER.text, "docs/explaining.md", "exec")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["verifier", str(path)])
        try:
            exec(code, {"__name__": "__main__"})  # noqa: S102 - our own document
        except (AssertionError, IndexError):
            return False
    return True


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_the_verifier_takes_true_proofs_and_no_others(tmp_path: Path) -> None:
    """Of every event of rows of all small sizes, and of every gap; not of an event moved."""
    path = tmp_path / "proof.json"
    for size in range(len(LETTERS)):
        tree = tree_of(LETTERS[:size])
        for letter in "abcdefghijklmnopqrstu":
            proof = tree.prove("s", letter)
            assert verified(path, proof), (size, letter)
            kinds = {ProofKind.INCLUSION: "non_inclusion", ProofKind.NON_INCLUSION: "inclusion"}
            forged = json.loads(write_proofs([proof]))
            forged["proofs"][0]["kind"] = kinds[proof.kind]
            path.write_text(json.dumps(forged))
            assert not runs(path), (size, letter)
    other = SealedTree(row_of(1), [event("s", "é\U0001f600")])
    assert verified(path, other.prove("s", "é\U0001f600"), other.prove("s", "z"))


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("change", ["leaf", "row", "path", "index"])
def test_the_verifier_refuses_what_was_changed(change: str, tmp_path: Path) -> None:
    """A leaf, a row, a path or a place."""
    path = tmp_path / "proof.json"
    members = json.loads(write_proofs([tree_of(LETTERS).prove("s", "f")]))
    (proof,) = members["proofs"]
    (leaf,) = proof["leaves"]
    if change == "row":
        proof["row"] = proof["row"].replace('"10"', '"11"')
    elif change == "path":
        leaf["path"][0] = "0" * 64
    elif change == "index":
        leaf["index"] += 1
    else:
        leaf["leaf"] = leaf["leaf"].replace('"1"]', '"2"]')
    path.write_text(json.dumps(members))
    assert not runs(path)


def test_the_verifier_is_short() -> None:
    """Some thirty lines, without anything to install."""
    lines = [line for line in VERIFIER.text.splitlines() if line.strip()]
    assert len(lines) <= 32
    assert set(re.findall(r"^(?:import|from) (\w+)", VERIFIER.text, re.MULTILINE)) <= {
        *sys.stdlib_module_names
    }


def test_members_are_the_declared_ones() -> None:
    """What leaves and rows list, and what formats are called."""
    told = "".join(TEXT.split())
    assert f"`[{','.join(LEAF_MEMBERS)}]`" in told
    assert f"`[{','.join(ROW_MEMBERS)}]`" in told
    assert f"`{PROOF_FORMAT}`" in told
    assert f"`{SEAL_ALGORITHM}`" in told

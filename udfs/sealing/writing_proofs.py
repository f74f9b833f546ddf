"""Proofs as JSON, for a file that goes to a customer, and read from one, whoever wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from schemas.seal import PROOF_FORMAT, Proof, ProofFault, ProofKind, ProvedLeaf, Refuted

_HASH = re.compile(r"[0-9a-f]{64}")
_MEMBERS = {"format", "kind", "source", "id", "row", "leaves", "root"}


class _WrongMemberError(Exception):
    """A member is not as the format has it; the argument is a line."""


def write_proof(proof: Proof) -> str:
    """Return a proof as JSON, one member a line."""
    leaves = [
        {"index": each.index, "leaf": each.leaf, "path": list(each.path)} for each in proof.leaves
    ]
    members = {
        "format": PROOF_FORMAT,
        "kind": proof.kind.value,
        "source": proof.source,
        "id": proof.event_id,
        "row": proof.row,
        "leaves": leaves,
        "root": proof.root,
    }
    return json.dumps(members, indent=2) + "\n"


def read_proof(text: str) -> Proof | Refuted:
    """Return the proof that a text holds, or why it is none."""
    try:
        return _read(json.loads(text))
    except (ValueError, RecursionError):
        return Refuted(ProofFault.NOT_A_PROOF, "expected JSON, found something else")
    except _WrongMemberError as error:
        return Refuted(ProofFault.NOT_A_PROOF, str(error))


def _read(members: Any) -> Proof:
    if not isinstance(members, dict) or set(members) != _MEMBERS:
        raise _WrongMemberError(f"expected an object of {', '.join(sorted(_MEMBERS))}")
    if members["format"] != PROOF_FORMAT:
        raise _WrongMemberError(f"format: expected {PROOF_FORMAT}, found {members['format']!r}")
    kinds = {kind.value: kind for kind in ProofKind}
    kind = _text(members, "kind")
    if kind not in kinds:
        raise _WrongMemberError(f"kind: expected {', '.join(kinds)}, found {kind!r}")
    if not isinstance(members["leaves"], list):
        raise _WrongMemberError("leaves: expected a list")
    source, event_id, row = (_text(members, name) for name in ("source", "id", "row"))
    leaves = tuple(map(_leaf, members["leaves"]))
    return Proof(kinds[kind], source, event_id, row, leaves, _hash(members["root"]))


def _leaf(members: Any) -> ProvedLeaf:
    if not isinstance(members, dict) or set(members) != {"index", "leaf", "path"}:
        raise _WrongMemberError("leaves: expected objects of index, leaf, path")
    index, path = members["index"], members["path"]
    if type(index) is not int or not isinstance(path, list):
        raise _WrongMemberError("leaves: expected an index and a list of hashes")
    return ProvedLeaf(index, _text(members, "leaf"), tuple(map(_hash, path)))


def _text(members: Mapping[str, Any], name: str) -> str:
    if not isinstance(members[name], str):
        raise _WrongMemberError(f"{name}: expected text")
    found: str = members[name]
    return found


def _hash(found: Any) -> str:
    if not isinstance(found, str) or not _HASH.fullmatch(found):
        raise _WrongMemberError(f"expected a hash of 64 hex digits, found {str(found)[:80]!r}")
    return found

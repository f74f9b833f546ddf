"""Proofs as JSON, for a file that goes to a customer, and read from one, whoever wrote it.

A file holds one proof or more: an event is in one row, but not in any of several.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.seal import PROOF_FORMAT, Proof, ProofFault, ProofKind, ProvedLeaf, Refuted

_HASH = re.compile(r"[0-9a-f]{64}")
_MEMBERS = {"kind", "source", "id", "row", "leaves", "root"}


class _WrongMemberError(Exception):
    """A member is not as the format has it; the argument is a line."""


def write_proofs(proofs: Sequence[Proof]) -> str:
    """Return proofs as JSON, one member a line."""
    members = {"format": PROOF_FORMAT, "proofs": [_members(each) for each in proofs]}
    return json.dumps(members, indent=2) + "\n"


def _members(proof: Proof) -> dict[str, Any]:
    leaves = [
        {"index": each.index, "leaf": each.leaf, "path": list(each.path)} for each in proof.leaves
    ]
    return {
        "kind": proof.kind.value,
        "source": proof.source,
        "id": proof.event_id,
        "row": proof.row,
        "leaves": leaves,
        "root": proof.root,
    }


def read_proofs(text: str) -> tuple[Proof, ...] | Refuted:
    """Return the proofs that a text holds, or why it holds none."""
    try:
        return _read(json.loads(text))
    except (ValueError, RecursionError):
        return Refuted(ProofFault.NOT_A_PROOF, "expected JSON, found something else")
    except _WrongMemberError as error:
        return Refuted(ProofFault.NOT_A_PROOF, str(error))


def _read(members: Any) -> tuple[Proof, ...]:
    if not isinstance(members, dict) or set(members) != {"format", "proofs"}:
        raise _WrongMemberError("expected an object of format, proofs")
    if members["format"] != PROOF_FORMAT:
        raise _WrongMemberError(f"format: expected {PROOF_FORMAT}, found {members['format']!r}")
    if not isinstance(members["proofs"], list) or not members["proofs"]:
        raise _WrongMemberError("proofs: expected a list of at least one")
    return tuple(map(_proof, members["proofs"]))


def _proof(members: Any) -> Proof:
    if not isinstance(members, dict) or set(members) != _MEMBERS:
        raise _WrongMemberError(f"proofs: expected objects of {', '.join(sorted(_MEMBERS))}")
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

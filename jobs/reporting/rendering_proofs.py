"""Says what a proof shows, in words and as members of JSON."""

import json
from typing import Any

from schemas.seal import Proof, ProofKind
from udfs.sealing.spelling import LEAF_MEMBERS, ROW_MEMBERS, read_row

_SHOWS = {
    ProofKind.INCLUSION: "is counted in the row",
    ProofKind.NON_INCLUSION: "is NOT counted in the row",
}


def proof_members(proof: Proof) -> dict[str, Any]:
    """Return what a proof that holds is about: kind, event, row and root, leaves decoded."""
    row = read_row(proof.row)
    assert row is not None, proof.row
    return {
        "kind": proof.kind.value,
        "event": {"source": proof.source, "id": proof.event_id},
        "row": dict(zip(ROW_MEMBERS, row, strict=True)),
        "leaves": [_leaf(each.leaf) for each in proof.leaves],
        "root": proof.root,
    }


def proof_text(proof: Proof, is_root_known: bool) -> str:
    """Return what a proof that holds shows, a few lines.

    Args:
        proof: The proof.
        is_root_known: Whether its root was held against one that was kept elsewhere.
    """
    members = proof_members(proof)
    row = members["row"]
    event = f"event {proof.event_id} of {proof.source}"
    if proof.kind is ProofKind.COMPLETE:
        first = f"The proof holds: these {row['event_count']} events are all that the row counts."
    else:
        first = f"The proof holds: {event} {_SHOWS[proof.kind]}."
    lines = [
        first,
        f"row: {row['row_id']}, account {row['account_id']}, meter {row['meter_id']},"
        f" {row['dimensions']},",
        f"  {row['period_start']} to {row['period_end']}, revision {row['revision']}:"
        f" {row['quantity']} {row['unit']} of {row['event_count']} events",
    ]
    if proof.kind is ProofKind.INCLUSION:
        (leaf,) = members["leaves"]
        place = f"partition {leaf['kafka_partition']}, offset {leaf['kafka_offset']}"
        index = "" if leaf["batch_index"] is None else f", index {leaf['batch_index']}"
        lines.append(f"event: {leaf['quantity']} {row['unit']}, {place}{index}")
    lines.append(f"root: {proof.root}")
    if not is_root_known:
        lines.append("Compare the root with the one you were given: see docs/explaining.md.")
    return "\n".join(lines)


def _leaf(text: str) -> dict[str, Any]:
    return dict(zip(LEAF_MEMBERS, json.loads(text), strict=True))

"""Proves of an event that it is in one of the rows of a charge, or in none; or shows all events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jobs.proofs.explanation import ExplainedRow
from jobs.proofs.recomputing import Recomputed
from jobs.proofs.sealed_rows import UnprovedRow, place_rows, sealed_trees
from schemas.seal import Proof, ProofKind, Seal


class UnsealedRowError(Exception):
    """A row has no seal, or is not what was sealed: nothing can be proved of it. One line."""


def prove_event(
    usage: Recomputed,
    rows: Sequence[ExplainedRow],
    seals: Mapping[str, Seal],
    event: tuple[str, str] | None,
) -> tuple[Proof, ...]:
    """Return the proof that an event is in a row; else one for each row that it is not in it.

    Of each period, meter and dimensions the last of the rows is looked at: it has all events.

    Args:
        usage: Tables of usage and their recompute.
        rows: Of charges.
        seals: By id of their row.
        event: Its source and id; None: a complete proof of each row is returned.

    Raises:
        UnsealedRowError: A row is not sealed, or its events are not those that were; or usage that
            was brought back has the event: such rows have no seals.
        RepeatedEventError: An event counts twice in a row.
    """
    last = {
        (row.account_id, row.meter_id, row.dimensions, row.period_start_us): row.row_id
        for row in sorted(rows, key=lambda each: each.revision or 0)
        if row.revision is not None
    }
    if event is not None:
        _check_brought_back(rows, *event)
    missing = sorted(row_id for row_id in last.values() if row_id not in seals)
    if missing:
        raise UnsealedRowError(
            f"row {missing[0]}: expected a seal, found none: run python -m jobs.seal_usage"
        )
    place_rows(usage.rows, usage.until)
    proofs = []
    for row, tree in sealed_trees(usage.rows, sorted({*last.values()})):
        if isinstance(tree, UnprovedRow) or tree.root != seals[row.row_id].root:
            found = tree.expected if isinstance(tree, UnprovedRow) else f"root {tree.root}"
            raise UnsealedRowError(
                f"row {row.row_id}: expected root {seals[row.row_id].root} of its seal,"
                f" found {found}"
            )
        proofs.append(tree.disclose() if event is None else tree.prove(*event))
    included = tuple(each for each in proofs if each.kind is ProofKind.INCLUSION)
    return included or tuple(proofs)


def _check_brought_back(rows: Sequence[ExplainedRow], source: str, event_id: str) -> None:
    for row in rows:
        names = {(each.source, each.event_id) for each in row.events}
        if row.revision is None and (source, event_id) in names:
            raise UnsealedRowError(
                f"row {row.row_id}: expected a sealed row, found one of {row.table} that counts"
                f" event {event_id} of {source}: what people bring back has no seals"
            )

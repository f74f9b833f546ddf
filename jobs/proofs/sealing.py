"""Puts seals on rows of usage, and holds those that stand against the archive again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import islice

import duckdb

from iceberg.seal_store import SealStore
from iceberg.writing import CommitConflictError
from jobs.proofs.recomputing import Recomputed
from jobs.proofs.sealed_rows import (
    UnprovedRow,
    place_rows,
    sealed_trees,
    unproved_rows,
    usage_row_ids,
)
from schemas.seal import SEAL_ALGORITHM, Seal, SealedRow
from udfs.aggregating import plain_text

# Each conflict is another program that sealed rows: nobody waits in vain for long.
_ATTEMPTS = 20
_BATCH_SEALS = 10_000


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a run did.

    Attributes:
        sealed: How many rows got a seal.
        standing: How many had one.
        unproved: Rows that got none, as the archive does not confirm them.
    """

    sealed: int
    standing: int
    unproved: tuple[UnprovedRow, ...]


def seal_rows(usage: Recomputed, open_store: Callable[[], SealStore], now_us: int) -> Sealed:
    """Seal the rows that a recompute proves and that have no seal, all in one commit.

    If another program commits seals meanwhile, those that are still missing are sealed.

    Args:
        usage: Tables of usage and their recompute.
        open_store: Opens the seals as they are now.
        now_us: When.

    Raises:
        BrokenRowsError: Two seals of one row differ.
        RepeatedEventError: An event counts twice in a row.
        CommitConflictError: Other programs were faster again and again; nothing was sealed.
        UnknownCommitError: The catalog did not say whether the seals are there.
    """
    rows = usage.rows
    place_rows(rows, usage.until)
    unproved = {row.row_id: row for row in unproved_rows(rows)}
    snapshots = json.dumps(dict(sorted(usage.snapshot_ids.items())), separators=(",", ":"))
    for _ in range(_ATTEMPTS):
        store = open_store()
        standing = store.seals()
        wanted = [each for each in usage_row_ids(rows) if each not in standing | unproved.keys()]
        run = _SealingRun(rows, snapshots, now_us, unproved)
        try:
            store.append(run.batches(wanted))
        except CommitConflictError:
            continue
        listed = tuple(sorted(unproved.values(), key=lambda each: each.line))
        return Sealed(run.sealed, len(standing), listed)
    raise CommitConflictError(
        f"commit, table seals: expected no other program's, found {_ATTEMPTS} in a row;"
        " nothing was sealed: try again"
    )


class _SealingRun:
    """Seals that are made while they are written."""

    def __init__(
        self,
        rows: duckdb.DuckDBPyConnection,
        snapshots: str,
        now_us: int,
        unproved: dict[str, UnprovedRow],
    ) -> None:
        self._rows, self._snapshots, self._now_us = rows, snapshots, now_us
        self._unproved = unproved
        self.sealed = 0

    def batches(self, row_ids: list[str]) -> Iterator[list[Seal]]:
        seals = self._seals(row_ids)
        while some := list(islice(seals, _BATCH_SEALS)):
            self.sealed += len(some)
            yield some

    def _seals(self, row_ids: list[str]) -> Iterator[Seal]:
        for row, tree in sealed_trees(self._rows, row_ids):
            if isinstance(tree, UnprovedRow):
                self._unproved[tree.row_id] = tree
                continue
            yield _seal(row, tree.root, self._snapshots, self._now_us)


def _seal(row: SealedRow, root: str, snapshots: str, now_us: int) -> Seal:
    return Seal(
        row.row_id,
        row.account_id,
        row.meter_id,
        row.dimensions,
        row.period_start_us,
        row.period_end_us,
        row.revision,
        row.quantity,
        row.unit,
        row.event_count,
        root,
        SEAL_ALGORITHM,
        snapshots,
        now_us,
    )


def broken_seals(usage: Recomputed, seals: Mapping[str, Seal]) -> tuple[UnprovedRow, ...]:
    """Return the seals that tables and archive contradict, ordered by row: expected is the seal.

    Args:
        usage: Tables of usage and their recompute.
        seals: By id of their row.

    Raises:
        RepeatedEventError: An event counts twice in a row.
    """
    rows = usage.rows
    place_rows(rows, usage.until)
    unproved = {row.row_id: row for row in unproved_rows(rows)}
    found = dict.fromkeys(seals, "no such row")
    for row, tree in sealed_trees(rows, seals):
        if isinstance(tree, UnprovedRow):
            found[row.row_id] = tree.expected
        elif _is_seal_of(seals[row.row_id], row):
            found[row.row_id] = tree.root
        else:
            found[row.row_id] = f"a row of {plain_text(row.quantity)} {row.unit}"
    for row_id, wrong in unproved.items():
        if row_id in seals and found[row_id] == seals[row_id].root:
            found[row_id] = f"a recompute of {wrong.expected}"
    return tuple(
        _broken(seals[row_id], shown)
        for row_id, shown in sorted(found.items())
        if shown != seals[row_id].root or seals[row_id].algorithm != SEAL_ALGORITHM
    )


def _is_seal_of(seal: Seal, row: SealedRow) -> bool:
    """Return whether a seal says of its row what the row says."""
    names = [field.name for field in fields(row)]
    return all(getattr(seal, name) == getattr(row, name) for name in names)


def _broken(seal: Seal, found: str) -> UnprovedRow:
    expected = (
        f"{plain_text(seal.quantity)} {seal.unit} of {seal.event_count} events,"
        f" root {seal.root} by {seal.algorithm}"
    )
    return UnprovedRow(
        seal.row_id,
        seal.account_id,
        seal.meter_id,
        seal.dimensions,
        seal.period_start_us,
        seal.revision,
        expected,
        found,
    )

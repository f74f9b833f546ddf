"""Freezes of billing in Iceberg: what people decided, and how a decision is added once."""

import json
from collections.abc import Mapping
from typing import Any

from pyiceberg.catalog import Catalog

from iceberg.decided_tables import FREEZES
from iceberg.reading import BrokenRowsError, read_once
from iceberg.row_shapes import shape_values
from iceberg.writing import append_rows
from schemas.freeze import FreezeAction, FreezeDecision, FreezeScope
from schemas.instant import EPOCH, MICROSECOND, to_us


class FreezeStore:
    """The table `freezes`, as it was when this was opened."""

    def __init__(self, catalog: Catalog, namespace: str, snapshot_id: int | None = None) -> None:
        """Load it.

        Args:
            catalog: Has the table.
            namespace: Its namespace.
            snapshot_id: As of which snapshot; None: the current one.
        """
        self._freezes = catalog.load_table((namespace, FREEZES.name))
        self._snapshot_id = snapshot_id

    def decisions(self) -> tuple[FreezeDecision, ...]:
        """Return all decisions, the oldest first.

        Raises:
            BrokenRowsError: Two rows of one freeze and action differ, or one cannot be read.
        """
        rows = read_once(self._freezes, FREEZES, snapshot_id=self._snapshot_id).to_pylist()
        try:
            found = [_decision(row) for row in rows]
        except ValueError as error:
            raise BrokenRowsError(f"freezes: expected an action and lists, found {error}") from None
        return tuple(sorted(found, key=lambda each: (each.decided_at_us, each.freeze_id)))

    def append(self, decision: FreezeDecision, job_version: str) -> None:
        """Append a decision, if nobody else has decided since this was opened.

        Raises:
            CommitConflictError: Another program did.
            UnknownCommitError: The catalog gave no clear answer.
        """
        append_rows(self._freezes, FREEZES, [_row(decision) | {"job_version": job_version}])


def _decision(row: Mapping[str, Any]) -> FreezeDecision:
    scope = FreezeScope(
        tuple(json.loads(row["account_ids"])),
        tuple(json.loads(row["meter_ids"])),
        *(None if row[name] is None else to_us(row[name]) for name in ("since", "until")),
    )
    return FreezeDecision(
        row["freeze_id"],
        FreezeAction(row["action"]),
        scope,
        row["decided_by"],
        row["reason"],
        to_us(row["decided_at"]),
    )


def _row(decision: FreezeDecision) -> dict[str, object]:
    values = shape_values(decision)
    del values["scope"]
    scope = decision.scope
    lists = {"account_ids": scope.account_ids, "meter_ids": scope.meter_ids}
    instants = {"since": scope.since_us, "until": scope.until_us}
    return {
        **values,
        **{name: json.dumps(each, separators=(",", ":")) for name, each in lists.items()},
        **{
            name: None if each is None else EPOCH + each * MICROSECOND
            for name, each in instants.items()
        },
    }

"""A whole table that is put back to an older snapshot: what was decided, and whether it is done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ChangeStatus(StrEnum):
    """How far a change has come."""

    STARTED = "started"
    FINISHED = "finished"


class ChangeKind(StrEnum):
    """What is done to tables."""

    REWIND = "rewind"


@dataclass(frozen=True, slots=True)
class TableChange:
    """One row of `table_changes`, field for column; a change has two of each table it changed.

    Attributes:
        change_id: The same for all tables of a change.
        table_name: Which table.
        status: How far it had come.
        kind: What is done.
        checkpoint_id: Number of the job's checkpoint that the table is put back to.
        from_snapshot_id: Its snapshot before.
        to_snapshot_id: Its snapshot after; None: it has none, and no rows.
        tag: Tag in the table that keeps the snapshot of before. It is made in the same commit, so
            where it is, the change was done.
        decided_by: Who decided on it.
        reason: Why.
        decided_at_us: When.
    """

    change_id: str
    table_name: str
    status: ChangeStatus
    kind: ChangeKind
    checkpoint_id: int
    from_snapshot_id: int
    to_snapshot_id: int | None
    tag: str
    decided_by: str
    reason: str
    decided_at_us: int

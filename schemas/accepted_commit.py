"""A commit that came twice, and a person who has looked at it: its rows count once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AcceptedCommit:
    """One row of `accepted_commits`, field for column.

    Attributes:
        table_name: The table that has it twice.
        kind: What came twice: checkpoint or data file.
        name: Which: `job/operator/checkpoint`, or the file's path.
        snapshot_ids: The snapshots that brought it, oldest first, with commas between. Another one
            that brings it later is not accepted with them.
        row_count: Rows that stand in the table more than once by it, all the same in each place.
        decided_by: Who accepted it.
        reason: Why.
        decided_at_us: When.
    """

    table_name: str
    kind: str
    name: str
    snapshot_ids: str
    row_count: int
    decided_by: str
    reason: str
    decided_at_us: int

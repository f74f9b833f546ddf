"""The rows of `table_changes`, and which of them took place."""

from collections.abc import Sequence

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table as IcebergTable

from iceberg.change_tables import TABLE_CHANGES
from iceberg.flink_commits import commit_of, line_of
from iceberg.reading import read_once
from iceberg.row_shapes import read_shape, write_shape
from iceberg.writing import append_rows
from schemas.table_change import ChangeStatus, TableChange


class ChangeStore:
    """The table, as it was when this was opened."""

    def __init__(self, catalog: Catalog, namespace: str) -> None:
        """Load it.

        Args:
            catalog: Has the table.
            namespace: Its namespace.
        """
        self._existing = catalog.load_table((namespace, TABLE_CHANGES.name))

    def read(self) -> tuple[TableChange, ...]:
        """Return all rows, in the order of their time; a started one before a finished one.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        rows = read_once(self._existing, TABLE_CHANGES).to_pylist()
        order = {status: place for place, status in enumerate(ChangeStatus)}
        return tuple(
            sorted(
                (read_shape(TableChange, row) for row in rows),
                key=lambda each: (
                    each.decided_at_us,
                    each.change_id,
                    order[each.status],
                    each.table_name,
                ),
            )
        )

    def append(self, changes: Sequence[TableChange], job_version: str) -> None:
        """Append rows in one commit.

        Raises:
            CommitConflictError: Another program appended since this was opened.
            UnknownCommitError: The catalog gave no clear answer.
        """
        append_rows(
            self._existing, TABLE_CHANGES, [write_shape(row, job_version) for row in changes]
        )
        self._existing.refresh()


def was_done(table: IcebergTable, change: TableChange) -> bool:
    """Tell whether a change of this table took place: its tag came with it, in one commit."""
    return change.tag in table.metadata.refs


def is_last(table: IcebergTable, change: TableChange) -> bool:
    """Tell whether the job has committed nothing to the table since a change that took place."""
    for each in line_of(table):
        if each.snapshot_id == change.to_snapshot_id:
            return True
        if commit_of(each) is not None:
            return False
    return change.to_snapshot_id is None

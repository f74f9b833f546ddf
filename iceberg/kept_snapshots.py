"""Snapshots that tables still keep: checked before something is read as of one of them."""

from pyiceberg.table import Table as IcebergTable

from iceberg.table import Table


class UnknownSnapshotError(Exception):
    """A snapshot is not among those that the table keeps; one line."""


def check_kept(existing: IcebergTable, table: Table, snapshot_id: int | None) -> None:
    """Raise an UnknownSnapshotError where a snapshot has expired or never was.

    Args:
        existing: The Iceberg table.
        table: Its declaration.
        snapshot_id: The snapshot; None: none is asked for.
    """
    if snapshot_id is not None and existing.snapshot_by_id(snapshot_id) is None:
        raise UnknownSnapshotError(
            f"snapshot, table {table.name}: expected one that the table keeps, found {snapshot_id}"
        )

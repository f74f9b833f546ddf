"""Replaces data files of a table by others in one commit: no reader sees half of it.

No delete file is written: what is removed are whole files, each named, none found by a filter.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import uuid4

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.io.pyarrow import bin_pack_arrow_table, write_file
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionFieldValue, PartitionKey
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table import TableProperties, WriteTask
from pyiceberg.table.snapshots import Snapshot

ROLL_UP = "meterclose.roll-up"
COMPACTION = "meterclose.compaction"
"""Entries of the summary of a snapshot that says the same as its parent, in other files."""


def write_rows(
    existing: IcebergTable, rows: pa.Table, month: int, is_one_file: bool = False
) -> list[DataFile]:
    """Write rows into new data files, which no snapshot knows yet.

    PyIceberg's own way in needs one more package to partition by month.

    Args:
        existing: The table; partitioned by the month of one column.
        rows: All of one month, in the table's columns.
        month: The partition's value: months since January 1970.
        is_one_file: Whether to write one file, however large; else the table's target size says.
    """
    schema, spec = existing.schema(), existing.spec()
    key = PartitionKey([PartitionFieldValue(spec.fields[0], month)], spec, schema)
    target_bytes = int(existing.properties[TableProperties.WRITE_TARGET_FILE_SIZE_BYTES])
    rows = rows.cast(schema.as_arrow())
    packs = [rows.to_batches()] if is_one_file else bin_pack_arrow_table(rows, target_bytes)
    run = uuid4()
    tasks = (
        WriteTask(run, number, schema, batches, partition_key=key)
        for number, batches in enumerate(packs)
    )
    return list(write_file(existing.io, existing.metadata, iter(tasks)))


def replace_files(
    existing: IcebergTable,
    removed: Iterable[DataFile],
    added: Iterable[DataFile],
    summary: Mapping[str, str],
) -> bool:
    """Replace data files in one snapshot, or change nothing.

    The commit requires that the table's snapshot is still the one that `existing` was loaded with,
    and that each removed file is in it.

    Args:
        existing: The table as it was read.
        removed: Data files of its snapshot.
        added: Data files that `write_rows` wrote.
        summary: Further entries of the snapshot's summary.

    Returns:
        Whether it was committed; if not, another writer's commit came first.
    """
    try:
        with existing.transaction() as transaction:
            snapshot = transaction.update_snapshot(snapshot_properties=dict(summary))
            with snapshot.overwrite() as overwrite:
                for file in removed:
                    overwrite.delete_data_file(file)
                for file in added:
                    overwrite.append_data_file(file)
    except (CommitFailedException, ValidationException):
        return False
    return True


def discard_files(existing: IcebergTable, files: Sequence[DataFile]) -> None:
    """Delete data files that were written and not committed."""
    for file in files:
        existing.io.delete(file.file_path)


def is_rewrite(snapshot: Snapshot) -> bool:
    """Tell whether a snapshot says the same as its parent, in other files or wider rows."""
    said = snapshot.summary.additional_properties if snapshot.summary else {}
    return ROLL_UP in said or COMPACTION in said

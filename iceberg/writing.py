"""Appends rows that a program decided on, exactly once however many programs run at once."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException, RESTError
from pyiceberg.io.pyarrow import write_file
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionFieldValue, PartitionKey
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table import WriteTask
from pyiceberg.transforms import MonthTransform
from pyiceberg.types import TimestamptzType
from sqlalchemy.exc import SQLAlchemyError

from iceberg.table import Table
from schemas.instant import to_us

NO_CLEAR_ANSWER = (CommitStateUnknownException, RESTError, SQLAlchemyError)
"""What leaves open whether the catalog took a commit."""

_RETRIES = "commit.retry.num-retries"


class CommitConflictError(Exception):
    """Another program committed to the table since it was loaded; nothing was appended."""


class UnknownCommitError(Exception):
    """The catalog did not say whether it took the rows; the message is one line."""


class RefusedFilesError(UnknownCommitError):
    """The storage took no files, so nothing was committed; the message is one line.

    Whoever stops at a commit that is not known to have come stops here, too.
    """


def append_rows(existing: IcebergTable, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Append rows in one commit; as `append_batches`, which it is for a single batch.

    Args:
        existing: The table as it was loaded and read.
        table: Its declaration.
        rows: At least one, with every column.
    """
    append_batches(existing, table, [rows])


def append_batches(
    existing: IcebergTable, table: Table, batches: Iterable[Sequence[Mapping[str, object]]]
) -> None:
    """Append rows in one commit, if the table is still as `existing` was loaded.

    What the caller decided on, it decided from the rows it read of `existing`. PyIceberg would
    append again behind another commit that those rows do not show (`commit.retry.num-retries`), so
    here it must not. Each batch becomes files of its own, so no more than one is held in memory;
    where a batch cannot be had, nothing is appended. Without any row nothing is committed.

    Args:
        existing: The table as it was loaded and read.
        table: Its declaration.
        batches: Rows with every column.

    Raises:
        CommitConflictError: The table has another snapshot by now.
        UnknownCommitError: The catalog gave no clear answer. The rows may be there: read again.
    """
    schema = existing.schema().as_arrow()
    append_tables(
        existing,
        table,
        (pa.Table.from_pylist([dict(row) for row in batch], schema=schema) for batch in batches),
    )


def append_tables(existing: IcebergTable, table: Table, batches: Iterable[pa.Table]) -> None:
    """Append rows in one commit, as `append_batches`.

    Args:
        existing: The table as it was loaded and read.
        table: Its declaration.
        batches: Arrow tables with every column in its place.

    Raises:
        CommitConflictError: The table has another snapshot by now.
        UnknownCommitError: The catalog gave no clear answer. The rows may be there: read again.
    """
    once(existing)
    schema = existing.schema().as_arrow()
    written: list[DataFile] = []
    try:
        for batch in batches:
            written += _stored(existing, table, batch.cast(schema), len(written))
    except BaseException:
        _delete(existing, written)
        raise
    if written:
        _commit(existing, table, written)


def once(existing: IcebergTable) -> IcebergTable:
    """Let commits of a table as it was loaded fail where another one came first; return it."""
    metadata = existing.metadata
    properties = {**metadata.properties, _RETRIES: "0"}
    existing.metadata = metadata.model_copy(update={"properties": properties})
    return existing


def _delete(existing: IcebergTable, written: Sequence[DataFile]) -> None:
    for each in written:
        existing.io.delete(each.file_path)


def _commit(existing: IcebergTable, table: Table, written: Sequence[DataFile]) -> None:
    """Commit files; only a clear refusal takes them away, as the table may have them by now."""
    try:
        with (
            existing.transaction() as transaction,
            transaction.update_snapshot().fast_append() as snapshot,
        ):
            for each in written:
                snapshot.append_data_file(each)
    except CommitFailedException as error:
        _delete(existing, written)
        raise CommitConflictError(f"{table.name}: expected no other commit, found one") from error
    except NO_CLEAR_ANSWER as error:
        raise unknown_commit(table, error) from error


def unknown_commit(table: Table, error: Exception) -> UnknownCommitError:
    """Return what to raise where the catalog gave no clear answer to a commit."""
    found = " ".join(str(error).partition("\n")[0].split()) or type(error).__name__
    return UnknownCommitError(
        f"commit, table {table.name}: expected the catalog to take it, found {found};"
        " run it again: what is there by now is not added again"
    )


def _stored(existing: IcebergTable, table: Table, rows: pa.Table, number: int) -> list[DataFile]:
    try:
        return _write_files(existing, table, rows, number)
    except OSError as error:  # Arrow's: each storage has its own
        found = " ".join(str(error).split()) or type(error).__name__
        raise RefusedFilesError(
            f"table {table.name}, {existing.location()}: expected a folder to write to,"
            f" found {found}; nothing was written"
        ) from error


def _write_files(
    existing: IcebergTable, table: Table, rows: pa.Table, number: int
) -> list[DataFile]:
    """Write rows as one file for each month, numbered from `number` on."""
    instants = rows.column(table.partition_by)
    # Instants are UTC in Arrow, so these are the months of the partitions.
    months = pc.add(pc.multiply(pc.year(instants), 12), pc.month(instants))
    parts = [
        rows.filter(pc.equal(months, month)) for month in sorted(pc.unique(months).to_pylist())
    ]
    tasks = [
        WriteTask(
            write_uuid=uuid.uuid4(),
            task_id=number + place,
            schema=existing.schema(),
            record_batches=part.to_batches(),
            partition_key=_partition_key(existing, table, part),
        )
        for place, part in enumerate(parts)
    ]
    return list(write_file(existing.io, existing.metadata, iter(tasks)))


def _partition_key(existing: IcebergTable, table: Table, rows: pa.Table) -> PartitionKey:
    """Return the partition of rows of one month."""
    (partition_field,) = existing.spec().fields
    month_of: Callable[[Any], int | None] = MonthTransform().transform(TimestamptzType())
    first_us = to_us(rows.column(table.partition_by)[0].as_py())
    value = PartitionFieldValue(field=partition_field, value=month_of(first_us))
    return PartitionKey([value], existing.spec(), existing.schema())

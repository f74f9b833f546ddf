"""FOCUS rows as a Parquet file, for those who load them with Arrow, DuckDB or a warehouse."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.focus import EXPORTED_COLUMNS, FocusColumn, FocusRow, FocusType

_PRECISION = 38
_TYPES: Mapping[FocusType, pa.DataType] = MappingProxyType(
    {
        FocusType.STRING: pa.string(),
        FocusType.DATE_TIME: pa.timestamp("us", tz="UTC"),
        FocusType.KEY_VALUE: pa.string(),
    }
)


class FocusParquet:
    """A Parquet file that is written a batch of rows at a time; a context manager."""

    def __init__(self, path: Path) -> None:
        """Create the file, or empty it.

        Raises:
            OSError: It cannot be written.
        """
        self._schema = pa.schema([_field(column) for column in EXPORTED_COLUMNS])
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Write its footer and close it."""
        self._writer.close()

    def write(self, rows: Sequence[FocusRow]) -> None:
        """Append rows as one row group; exact, or an error.

        Raises:
            pyarrow.ArrowInvalid: A number has more digits than its column.
        """
        if rows:
            table = pa.Table.from_pylist([dict(row) for row in rows], schema=self._schema)
            self._writer.write_table(table)


def _field(column: FocusColumn) -> pa.Field:
    if column.type is FocusType.DECIMAL:
        of_type = pa.decimal128(_PRECISION, column.scale)
    else:
        of_type = _TYPES[column.type]
    return pa.field(column.name, of_type, nullable=column.is_nullable)

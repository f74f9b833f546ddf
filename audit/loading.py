"""Puts rows of Python into tables of DuckDB, as Arrow columns: row by row takes far longer."""

from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa


def insert_rows(
    rows: duckdb.DuckDBPyConnection,
    table: str,
    schema: pa.Schema,
    found: Sequence[tuple[Any, ...]],
) -> None:
    """Append rows to a table that has the columns of a schema, in its order."""
    if not found:
        return
    columns = zip(*found, strict=True)
    arrays = [pa.array(each, kind) for each, kind in zip(columns, schema.types, strict=True)]
    rows.register("audit_inserted", pa.Table.from_arrays(arrays, schema=schema))
    rows.execute(f"INSERT INTO {table} FROM audit_inserted")
    rows.unregister("audit_inserted")

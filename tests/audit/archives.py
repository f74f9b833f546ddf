"""Archives for tests of the recompute: records as Arrow batches, and rows back as shapes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import TypeVar

import duckdb
import pyarrow as pa

from audit.shapes import RawRecord

Shape = TypeVar("Shape")
_ROWS = 200


def batches_of(records: Sequence[RawRecord]) -> Iterator[pa.RecordBatch]:
    """Yield the records as raw_events has them, some at a time."""
    for start in range(0, len(records), _ROWS):
        some = records[start : start + _ROWS]
        log_us = [each.log_time_ms * 1000 for each in some]
        yield pa.RecordBatch.from_pydict(
            {
                "kafka_partition": pa.array([each.partition for each in some], pa.int32()),
                "kafka_offset": pa.array([each.offset for each in some], pa.int64()),
                "log_time": pa.array(log_us, pa.timestamp("us", "UTC")),
                "payload": pa.array([each.value for each in some], pa.binary()),
            }
        )


def shapes_of(rows: duckdb.DuckDBPyConnection, shape: type[Shape], query: str) -> "Counter[Shape]":
    """Return the rows of a query as shapes, by the names of its columns; others are left out."""
    found = rows.sql(query)
    names = {field.name for field in fields(shape)}  # type: ignore[arg-type]
    return Counter(
        shape(
            **{name: value for name, value in zip(found.columns, row, strict=True) if name in names}
        )
        for row in found.fetchall()
    )

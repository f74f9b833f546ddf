"""Streams what a scan finds, a file after the other: no more is in memory than a few files."""

from collections.abc import Iterator
from itertools import islice

import pyarrow as pa
from pyiceberg.io.pyarrow import ArrowScan, schema_to_pyarrow
from pyiceberg.table import DataScan

_FILES = 2


def batch_reader(scan: DataScan) -> pa.RecordBatchReader:
    """Return the rows of a scan as Arrow batches.

    PyIceberg's own reader starts on all files at once and keeps what it has read until it is asked
    for, so a large table would fill the memory.
    """
    schema = schema_to_pyarrow(scan.projection())
    return pa.RecordBatchReader.from_batches(schema, _batches(scan)).cast(schema)


def _batches(scan: DataScan) -> Iterator[pa.RecordBatch]:
    arrow_scan = ArrowScan(
        scan.table_metadata, scan.io, scan.projection(), scan.row_filter, scan.case_sensitive
    )
    files = iter(scan.plan_files())
    while some := list(islice(files, _FILES)):
        yield from arrow_scan.to_record_batches(some)

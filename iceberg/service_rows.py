"""Opens in DuckDB what service levels are measured from: usage, its commits, charges, invoices."""

from pathlib import Path

import duckdb
from pyiceberg.catalog import Catalog

from iceberg.charge_tables import CHARGES, RUNS
from iceberg.commit_times import load_commits
from iceberg.invoice_tables import INVOICES
from iceberg.ledger_tables import JOURNAL
from iceberg.loading import load_table
from iceberg.reading import open_rows
from iceberg.tables import CLOSED_USAGE

_MEMORY = "2GB"
# What a charge was formed from is most of its bytes, and nobody asks for it here.
_CHARGE_COLUMNS = """charge_id, account_id, period_start, period_end, kind, line_id, "group",
    segment_start, segment_end, product, amount_minor, currency, due, run_id FROM committed"""
_COLUMNS = (
    (CHARGES, _CHARGE_COLUMNS),
    (RUNS, "run_id, status FROM committed"),
    (INVOICES, 'invoice_id, state, kind, "at", content FROM committed'),
    (
        JOURNAL,
        "entry_id, posting_no, source_kind, source_id, currency, amount_minor FROM committed",
    ),
)


def open_service_rows(
    catalog: Catalog, namespace: str, file: Path, closes: str, close_columns: tuple[str, ...]
) -> duckdb.DuckDBPyConnection:
    """Return what `iceberg.reading.open_rows` does, with what is charged, and closes beside it.

    `charges`, `runs`, `invoices` and `journal` have some of their columns.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        file: A file that is not there yet, to hold the rows: at most 2 GB of memory are used.
        closes: Name of the table of closed rows with their commits.
        close_columns: What it says of them, beside `committed_us`.

    Raises:
        BrokenRowsError: Two rows of one identity differ.
        NoSuchTableError: A table does not exist.
    """
    rows = open_rows(catalog, namespace, file=file)
    rows.execute(f"SET memory_limit = '{_MEMORY}'")
    for table, columns in _COLUMNS:
        existing = catalog.load_table((namespace, table.name))
        load_table(rows, existing, table, columns, is_ordered=False)
    closed = catalog.load_table((namespace, CLOSED_USAGE.name))
    load_commits(rows, closed, CLOSED_USAGE, close_columns, closes)
    return rows

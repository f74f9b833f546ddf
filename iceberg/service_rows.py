"""Opens in DuckDB what service levels are measured from: usage, its commits, charges, invoices."""

from pathlib import Path

import duckdb
from pyiceberg.catalog import Catalog

from iceberg.charge_tables import CHARGES, RUNS
from iceberg.commit_times import load_commits
from iceberg.decided_tables import BACKFILLED_EVENTS, BROUGHT_BACK_USAGE, USAGE_ADJUSTMENTS
from iceberg.invoice_tables import INVOICES
from iceberg.ledger_tables import JOURNAL
from iceberg.loading import load_table
from iceberg.reading import FILL_ARCHIVE, RAW_COLUMNS
from iceberg.tables import (
    CLOSED_USAGE,
    EXPIRED_USAGE,
    METERING_WINDOWS,
    RAW_EVENTS,
    REJECTED_EVENTS,
    UNASSIGNED_USAGE,
    USAGE_CORRECTIONS,
)

_MEMORY = "2GB"
# What a charge was formed from is most of its bytes, and nobody asks for it here.
_CHARGE_COLUMNS = """charge_id, account_id, period_start, period_end, kind, line_id, "group",
    segment_start, segment_end, product, amount_minor, currency, due, run_id FROM committed"""
_REJECTED_COLUMNS = """reason, meter_id, kafka_partition, kafka_offset, batch_index, event_source,
    event_id, job_version FROM committed"""
_ALL = "* FROM committed"
_COLUMNS = (
    (RAW_EVENTS, RAW_COLUMNS),
    (BACKFILLED_EVENTS, RAW_COLUMNS),
    (REJECTED_EVENTS, _REJECTED_COLUMNS),
    *(
        (table, _ALL)
        for table in (
            METERING_WINDOWS,
            CLOSED_USAGE,
            USAGE_CORRECTIONS,
            EXPIRED_USAGE,
            UNASSIGNED_USAGE,
            BROUGHT_BACK_USAGE,
            USAGE_ADJUSTMENTS,
        )
    ),
    (CHARGES, _CHARGE_COLUMNS),
    (RUNS, 'run_id, status, "at" FROM committed'),
    (INVOICES, 'invoice_id, state, kind, "at", content FROM committed'),
    (
        JOURNAL,
        "entry_id, posting_no, source_kind, source_id, currency, amount_minor FROM committed",
    ),
)


def open_service_rows(
    catalog: Catalog, namespace: str, file: Path, closes: str, close_columns: tuple[str, ...]
) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection that holds tables under their names, each row once.

    These are the tables of records and usage, `charges`, `runs`, `invoices` and `journal`, some of
    which have only some of their columns. `raw_events` is as in `iceberg.reading.open_rows`. Rows
    are in no order, as sorting them would take most of the time.

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
    rows = duckdb.connect(file)
    rows.execute("SET TimeZone = 'UTC'")
    rows.execute(f"SET memory_limit = '{_MEMORY}'")
    for table, columns in _COLUMNS:
        existing = catalog.load_table((namespace, table.name))
        load_table(rows, existing, table, columns, is_ordered=False)
    rows.execute(FILL_ARCHIVE)
    closed = catalog.load_table((namespace, CLOSED_USAGE.name))
    load_commits(rows, closed, CLOSED_USAGE, close_columns, closes)
    return rows

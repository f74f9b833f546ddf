"""Readers that take each row once, whatever a writer committed twice.

Iceberg's Flink sink may commit a checkpoint again when the answer to the first commit was lost.
Rows carry an identity for that reason; readers take each identity once, and a repeated identity
with other content is a broken invariant. Running usage that a rolled-up row holds already is left
out too (`iceberg.covering`).
"""

from collections.abc import Callable, Collection, Mapping
from typing import cast

import duckdb
import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import AlwaysFalse as Nothing
from pyiceberg.expressions import AlwaysTrue as Everything
from pyiceberg.expressions import And, BooleanExpression, In
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.table import Table as IcebergTable

from iceberg.decided_tables import BACKFILLED_EVENTS, BROUGHT_BACK_USAGE
from iceberg.loading import BrokenRowsError as BrokenRowsError  # noqa: PLC0414 - for callers
from iceberg.loading import load_table
from iceberg.row_shapes import shown_key
from iceberg.scratch import open_scratch
from iceberg.table import Table
from iceberg.tables import (
    CLOSED_USAGE,
    METERING_WINDOWS,
    RAW_EVENTS,
    USAGE_CORRECTIONS,
    USAGE_TABLES,
)
from iceberg.totals import USAGE_TOTALS

# JSON that cannot be read leaves all null.
_ENVELOPE = "['$.type', '$.source', '$.id', '$.time']"
RAW_COLUMNS = f"""kafka_partition, kafka_offset, log_time,
    envelope[1] AS event_type, envelope[2] AS event_source, envelope[3] AS event_id,
    TRY_CAST(envelope[4] AS TIMESTAMPTZ) AS event_time, batch
    FROM (SELECT * EXCLUDE (text),
        TRY(json_extract_string(text, {_ENVELOPE})) AS envelope,
        CASE WHEN regexp_matches(text, '^[ \\t\\r\\n]*\\[') THEN TRY([
            json_extract_string(element, {_ENVELOPE}) FOR element IN json_extract(text, '$[*]')
        ]) END AS batch
        FROM (SELECT * EXCLUDE (payload), TRY(decode(payload)) AS text FROM committed)
    )"""  # noqa: S608 - no outside text
"""What the archive says about each record: the columns of `raw_events` in `open_rows`."""

# What the job has archived stands as it is; the rest was read again from Kafka.
FILL_ARCHIVE = f"""
    INSERT INTO {RAW_EVENTS.name} FROM {BACKFILLED_EVENTS.name}
    ANTI JOIN {RAW_EVENTS.name} USING (kafka_partition, kafka_offset)
"""

_TOTAL_KEY = "account_id, meter_id, dimensions, period_start, period_end"
_REVISION_COLUMNS = """account_id, meter_id, dimensions, period_start, period_end, timezone,
    aggregation, unit, revision, quantity, breakdown, event_count"""
REVISED_USAGE = f"""
    CREATE VIEW revised_usage AS
    WITH revisions AS (
        SELECT {_REVISION_COLUMNS}, quantity AS quantity_delta FROM {CLOSED_USAGE.name}
        UNION ALL
        SELECT {_REVISION_COLUMNS}, quantity_delta FROM {USAGE_CORRECTIONS.name}
    )
    SELECT account_id, meter_id, dimensions, period_start, period_end,
        arg_max(timezone, revision) AS timezone,
        arg_max(aggregation, revision) AS aggregation,
        arg_max(unit, revision) AS unit,
        arg_max(quantity, revision) AS quantity,
        arg_max_null(breakdown, revision) AS breakdown,
        arg_max(event_count, revision) AS event_count,
        max(revision) AS revision,
        -- The deltas, what was closed among them, add up, and no revision is missing.
        sum(quantity_delta) = arg_max(quantity, revision)
            AND count(*) = max(revision) + count(*) FILTER (revision = 0) AS explained
    FROM revisions
    GROUP BY account_id, meter_id, dimensions, period_start, period_end
"""  # noqa: S608 - no outside text

# PyIceberg's own signature, which mypy takes for that of the fields.
is_in = cast(Callable[[str, set[str]], BooleanExpression], In)


def read_once(
    existing: IcebergTable,
    table: Table,
    within: Mapping[str, Collection[str]] | None = None,
    snapshot_id: int | None = None,
) -> pa.Table:
    """Return the table's rows, each identity once, ordered by their columns.

    Rows that differ only in `job_version` count as one; the version that sorts first stays.

    Args:
        existing: The Iceberg table.
        table: Its declaration.
        within: Only rows whose columns have one of these texts, by column; None: all rows.
        snapshot_id: As of which snapshot; None: the current one.

    Raises:
        BrokenRowsError: Two rows of one identity differ.
    """
    if snapshot_id is None and existing.current_snapshot() is None:
        return schema_to_pyarrow(existing.schema()).empty_table()
    wanted: BooleanExpression = Everything()
    for column, texts in sorted((within or {}).items()):
        wanted = And(wanted, is_in(column, set(texts)))
    with open_scratch() as connection:
        load_table(connection, existing, table, "* FROM committed", wanted, snapshot_id)
        return connection.table(table.name).to_arrow_table()


def open_rows(
    catalog: Catalog,
    namespace: str,
    snapshot_ids: Mapping[str, int] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection that holds each table of usage under its name, each row once.

    `raw_events` has what was read again from Kafka, too, and in place of key and payload what
    identifies the event: `event_type`, `event_source` and `event_id`, null where the payload is no
    JSON object that names them, its `event_time`, null where that is no time, and `batch`: of a
    JSON array, a list of these four as texts for each element, else null. The view `usage_totals`
    is described in the function of that name.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        snapshot_ids: As of which snapshots, by name of table, such as those of a tag
            (`iceberg.tagging`); one that is not named had no rows. None: as they are now.

    Raises:
        BrokenRowsError: Two rows of one identity differ.
        NoSuchTableError: One of them does not exist.
    """
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for table in USAGE_TABLES:
        existing = catalog.load_table((namespace, table.name))
        columns = RAW_COLUMNS if table is RAW_EVENTS else "* FROM committed"
        _load_as_of(connection, existing, table, columns, snapshot_ids)
    backfilled = catalog.load_table((namespace, BACKFILLED_EVENTS.name))
    _load_as_of(connection, backfilled, BACKFILLED_EVENTS, RAW_COLUMNS, snapshot_ids)
    connection.execute(FILL_ARCHIVE)
    connection.execute(f"DROP TABLE {BACKFILLED_EVENTS.name}")
    connection.execute(REVISED_USAGE)
    connection.execute(USAGE_TOTALS)
    return connection


def _load_as_of(
    connection: duckdb.DuckDBPyConnection,
    existing: IcebergTable,
    table: Table,
    columns: str,
    snapshot_ids: Mapping[str, int] | None,
) -> None:
    snapshot_id = None if snapshot_ids is None else snapshot_ids.get(table.name)
    is_empty = snapshot_ids is not None and snapshot_id is None
    wanted = Nothing() if is_empty else Everything()
    load_table(connection, existing, table, columns, wanted, snapshot_id)


def load_revisions(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    namespace: str,
    snapshot_ids: Mapping[str, int],
) -> None:
    """Copy what usage totals are made of into DuckDB, as of some snapshots, and add their views.

    Args:
        connection: Gets the tables `closed_usage`, `usage_corrections` and `brought_back_usage`,
            each row once, and the views `revised_usage` and `usage_totals`.
        catalog: Has the tables.
        namespace: Theirs.
        snapshot_ids: By name of table; one that is not named has no rows.

    Raises:
        BrokenRowsError: Two rows of one identity differ.
    """
    connection.execute("SET TimeZone = 'UTC'")
    for table in (CLOSED_USAGE, USAGE_CORRECTIONS, BROUGHT_BACK_USAGE):
        existing = catalog.load_table((namespace, table.name))
        snapshot_id = snapshot_ids.get(table.name)
        wanted = Nothing() if snapshot_id is None else Everything()
        load_table(connection, existing, table, "* FROM committed", wanted, snapshot_id, False)
    connection.execute(REVISED_USAGE)
    connection.execute(USAGE_TOTALS)


def load_once(
    connection: duckdb.DuckDBPyConnection,
    existing: IcebergTable,
    table: Table,
    snapshot_id: int | None = None,
    wanted: BooleanExpression = Everything(),  # noqa: B008 - a constant
) -> None:
    """Copy a table's rows into DuckDB under its name, each row once.

    Args:
        connection: Gets them.
        existing: The Iceberg table.
        table: Its declaration.
        snapshot_id: As of which snapshot; None: the current one.
        wanted: Which rows.

    Raises:
        BrokenRowsError: Two rows of one identity differ.
    """
    connection.execute("SET TimeZone = 'UTC'")
    load_table(connection, existing, table, "* FROM committed", wanted, snapshot_id, False)


def load_windows(
    connection: duckdb.DuckDBPyConnection,
    existing: IcebergTable,
    wanted: BooleanExpression,
    snapshot_id: int | None,
) -> None:
    """Copy running usage into DuckDB, as `metering_windows`, each row once and none twice told.

    Raises:
        BrokenRowsError: Two rows of one identity differ.
    """
    load_table(connection, existing, METERING_WINDOWS, "* FROM committed", wanted, snapshot_id)


def usage_totals(rows: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return what each account used, with corrections and with what was brought back.

    One row for each account, meter, dimensions and period: timezone, aggregation, unit, quantity,
    event count, and the last revision, null where nothing but usage brought back is there. Ordered
    by account, period, meter and dimensions.

    Args:
        rows: From `open_rows`.

    Raises:
        BrokenRowsError: A revision is missing, or the deltas do not add up to the quantity; or
            usage was brought back with another aggregation or unit than its period has.
    """
    check_totals(rows)
    return rows.sql("SELECT * EXCLUDE (addable) FROM usage_totals").to_arrow_table()


def check_totals(rows: duckdb.DuckDBPyConnection) -> None:
    """Raise a BrokenRowsError where usage totals contradict what they are made of.

    Args:
        rows: From `open_rows`, or filled by `load_revisions`.
    """
    for view, is_broken, what in (
        ("revised_usage", "NOT explained", "revisions that do not add up"),
        ("usage_totals", "NOT addable", "usage brought back that does not fit"),
    ):
        broken = rows.execute(
            f"SELECT {_TOTAL_KEY} FROM {view} WHERE {is_broken}"  # noqa: S608 - no outside text
            " ORDER BY account_id, period_start, period_end, meter_id, dimensions LIMIT 1"
        ).fetchone()
        if broken is not None:
            raise BrokenRowsError(f"usage_totals: {what}: {shown_key(broken)}")

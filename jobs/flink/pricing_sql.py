"""The SQL of the pricing job: rows of tables at given snapshots, gathered by account."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from iceberg.covering import ROLLED_UP
from iceberg.table import Table, sql_columns
from iceberg.tables import METERING_WINDOWS, TABLES
from jobs.flink.meter_sql import quote
from jobs.flink.pricing_rows import ACCOUNTS, CONTENT_SHAPES, ROW_SHAPES

_NEW_LINE = r"U&'\000A'"
_ROLLED_UP = "is_rolled_up"
GATHERED_TABLES = (
    *(name for name in ROW_SHAPES if name != METERING_WINDOWS.name),
    *CONTENT_SHAPES,
    ACCOUNTS,
)
"""What an account is gathered from, windows apart."""
_TABLES: Mapping[str, Table] = {table.name: table for table in TABLES}


class PricedTables:
    """Tables in Iceberg as of the snapshots that a run reads."""

    def __init__(self, place: str, snapshot_ids: Mapping[str, int]) -> None:
        """Keep where.

        Args:
            place: Catalog and namespace, quoted.
            snapshot_ids: By name of table; one that is not named has no rows.
        """
        self._place, self._snapshot_ids = place, snapshot_ids

    def has(self, name: str) -> bool:
        """Return whether a table has rows to read."""
        return name in self._snapshot_ids

    def of(self, name: str) -> str:
        """Return the SQL of a table as of its snapshot."""
        hint = f"/*+ OPTIONS('snapshot-id' = '{self._snapshot_ids[name]}') */"
        return f"{self._place}.`{name}` {hint}"


def gathered_sql(tables: PricedTables) -> str:
    """Return the query of all rows but windows by account: its id, and a row in each line.

    Args:
        tables: Has one of `GATHERED_TABLES`.
    """
    return _gather([_rows_sql(tables, name) for name in GATHERED_TABLES if tables.has(name)])


def with_windows_sql(tables: PricedTables, gathered: str, spans: str) -> str:
    """Return the same query with the windows of some periods.

    Args:
        tables: Has windows.
        gathered: Name of a view of `gathered_sql`.
        spans: Name of a view of account_id, since and until, instants as text.
    """
    content = _content_sql(METERING_WINDOWS.name, "w.")
    start = "w.`event_window_start`"
    # Names are those of the declared tables, not input.
    windows = (
        f"SELECT w.`account_id`, {content} AS content"  # noqa: S608
        f" FROM (SELECT * FROM {tables.of(METERING_WINDOWS.name)}) AS w"
        f" JOIN {spans} AS s ON w.`account_id` = s.account_id"
        f" AND {start} >= CAST(s.`since` AS TIMESTAMP_LTZ(6))"
        f" AND {start} < CAST(s.`until` AS TIMESTAMP_LTZ(6))"
    )
    rows = f"SELECT account_id, contents AS content FROM {gathered}"  # noqa: S608
    return _gather([rows, windows])


def _gather(queries: list[str]) -> str:
    """Return the query that puts the contents of each account into lines."""
    return (
        f"SELECT account_id, ARRAY_JOIN(ARRAY_AGG(content), {_NEW_LINE}) AS contents"  # noqa: S608
        f" FROM ({' UNION ALL '.join(queries)}) GROUP BY account_id"
    )


def _rows_sql(tables: PricedTables, name: str) -> str:
    content = _content_sql(name)
    return f"SELECT `account_id`, {content} AS content FROM {tables.of(name)}"  # noqa: S608


def _content_sql(name: str, prefix: str = "") -> str:
    """Return the expression of a row as `jobs.flink.pricing_rows` reads it."""
    if name in CONTENT_SHAPES:
        columns = ["content"]
    elif name == ACCOUNTS:
        columns = ["kafka_offset", "terms"]
    else:
        columns = [_column_of(field.name) for field in fields(_shape(name))]
    texts = [
        f"CAST({prefix}`{column}` AS STRING)"
        if column != _ROLLED_UP
        else f"CAST({prefix}`job_version` LIKE {quote(f'{ROLLED_UP}%')} AS STRING)"
        for column in columns
    ]
    return f"JSON_ARRAY({quote(name)}, {', '.join(texts)} NULL ON NULL)"


def _shape(name: str) -> type[Any]:
    """Return the shape of a table, which has all its columns: rows that differ must look so."""
    shape = ROW_SHAPES[name]
    columns = {_column_of(field.name) for field in fields(shape)} - {_ROLLED_UP}
    assert columns == {column for column, _ in sql_columns(_TABLES[name])} - {"job_version"}, name
    return shape


def _column_of(field_name: str) -> str:
    return field_name.removesuffix("_us")

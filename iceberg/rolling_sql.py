"""How rows of running usage become one: the SQL of a roll-up, in a DuckDB of its own.

`stood` holds the rows of all due files as they stand; `judged` says of each how wide it becomes
(0: it stays) and whether an earlier roll-up holds it already; `written` is what takes their place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from iceberg.covering import DAY_S, HOUR_S, covered_sql, is_retraction_sql, reach_sql
from iceberg.reading import BrokenRowsError
from iceberg.tables import METERING_WINDOWS
from schemas.aggregation import BY_EVENT, Aggregation

_KEEPS_ONE = {Aggregation.MAX, Aggregation.MIN}

# What needs each event by itself stays: a level, and the latest event, as it may be taken back.
# Usage of a meter that was removed in flight has no name of an aggregation, and stays too.
ROLLABLE = tuple(sorted(set(Aggregation) - BY_EVENT))

_IDENTITY = ", ".join(METERING_WINDOWS.identity)
_COLUMNS = ", ".join(METERING_WINDOWS.names)
_ROLLABLE = f"aggregation IN ({', '.join(repr(str(name)) for name in ROLLABLE)})"
_HOUR_END = "date_trunc('hour', event_window_start) + INTERVAL 1 HOUR"
_DAY_END = "date_trunc('day', event_window_start) + INTERVAL 1 DAY"
_WIDE_START = f"""CASE width_s WHEN {DAY_S} THEN date_trunc('day', event_window_start)
    ELSE date_trunc('hour', event_window_start) END"""

# What comes later in log time cannot be in an earlier row, so the midnight at which a row is due
# again is known when it is written. Rows due together lie in one file.
_DUE = f"""CASE WHEN NOT {_ROLLABLE} OR event_window_s >= {DAY_S} THEN NULL
    ELSE date_trunc('day', greatest(log_window_end,
        CASE WHEN event_window_s < {HOUR_S} THEN {_HOUR_END} ELSE {_DAY_END} END)
        - INTERVAL 1 MICROSECOND) END"""


@dataclass(frozen=True, slots=True)
class Replaced:
    """Which files are replaced, by their places, and what is in them."""

    files: tuple[int, ...]
    rows: int
    repeated_rows: int


def fill_reach(connection: duckdb.DuckDBPyConnection, wide: str) -> None:
    """Make `reach` of the rolled-up rows in the view `wide`."""
    connection.execute(f"CREATE TABLE reach AS {reach_sql(wide)}")


def judge(connection: duckdb.DuckDBPyConnection, hours_until_us: int, days_until_us: int) -> None:
    """Make `judged` of `stood` and `reach`: the rule of what is rolled up."""
    connection.execute(
        f"""CREATE TABLE judged AS SELECT *, {covered_sql("stood", "reach")} AS is_repeated,
        CASE WHEN NOT {_ROLLABLE} THEN 0
            WHEN event_window_s < {DAY_S} AND {_DAY_END} <= make_timestamptz($days)
                AND log_window_end <= make_timestamptz($days) THEN {DAY_S}
            WHEN event_window_s < {HOUR_S} AND {_HOUR_END} <= make_timestamptz($hours)
                AND log_window_end <= make_timestamptz($hours) THEN {HOUR_S}
            ELSE 0 END AS width_s FROM stood""",  # noqa: S608 - no outside text
        {"days": days_until_us, "hours": hours_until_us},
    )


def files_to_replace(connection: duckdb.DuckDBPyConnection) -> Replaced:
    """Return which of the files hold something to roll up, and forget the rows of all others."""
    connection.execute(
        "DELETE FROM judged WHERE file_number NOT IN"
        " (SELECT file_number FROM judged WHERE width_s > 0 OR is_repeated)"
    )
    files = connection.execute("SELECT DISTINCT file_number FROM judged ORDER BY ALL").fetchall()
    ((rows, repeated_rows),) = connection.execute(
        "SELECT count(*), count(*) FILTER (is_repeated) FROM judged"
    ).fetchall()
    return Replaced(tuple(number for (number,) in files), rows, repeated_rows)


def roll_up(connection: duckdb.DuckDBPyConnection, job_version: str) -> None:
    """Make `written` of `judged`: rolled-up rows, and those that stay.

    Raises:
        BrokenRowsError: Two rolled-up rows would have one key, as a meter changed what it is; or
            a sum has more than 38 digits.
    """
    connection.execute(
        "CREATE VIEW counted AS"  # noqa: S608 - names of the declaration
        f" SELECT DISTINCT ON ({_IDENTITY}) * FROM judged WHERE NOT is_repeated"
        f" ORDER BY {_IDENTITY}, job_version"
    )
    kept_ones = ", ".join(repr(str(name)) for name in sorted(_KEEPS_ONE))
    is_retraction = is_retraction_sql("counted")
    statement = f"""CREATE TABLE written AS
        SELECT {_COLUMNS} FROM counted WHERE width_s = 0
        UNION ALL BY NAME
        SELECT account_id, meter_id, dimensions,
            {_WIDE_START} AS event_window_start,
            width_s AS event_window_s,
            part,
            aggregation,
            CASE aggregation
                WHEN '{Aggregation.MAX}' THEN max(quantity)
                WHEN '{Aggregation.MIN}' THEN min(quantity)
                ELSE sum(quantity) FILTER (aggregation NOT IN ({kept_ones})) END AS quantity,
            unit,
            sum(event_count)::BIGINT AS event_count,
            min(first_event_time) AS first_event_time, max(last_event_time) AS last_event_time,
            min(first_log_time) AS first_log_time, max(last_log_time) AS last_log_time,
            max(log_window_end) AS log_window_end,
            {is_retraction} AS is_retraction,
            $job_version AS job_version
        FROM counted WHERE width_s > 0
        GROUP BY account_id, meter_id, dimensions, aggregation, unit, width_s,
            part, {is_retraction}, {_WIDE_START}"""  # noqa: S608 - no outside text
    try:
        connection.execute(statement, {"job_version": job_version})
    except duckdb.OutOfRangeException as error:
        raise BrokenRowsError(
            f"{METERING_WINDOWS.name}: expected sums of at most 38 digits, found {error}"
        ) from error
    broken = connection.execute(
        f"SELECT {_IDENTITY} FROM written GROUP BY {_IDENTITY}"  # noqa: S608 - names of columns
        " HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
    ).fetchall()
    if broken:
        raise BrokenRowsError(f"{METERING_WINDOWS.name}: two rows would have the key {broken[0]}")


def outputs(connection: duckdb.DuckDBPyConnection) -> Iterator[pa.Table]:
    """Yield the rows of `written`, those that will be due together at a time, in order."""
    lots = connection.execute(
        f"SELECT DISTINCT event_window_s < {HOUR_S}, {_DUE} FROM written ORDER BY ALL"  # noqa: S608
    ).fetchall()
    for is_detail, due in lots:
        yield connection.sql(
            f"SELECT {_COLUMNS} FROM written"  # noqa: S608 - no outside text
            f" WHERE (event_window_s < {HOUR_S}) = $is_detail"
            f" AND {_DUE} IS NOT DISTINCT FROM $due ORDER BY ALL",
            params={"is_detail": is_detail, "due": due},
        ).to_arrow_table()

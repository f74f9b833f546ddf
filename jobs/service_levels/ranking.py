"""Exact percentiles in DuckDB: values are sorted on disk if need be, and picked by their places."""

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from schemas.service_facts import Ranks
from udfs.measuring_service import nearest_rank


def rank(rows: DuckDBPyConnection, durations: str, percents: Sequence[int]) -> Ranks:
    """Return percentiles of durations by nearest rank.

    Args:
        rows: Has them.
        durations: SQL that selects one column of whole microseconds, none of them null.
        percents: Which, from 1 to 100.
    """
    rows.execute(
        "CREATE OR REPLACE TEMP TABLE ranked AS"  # noqa: S608 - no outside text
        f" SELECT duration_us FROM ({durations}) AS durations (duration_us) ORDER BY duration_us"
    )
    ((count,),) = rows.execute("SELECT count(*) FROM ranked").fetchall()
    by_percent_us = {
        percent: _value(rows, nearest_rank(count, percent) - 1) for percent in percents if count
    }
    rows.execute("DROP TABLE ranked")
    return Ranks(count, by_percent_us)


def _value(rows: DuckDBPyConnection, place: int) -> int:
    # DuckDB keeps rows in the order in which they were inserted (preserve_insertion_order).
    found = rows.execute("SELECT duration_us FROM ranked LIMIT 1 OFFSET $1", [place]).fetchall()
    ((value_us,),) = found
    return int(value_us)

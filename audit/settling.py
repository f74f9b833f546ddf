"""Leaves out the differences that people have put right by adjustments."""

import duckdb

from audit.recomputing import sql_of


def leave_out_settled(rows: duckdb.DuckDBPyConnection) -> int:
    """Take periods out of `row_differences` whose adjustments make them what they should be.

    Args:
        rows: After `audit.comparing.compare_usage`; with brought_back_usage and usage_adjustments
            as they were found.

    Returns:
        In how many periods adjustments and rows together are exactly what the archive comes to.
    """
    rows.execute(sql_of("settled"))
    (number,) = rows.execute("SELECT count(*) FROM settled_periods").fetchall()[0]
    return int(number)

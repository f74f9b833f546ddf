"""What people brought back of expired and unassigned usage, for the report."""

from duckdb import DuckDBPyConnection

from iceberg.row_shapes import read_shape
from schemas.brought_back_usage import BroughtBackUsage

_BROUGHT_BACK = """
    SELECT * FROM brought_back_usage
    WHERE $1 IS NULL OR account_id = $1
    ORDER BY decided_at, account_id, meter_id, period_start, source_row_id
"""
_WITHOUT_SOURCE = """
    SELECT count(*) FROM brought_back_usage ANTI JOIN (
        SELECT row_id AS source_row_id FROM expired_usage
        UNION ALL SELECT row_id FROM unassigned_usage
        UNION ALL SELECT row_id FROM usage_adjustments
    ) USING (source_row_id)
"""


def read_brought_back(
    rows: DuckDBPyConnection, account_id: str | None
) -> tuple[BroughtBackUsage, ...]:
    """Return what people brought back, ordered by when they did so.

    Args:
        rows: From `iceberg.reading.open_rows`.
        account_id: None for all accounts.
    """
    found = rows.sql(_BROUGHT_BACK, params=[account_id]).to_arrow_table().to_pylist()
    return tuple(read_shape(BroughtBackUsage, row) for row in found)


def count_without_source(rows: DuckDBPyConnection) -> int:
    """Return how many rows were brought back whose source is not there; always 0.

    Args:
        rows: From `iceberg.reading.open_rows`.
    """
    return int(rows.execute(_WITHOUT_SOURCE).fetchall()[0][0])

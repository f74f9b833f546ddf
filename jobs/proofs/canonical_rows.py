"""The rows of a period as canonical lines: as the archive has them, and as the tables do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import duckdb

from jobs.proofs.recomputing import Recomputed
from udfs.spelling_rows import ROW_COLUMNS, row_lines

_OF_PERIOD = """
    WHERE account_id = $account_id AND period_start = $period_start
    AND meter_id = ifnull($meter_id, meter_id) AND ifnull(correction_end, cut) <= $until
"""
_AUDITED = f"SELECT {', '.join(ROW_COLUMNS)} FROM audit_rows {_OF_PERIOD}"  # noqa: S608
# A closed row differs from nothing by all it has.
_TABLED = f"""
    WITH found AS (
        SELECT *, quantity AS quantity_delta, event_count AS event_count_delta,
            NULL::TIMESTAMPTZ AS correction_end
        FROM closed_usage UNION ALL BY NAME SELECT * FROM usage_corrections
    ) SELECT {", ".join(ROW_COLUMNS)} FROM found {_OF_PERIOD}
"""  # noqa: S608 - no outside text


@dataclass(frozen=True, slots=True)
class AskedRows:
    """Which rows are asked for.

    Attributes:
        account_id: Whose.
        period_start: First instant of their period.
        meter_id: Of which meter; None: of all.
    """

    account_id: str
    period_start: datetime
    meter_id: str | None = None


def audited_lines(usage: Recomputed, asked: AskedRows) -> list[str]:
    """Return the rows that a recompute comes to, as sorted lines."""
    return row_lines(_rows(usage, _AUDITED, asked))


def tabled_lines(usage: Recomputed, asked: AskedRows) -> list[str]:
    """Return the rows that the tables of usage hold at the same cut, as sorted lines."""
    return row_lines(_rows(usage, _TABLED, asked))


def _rows(usage: Recomputed, sql: str, asked: AskedRows) -> Iterator[dict[str, object]]:
    parameters = {
        "account_id": asked.account_id,
        "period_start": asked.period_start,
        "meter_id": asked.meter_id,
        "until": usage.until,
    }
    found: duckdb.DuckDBPyConnection = usage.rows.execute(sql, parameters)
    for row in found.fetchall():
        yield dict(zip(ROW_COLUMNS, row, strict=True))

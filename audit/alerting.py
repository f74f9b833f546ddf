"""Which thresholds of budgets usage has reached, and when: log window by log window."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any

import duckdb
import pyarrow as pa

from audit.budgets import OracleBudget
from audit.loading import insert_rows

_READ_ROWS = 10_000
_WATCHED = "CREATE OR REPLACE TEMP TABLE watched (account_id VARCHAR, meter_id VARCHAR)"
# What is open counts as well: a budget does not wait for the close.
_STEPS = """
    SELECT account_id, meter_id, period_start, any_value(timezone), any_value(unit), log_window_end,
        CAST(sum(sum(CASE WHEN is_retraction THEN -quantity ELSE quantity END)) OVER (
            PARTITION BY account_id, meter_id, period_start ORDER BY log_window_end
        ) AS DECIMAL(38, 9))
    FROM audit_usage JOIN audit_meters USING (meter_id)
    SEMI JOIN watched USING (account_id, meter_id)
    WHERE fate IN ('closed', 'corrected', 'open') AND period_start IS NOT NULL
        AND aggregation IN ('count', 'sum')
    GROUP BY account_id, meter_id, period_start, log_window_end
    ORDER BY account_id, meter_id, period_start, log_window_end
"""
_Step = tuple[str, str, datetime, str, str, datetime, Decimal]


def add_alerts(
    rows: duckdb.DuckDBPyConnection, budgets: Mapping[str, Sequence[OracleBudget]]
) -> None:
    """Fill `audit_alerts`: one row for each threshold, with the first log window that reached it.

    Args:
        rows: With `audit_usage`; running totals of one account, meter and period are held at once.
        budgets: By account.
    """
    by_meter: dict[tuple[str, str], list[OracleBudget]] = {}
    for account_id, own in budgets.items():
        for budget in own:
            by_meter.setdefault((account_id, budget.meter_id), []).append(budget)
    rows.execute(_WATCHED)
    watched = pa.schema([("account_id", pa.string()), ("meter_id", pa.string())])
    insert_rows(rows, "watched", watched, sorted(by_meter))
    found: list[tuple[Any, ...]] = []
    for key, steps in groupby(_steps(rows), key=lambda step: step[:3]):
        found += _reached([*steps], by_meter[key[:2]])
    schema = rows.sql("FROM audit_alerts LIMIT 0").to_arrow_table().schema
    insert_rows(rows, "audit_alerts", schema, found)


def _steps(rows: duckdb.DuckDBPyConnection) -> Iterator[_Step]:
    ordered = rows.execute(_STEPS)
    while some := ordered.fetchmany(_READ_ROWS):
        yield from some


def _reached(steps: Sequence[_Step], budgets: Sequence[OracleBudget]) -> Iterator[tuple[Any, ...]]:
    for budget in budgets:
        for percent in budget.thresholds:
            # As fractions: exact, whatever the context of decimals.
            enough = Fraction(budget.quantity) * percent / 100
            first = next((step for step in steps if Fraction(step[-1]) >= enough), None)
            if first is not None:
                *subject, unit, reached, quantity = first
                yield *subject, budget.quantity, percent, quantity, unit, reached

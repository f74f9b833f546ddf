"""Reads what was used and charged in all, for those who watch the business rather than the job."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from duckdb import DuckDBPyConnection

from schemas.metrics import BUSINESS_METRICS

_EVENTS = """
    SELECT meter_id, sum(event_count) FROM (
        SELECT meter_id, event_count FROM closed_usage
        UNION ALL SELECT meter_id, event_count_delta FROM usage_corrections
    ) GROUP BY ALL ORDER BY ALL
"""
_CORRECTED = "SELECT meter_id, count(*) FROM usage_corrections GROUP BY ALL ORDER BY ALL"
# A sum over accounts says nothing of a greatest or a latest value.
_QUANTITIES = """
    SELECT meter_id, unit, sum(quantity) FROM (
        SELECT meter_id, unit, aggregation, quantity FROM closed_usage
        UNION ALL SELECT meter_id, unit, aggregation, quantity_delta FROM usage_corrections
    ) WHERE aggregation IN ('count', 'sum') GROUP BY ALL ORDER BY ALL
"""
_CHARGES = """
    SELECT currency, product, kind, sum(amount_minor) FROM charges GROUP BY ALL ORDER BY ALL
"""
_ADJUSTED = """
    SELECT currency, product, sum(amount_minor) FROM charges WHERE due > period_end
    GROUP BY ALL ORDER BY ALL
"""
_STATEMENTS = (_EVENTS, _CORRECTED, _QUANTITIES, _CHARGES, _ADJUSTED)


@dataclass(frozen=True, slots=True)
class BusinessFigure:
    """One figure of `schemas.metrics.BUSINESS_METRICS`.

    Attributes:
        name: The metric's.
        labels: Their values by name, in the order of the metric.
        value: Exact.
    """

    name: str
    labels: Mapping[str, str]
    value: Decimal


def read_business(rows: DuckDBPyConnection) -> tuple[BusinessFigure, ...]:
    """Return all figures, in the order of the catalogue.

    Args:
        rows: With the tables `closed_usage`, `usage_corrections` and `charges`, each row once.
    """
    return tuple(
        BusinessFigure(metric.name, dict(zip(metric.labels, labels, strict=True)), Decimal(value))
        for metric, statement in zip(BUSINESS_METRICS, _STATEMENTS, strict=True)
        for *labels, value in rows.execute(statement).fetchall()
    )

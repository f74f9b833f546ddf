"""Figures of the business, each against its rows by hand."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from jobs.service_levels.reading_business import read_business
from jobs.service_levels.rendering_prometheus import business_lines
from tests.jobs.service_levels.exposed import read_exposed


@pytest.fixture
def rows() -> duckdb.DuckDBPyConnection:
    """Two meters, one of them a maximum, with a correction; charges in two currencies."""
    rows = duckdb.connect()
    rows.execute("""
        CREATE TABLE closed_usage AS SELECT * FROM (VALUES
            ('calls', 'call', 'count', 10::DECIMAL(38, 9), 10),
            ('calls', 'call', 'count', 5::DECIMAL(38, 9), 5),
            ('peak', 'seat', 'max', 7::DECIMAL(38, 9), 3)
        ) AS t (meter_id, unit, aggregation, quantity, event_count);
        CREATE TABLE usage_corrections AS SELECT * FROM (VALUES
            ('calls', 'call', 'count', 0.000000001::DECIMAL(38, 9), -1)
        ) AS t (meter_id, unit, aggregation, quantity_delta, event_count_delta);
        CREATE TABLE charges AS SELECT * FROM (VALUES
            ('USD', 'api', 'usage', 9007199254740993, DATE '2026-02-01', DATE '2026-02-01'),
            ('USD', 'api', 'usage', -3, DATE '2026-03-01', DATE '2026-02-01'),
            ('JPY', 'api', 'minimum', 40, DATE '2026-02-01', DATE '2026-02-01')
        ) AS t (currency, product, kind, amount_minor, due, period_end)
    """)
    return rows


def test_figures_are_exact(rows: duckdb.DuckDBPyConnection) -> None:
    """To the last unit, even above what a float holds; a maximum is not added up."""
    told = {(each.name, *each.labels.values()): each.value for each in read_business(rows)}
    assert told == {
        ("meterclose_usage_events", "calls"): 14,
        ("meterclose_usage_events", "peak"): 3,
        ("meterclose_usage_corrections", "calls"): 1,
        ("meterclose_usage_quantity", "calls", "call"): Decimal("15.000000001"),
        ("meterclose_charged_minor", "USD", "api", "usage"): 9007199254740990,
        ("meterclose_charged_minor", "JPY", "api", "minimum"): 40,
        ("meterclose_corrected_minor", "USD", "api"): -3,
    }


def test_they_are_metrics(rows: duckdb.DuckDBPyConnection) -> None:
    """In Prometheus' format; of nothing nothing."""
    text = "".join(f"{line}\n" for line in business_lines(read_business(rows)))
    families = read_exposed(text)
    labels = (("currency", "USD"), ("product", "api"), ("kind", "usage"))
    assert families["meterclose_charged_minor"].samples[labels] == "9007199254740990"
    assert list(business_lines(())) == []

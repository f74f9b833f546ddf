"""Holds what stood in the tables after each pricing run against a recompute as of then."""

from datetime import datetime
from pathlib import Path
from typing import Any

from pyiceberg.catalog import Catalog

from audit.prices.agreements import read_agreements
from audit.prices.charges import Comparison, compare_charges
from audit.prices.prices import Draws
from audit.prices.statements import price_all
from audit.prices.used import Tables

_READ = {
    "closed_usage": ("*",),
    "usage_corrections": ("*",),
    "brought_back_usage": ("*",),
    "metering_windows": (
        *("account_id", "meter_id", "dimensions", "event_window_start", "event_window_s"),
        *("part", "log_window_end", "is_retraction", "quantity", "event_count"),
        *("aggregation", "job_version"),
    ),
    "charges": ("*",),
    "runs": ("run_id", "at"),
}


def read_tables(catalog: Catalog, namespace: str) -> dict[str, Any]:
    """Return the newest rows of all tables that a comparison needs, as Arrow tables."""
    return {
        name: catalog.load_table((namespace, name)).scan(selected_fields=fields).to_arrow()
        for name, fields in _READ.items()
    }


def compare_runs(config: Path, tables: Tables) -> dict[datetime, Comparison]:
    """Compare the charges of each run, and those before it, with a recompute up to its time.

    Args:
        config: Folder of the files that were loaded.
        tables: From `read_tables`. The clock of each run stood where it priced up to.

    Returns:
        A comparison for each run, in their order.
    """
    agreed, draws = read_agreements(config), Draws()
    times = {row["run_id"]: row["at"] for row in tables["runs"].to_pylist()}
    charges = tables["charges"].to_pylist()
    found = {}
    for at in sorted({*times.values()}):
        stood = [row for row in charges if times[row["run_id"]] <= at]
        found[at] = compare_charges(price_all(agreed, tables, at, draws), stood)
    return found

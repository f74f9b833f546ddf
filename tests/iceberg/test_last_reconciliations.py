"""What reconciliations found last, as their programs write it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.creating import make_table
from iceberg.last_reconciliations import (
    ChargeReconciliation,
    UsageReconciliation,
    last_charge_reconciliation,
    last_usage_reconciliation,
)
from iceberg.table import Column, Table
from schemas.instant import to_us
from tests.iceberg.filling import LocalCatalog, append

_AT = Column("at", "timestamptz", "When.")
USAGE = Table(
    "reconciliations",
    "Runs.",
    (
        Column("run_id", "string", "Run."),
        _AT,
        Column("narrowed_to", "string", "What was asked for."),
        Column("differences", "long", "Found."),
    ),
    ("run_id",),
    "at",
)
CHARGES = Table(
    "charge_reconciliations",
    "Runs.",
    (
        Column("reconciliation_id", "string", "Run."),
        _AT,
        Column("kind", "string", "Of the row."),
        Column("totals", "string", "Found.", required=False),
    ),
    ("reconciliation_id", "kind"),
    "at",
)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with the two tables, of which each has the columns that are asked for."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    catalog.create_namespace("billing")
    for table in (USAGE, CHARGES):
        make_table(catalog, "billing", table)
    return catalog


def _at(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


def test_before_the_first_there_is_none(catalog: Catalog, tmp_path: Path) -> None:
    """Neither of empty tables nor of none."""
    for namespace in ("billing", "other"):
        assert last_usage_reconciliation(catalog, namespace) is None
        assert last_charge_reconciliation(catalog, namespace) is None


def test_the_last_of_all_usage_counts(catalog: Catalog) -> None:
    """A later one of one account does not."""
    runs = [("a", 3, "{}", 7), ("b", 2, "{}", 0), ("c", 4, '{"accounts":["B6"]}', 0)]
    names = USAGE.names
    rows = [dict(zip(names, (a, _at(day), c, d), strict=True)) for a, day, c, d in runs]
    append(catalog, USAGE, rows)
    assert last_usage_reconciliation(catalog, "billing") == UsageReconciliation(to_us(_at(3)), 7)


def test_the_last_of_charges_counts(catalog: Catalog) -> None:
    """Its differences by kind, equations that do not hold, and prices apart."""
    totals = {
        "equations": [{"holds": True}, {"holds": False}],
        "priced_again": {"lines": 900},
        "differences": {"price_differs": 2, "unbooked": 3},
    }
    rows: list[dict[str, object]] = [
        {"reconciliation_id": "b", "at": _at(4), "kind": "reconciliation"}
        | {"totals": json.dumps(totals)},
        {"reconciliation_id": "b", "at": _at(4), "kind": "price_differs", "totals": None},
        {"reconciliation_id": "a", "at": _at(3), "kind": "reconciliation", "totals": "{}"},
    ]
    append(catalog, CHARGES, rows)
    found = last_charge_reconciliation(catalog, "billing")
    assert found == ChargeReconciliation(to_us(_at(4)), 6, 900, 2)

"""What reconciliations found last, as their programs write it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.charge_reconciliation_table import CHARGE_RECONCILIATIONS
from iceberg.creating import make_table
from iceberg.last_reconciliations import (
    ChargeReconciliation,
    UsageReconciliation,
    last_charge_reconciliation,
    last_usage_reconciliation,
)
from iceberg.reconciliation_tables import RECONCILIATIONS
from iceberg.table import Table
from schemas.instant import to_us
from tests.iceberg.filling import LocalCatalog, append

_PLAIN = {"string": "", "long": 0, "int": 0, "timestamptz": datetime(2026, 11, 1, tzinfo=UTC)}


def _row(table: Table, **values: object) -> dict[str, object]:
    """Return a full row with some values."""
    plain = {each.name: _PLAIN[each.type] if each.required else None for each in table.columns}
    assert set(values) <= set(plain)
    return plain | values


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with the two tables, both empty."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    catalog.create_namespace("billing")
    for table in (RECONCILIATIONS, CHARGE_RECONCILIATIONS):
        make_table(catalog, "billing", table)
    return catalog


def _at(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


def test_before_the_first_there_is_none(catalog: Catalog) -> None:
    """Neither of usage nor of charges."""
    assert last_usage_reconciliation(catalog, "billing") is None
    assert last_charge_reconciliation(catalog, "billing") is None


def test_the_last_of_all_usage_counts(catalog: Catalog) -> None:
    """A later one of one account does not."""
    runs = [("a", 3, "{}", 7), ("b", 2, "{}", 0), ("c", 4, '{"accounts":["B6"]}', 0)]
    rows = [
        _row(RECONCILIATIONS, run_id=run_id, at=_at(day), narrowed_to=words, differences=number)
        for run_id, day, words, number in runs
    ]
    append(catalog, RECONCILIATIONS, rows)
    assert last_usage_reconciliation(catalog, "billing") == UsageReconciliation(to_us(_at(3)), 7)


def test_the_last_of_charges_counts(catalog: Catalog) -> None:
    """Its differences by kind, equations that do not hold, and prices apart."""
    totals = {
        "equations": [{"holds": True}, {"holds": False}],
        "priced_again": {"lines": 900},
        "differences": {"price_differs": 2, "unbooked": 3},
    }
    last, before = (
        {"reconciliation_id": "b", "at": _at(4)},
        {"reconciliation_id": "a", "at": _at(3)},
    )
    itself = {"kind": "reconciliation", "number": 0}
    rows = [
        _row(CHARGE_RECONCILIATIONS, **last, **itself, totals=json.dumps(totals)),
        _row(CHARGE_RECONCILIATIONS, **last, kind="price_differs", number=1),
        _row(CHARGE_RECONCILIATIONS, **before, **itself, totals="{}"),
    ]
    append(catalog, CHARGE_RECONCILIATIONS, rows)
    found = last_charge_reconciliation(catalog, "billing")
    assert found == ChargeReconciliation(to_us(_at(4)), 6, 900, 2)

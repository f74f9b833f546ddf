"""Which gaps in offsets reconciliations have explained, all runs together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.creating import make_table
from iceberg.explained_gaps import read_explained_gaps
from iceberg.reconciliation_tables import RECONCILIATIONS
from iceberg.table import Table
from schemas.explained_gaps import ExplainedGaps
from schemas.instant import to_us
from tests.iceberg.filling import LocalCatalog, append

NEW = {"explained_gaps", "looked_at"}
OLDER = replace(
    RECONCILIATIONS, columns=tuple(each for each in RECONCILIATIONS.columns if each.name not in NEW)
)
_PLAIN = {"string": "", "long": 0, "int": 0, "timestamptz": datetime(2026, 11, 1, tzinfo=UTC)}


def _at(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


def _row(table: Table, run_id: str, day: int, **values: object) -> dict[str, object]:
    plain = {each.name: _PLAIN[each.type] if each.required else None for each in table.columns}
    return plain | {"run_id": run_id, "at": _at(day)} | values


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with a table of an older release, which has a run; brought up to date."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    catalog.create_namespace("billing")
    make_table(catalog, "billing", OLDER)
    append(catalog, OLDER, [_row(OLDER, "old", 1, gaps=3)])
    make_table(catalog, "billing", RECONCILIATIONS)
    return catalog


def test_an_older_run_tells_of_no_gaps(catalog: Catalog) -> None:
    """It did not keep them; the next reconciliation asks of all."""
    found = read_explained_gaps(catalog, "billing")
    assert found == ExplainedGaps()
    assert not found.has_markers


def test_runs_add_up(catalog: Catalog) -> None:
    """Each tells what it was the first to explain; the newest says how far it looked."""
    rows = [
        _row(RECONCILIATIONS, "b", 4, explained_gaps="[[0,7,9]]", looked_at='{"0":12,"1":30}'),
        _row(RECONCILIATIONS, "a", 3, explained_gaps="[[1,2,3],[0,0,4]]", looked_at='{"0":5}'),
        _row(RECONCILIATIONS, "c", 5, explained_gaps="[[0,7,9]]", looked_at='{"0":14,"1":30}'),
    ]
    append(catalog, RECONCILIATIONS, rows)
    found = read_explained_gaps(catalog, "billing")
    assert found == ExplainedGaps(((0, 0, 4), (0, 7, 9), (1, 2, 3)), {0: 14, 1: 30}, to_us(_at(5)))
    assert found.has_markers


def test_what_was_before_the_first_record_is_no_marker() -> None:
    """A topic whose first records were deleted has no transactions for that."""
    assert not ExplainedGaps(((0, 0, 4),), {0: 5}, 0).has_markers

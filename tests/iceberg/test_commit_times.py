"""When rows were committed, as far as the table's snapshots tell."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.commit_times import last_checkpoint_us, load_commits
from iceberg.creating import make_table
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import row_of

PLACE = {"kafka_partition": 0, "log_time": row_of(CLOSED_USAGE)["cut"]}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with the two tables, both empty."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    catalog.create_namespace("billing")
    for table in (CLOSED_USAGE, RAW_EVENTS):
        make_table(catalog, "billing", table)
    return catalog


def _close(catalog: Catalog, *row_ids: str) -> int:
    """Append closed rows in one commit; return its instant."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE, row_id=each) for each in row_ids])
    snapshot = catalog.load_table(("billing", "closed_usage")).current_snapshot()
    assert snapshot is not None
    return snapshot.timestamp_ms * 1000


def _commits(catalog: Catalog) -> dict[str, int | None]:
    existing = catalog.load_table(("billing", "closed_usage"))
    with duckdb.connect() as rows:
        load_commits(rows, existing, CLOSED_USAGE, ("period_end", "cut"), "closes")
        columns = [name for name, *_ in rows.execute("DESCRIBE closes").fetchall()]
        assert columns == ["row_id", "period_end", "cut", "committed_us"]
        found = rows.execute("SELECT row_id, committed_us FROM closes").fetchall()
    assert len(dict(found)) == len(found)
    return dict(found)


def test_rows_have_the_time_of_their_commit(catalog: Catalog) -> None:
    """Of an empty table none; each commit's own; of a row that came twice the first."""
    assert _commits(catalog) == {}
    first = _close(catalog, "a", "b")
    second = _close(catalog, "b", "c")
    assert _commits(catalog) == {"a": first, "b": first, "c": second}


def test_a_commit_that_has_expired_is_not_guessed(catalog: Catalog) -> None:
    """The rows are there, their time is not."""
    _close(catalog, "a")
    second = _close(catalog, "b")
    existing = catalog.load_table(("billing", "closed_usage"))
    oldest = existing.snapshots()[0].snapshot_id
    existing.maintenance.expire_snapshots().by_id(oldest).commit()
    assert _commits(catalog) == {"a": None, "b": second}


def test_the_last_checkpoint_is_the_jobs(catalog: Catalog) -> None:
    """Commits of other programs do not count; without any there is none."""
    row = row_of(RAW_EVENTS, **PLACE, kafka_offset=0)
    append(catalog, RAW_EVENTS, [row])
    assert last_checkpoint_us(catalog, "billing") is None
    append(catalog, RAW_EVENTS, [], {"flink.max-committed-checkpoint-id": "4"})
    snapshot = catalog.load_table(("billing", "raw_events")).current_snapshot()
    assert snapshot is not None
    append(catalog, RAW_EVENTS, [])
    assert last_checkpoint_us(catalog, "billing") == snapshot.timestamp_ms * 1000

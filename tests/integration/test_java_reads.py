"""Iceberg in Java, as Flink's sink uses it, on tables that our maintenance has changed.

No cluster is needed for it: one JVM with our jars.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from pyflink.java_gateway import get_gateway

from iceberg import expiring, rewinding
from iceberg.catalog import flink_catalog_options
from iceberg.compacting import MergeSize, merge_files
from iceberg.expiring import Kept, expire_snapshots
from iceberg.rewinding import plan_rewind, rewind_table
from iceberg.savepoints import Savepoint
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS
from jobs.local.mini_cluster import provide_flink
from tests.iceberg.filling import LocalCatalog, append, flink_summary
from tests.iceberg.maintained import load, open_some, receive, rows_of
from tests.iceberg.rows import row_of

# PyFlink drops its handle of the JVM, which ends with this process.
pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
JOB = "a" * 32


def _open_java(folder: Path) -> Any:
    """Return the catalog of a folder, opened by Iceberg's Java classes."""
    provide_flink(os.environ)
    jvm = get_gateway().jvm
    properties = jvm.java.util.HashMap()
    for name, value in flink_catalog_options(LocalCatalog(folder)).items():
        if name not in ("type", "catalog-impl"):
            properties.put(name, value)
    catalog = jvm.org.apache.iceberg.jdbc.JdbcCatalog()
    catalog.setConf(jvm.org.apache.hadoop.conf.Configuration())
    catalog.initialize("meterclose", properties)
    return catalog


def _load_java(catalog: Any, name: str) -> Any:
    jvm = get_gateway().jvm
    parts = get_gateway().new_array(jvm.java.lang.String, 1)
    parts[0] = "billing"
    namespace = jvm.org.apache.iceberg.catalog.Namespace.of(parts)
    return catalog.loadTable(jvm.org.apache.iceberg.catalog.TableIdentifier.of(namespace, name))


def _last_checkpoint(table: Any) -> int | None:
    """Return what the sink finds: it walks from the current snapshot to its parents."""
    snapshot = table.currentSnapshot()
    while snapshot is not None:
        summary = snapshot.summary()
        if summary.get("flink.job-id") == JOB:
            return int(summary.get("flink.max-committed-checkpoint-id"))
        parent_id = snapshot.parentId()
        snapshot = None if parent_id is None else table.snapshot(parent_id)
    return None


def _commit_java(table: Any, checkpoint_id: int) -> None:
    """Commit without rows, as the sink does each tenth checkpoint."""
    commit = table.newAppend()
    for name, value in flink_summary(checkpoint_id, JOB).items():
        commit.set(name, value)
    commit.commit()


def test_java_goes_on_where_we_have_been(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a merge, an expiry and a rewind, also to no snapshot at all."""
    monkeypatch.setattr(rewinding, "STREAM_TABLES", (RAW_EVENTS, CLOSED_USAGE))
    monkeypatch.setattr(expiring, "_LAST_COMMITS", 3)
    catalog = open_some(tmp_path, [RAW_EVENTS, CLOSED_USAGE])
    for checkpoint_id in range(1, 8):
        receive(catalog, checkpoint_id, job_id=JOB)
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)], flink_summary(7, JOB))
    java = _open_java(tmp_path)
    assert len(list(merge_files(load(catalog), RAW_EVENTS, MergeSize(), "1"))) == 1
    assert expire_snapshots(load(catalog), RAW_EVENTS, Kept(2**52, 2**52, None, {})).snapshots == 4
    table = _load_java(java, "raw_events")
    assert _last_checkpoint(table) == 7
    _commit_java(table, 8)
    assert len(rows_of(load(catalog))) == 7

    for plan in plan_rewind(catalog, "billing", Savepoint("p", 6, "", False)):
        rewind_table(catalog, "billing", plan, "before-rewind-6-x")
    table, empty = _load_java(java, "raw_events"), _load_java(java, "closed_usage")
    assert _last_checkpoint(table) == 6
    assert _last_checkpoint(empty) is None
    assert empty.currentSnapshot() is None
    for each in (table, empty):
        _commit_java(each, 7)
        assert _last_checkpoint(each) == 7
        assert each.refs().containsKey("before-rewind-6-x")
    assert len(rows_of(load(catalog))) == 6
    assert rows_of(load(catalog, CLOSED_USAGE)) == []
    tagged = load(catalog).metadata.refs["before-rewind-6-x"].snapshot_id
    assert len(rows_of(load(catalog), tagged)) == 7

"""The cut across tables that several sinks write, each at its own pace."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.cutting import CUT_TABLES, Cut, commit_each_checkpoint, common_cut
from iceberg.table import Table
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, RAW_EVENTS, USAGE_CORRECTIONS
from schemas.instant import to_us
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import correction, row_of

NOON = datetime(2013, 2, 5, 12, tzinfo=UTC)
_OWN: dict[str, dict[str, object]] = {
    USAGE_CORRECTIONS.name: correction(1, 5, 2),
    METERING_WINDOWS.name: {"event_window_s": 60},
}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with every table, all empty."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    return catalog


def _commit(catalog: Catalog, table: Table, checkpoint: int | None, **row: object) -> int:
    """Append a row as a sink does at a checkpoint, or as another program; return the snapshot."""
    summary: Mapping[str, str] = {}
    if checkpoint is not None:
        summary = {"flink.max-committed-checkpoint-id": str(checkpoint)}
    append(catalog, table, [row_of(table, **{**_OWN.get(table.name, {}), **row})], summary)
    snapshot = catalog.load_table(("billing", table.name)).current_snapshot()
    assert snapshot is not None
    return snapshot.snapshot_id


def _receive(catalog: Catalog, checkpoint: int, partition: int, minutes: int) -> int:
    log_time = NOON + timedelta(minutes=minutes)
    place = {"kafka_partition": partition, "kafka_offset": minutes, "log_time": log_time}
    return _commit(catalog, RAW_EVENTS, checkpoint, **place)


def _cut(catalog: Catalog, partitions: int = 1) -> Cut:
    cut = common_cut(catalog, "billing", partitions)
    assert cut is not None
    return cut


def _all_at(catalog: Catalog, checkpoint: int) -> dict[str, int]:
    """Commit a row to each table at a checkpoint; return the snapshots."""
    return {
        table.name: _receive(catalog, checkpoint, 0, checkpoint)
        if table is RAW_EVENTS
        else _commit(catalog, table, checkpoint)
        for table in CUT_TABLES
    }


def test_there_is_no_cut_before_every_table_has_a_checkpoint(catalog: Catalog) -> None:
    """A table without a checkpoint may hold anything, or nothing yet."""
    assert common_cut(catalog, "billing", 1) is None
    for table in (CLOSED_USAGE, USAGE_CORRECTIONS, METERING_WINDOWS):
        _commit(catalog, table, 1)
    assert common_cut(catalog, "billing", 1) is None


def test_the_cut_is_the_last_checkpoint_that_all_have(catalog: Catalog) -> None:
    """What one table has of a later checkpoint is left out."""
    _all_at(catalog, 1)
    second = _all_at(catalog, 2)
    _commit(catalog, CLOSED_USAGE, 3)
    cut = _cut(catalog)
    assert (cut.checkpoint_id, cut.snapshot_ids) == (2, dict(sorted(second.items())))


def test_a_commit_of_another_program_is_of_its_parents_checkpoint(catalog: Catalog) -> None:
    """Merged files or a roll-up bring no usage that was not there."""
    _all_at(catalog, 1)
    rolled_up = _commit(catalog, METERING_WINDOWS, None)
    assert _cut(catalog).snapshot_ids[METERING_WINDOWS.name] == rolled_up


def test_after_a_rewind_the_smaller_number_is_the_newest(catalog: Catalog) -> None:
    """A job restored from an older savepoint counts on from there."""
    _all_at(catalog, 8)
    again = _all_at(catalog, 5)
    cut = _cut(catalog)
    assert (cut.checkpoint_id, cut.snapshot_ids) == (5, dict(sorted(again.items())))


def test_log_time_is_that_of_the_checkpoint_before(catalog: Catalog) -> None:
    """What was read since the checkpoint before may not be decided on yet."""
    _all_at(catalog, 1)
    assert _cut(catalog).received_until_us is None
    _all_at(catalog, 7)
    assert _cut(catalog).received_until_us == to_us(NOON + timedelta(minutes=1))


def test_log_time_is_the_least_over_partitions(catalog: Catalog) -> None:
    """A partition that stood still for days holds it, and one without records leaves none."""
    _all_at(catalog, 1)
    _receive(catalog, 2, 1, -5 * 24 * 60)
    _all_at(catalog, 3)
    assert _cut(catalog, 2).received_until_us == to_us(NOON - timedelta(days=5))
    assert _cut(catalog, 3).received_until_us is None


def test_idle_sinks_are_asked_to_commit(catalog: Catalog) -> None:
    """Each table of the cut has the sink's property, also when it is asked for again."""
    for _ in range(2):
        commit_each_checkpoint(catalog, "billing")
    name = "flink.max-continuous-empty-commits"
    found = [catalog.load_table(("billing", each.name)).properties[name] for each in CUT_TABLES]
    assert found == ["1"] * 4

"""Savepoints of every released version restore, and the job goes on exactly where they end."""

from collections import Counter
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.budgets import read_budgets
from audit.counting import Clocks
from audit.judging import EPOCH
from audit.shapes import read_accounts, read_meters
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.metering_run import wait_metered
from tests.conftest import Kafka
from tests.integration.flights import at_ms
from tests.integration.full_run import UNTIL
from tests.integration.kept_savepoints import (
    KEPT,
    MIDDLE,
    TOPIC,
    KeptSavepoint,
    read_kept,
    records_of,
)
from tests.integration.world import JOB, PARTITIONS, SLACK_MS, TIMEOUT_S, make_topics, make_world
from tests.oracle.comparing import find_differences
from tests.oracle.recompute import Expected, final_watermark, recompute

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

FOLDERS = sorted(path for path in KEPT.iterdir() if path.is_dir())


def expected_after(kept: KeptSavepoint) -> Expected:
    """Return what the whole log leads to, less the rows written before the savepoint."""
    meters = read_meters(kept.folder / "meters.yaml")
    accounts = read_accounts(kept.folder / "accounts.yaml")
    records = records_of(kept.first + kept.second)
    end = final_watermark(records, PARTITIONS, SLACK_MS)
    middle = EPOCH + timedelta(milliseconds=at_ms(MIDDLE) - SLACK_MS)
    budgets = read_budgets(kept.folder / "accounts.yaml")
    first = records_of(kept.first)
    before = recompute(first, meters, accounts, Clocks(middle), budgets=budgets)
    whole = recompute(records, meters, accounts, Clocks(end), budgets=budgets)
    # A total is no row: a later one takes its place.
    left: dict[str, list[Any]] = {"totals": whole.totals}
    for name in (column.name for column in fields(Expected) if column.name != "totals"):
        rows: Counter[Any] = Counter(getattr(whole, name))
        rows.subtract(getattr(before, name))
        assert min(rows.values(), default=0) >= 0, f"{name}: a row is gone that was written"
        left[name] = list(rows.elements())
    return Expected(**left)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_kept_savepoint_restores(
    folder: Path, kafka: Kafka, cluster: FlinkCluster, tmp_path: Path
) -> None:
    """The rows after it are those of the oracle: corrections of what was closed before, too."""
    kept = read_kept(folder)
    # Its state is at the positions of a topic of this name.
    topics = make_topics(kafka.bootstrap_servers, TOPIC, folder)
    topics.publish(kept.first)
    topics.publish(kept.second)
    world = make_world(tmp_path / "world", topics)
    savepoint = kept.unpack(tmp_path / "savepoint")
    job_id = cluster.submit(JOB, world.arguments, restore_from=savepoint)
    wait_metered(cluster.rest, job_id, at_ms(UNTIL) - SLACK_MS, TIMEOUT_S)
    tables, totals = world.tables(), world.totals()
    cluster.rest.cancel(job_id)
    expected = expected_after(kept)
    assert min(len(expected.closed), len(expected.corrections), len(expected.retracted)) > 10
    assert any(row.revision > 1 for row in expected.corrections)
    assert find_differences(tables, expected) == {}
    assert len(expected.alerts) > 0
    # Those that have changed since are told, with what was counted before.
    assert set(totals) <= set(expected.totals)
    assert len(totals) > 50


def test_a_savepoint_is_kept() -> None:
    """At least that of the version at hand."""
    assert FOLDERS

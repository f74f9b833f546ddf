"""The same log gives the same rows, bit for bit, however it is run."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobs.local.flink_cluster import FlinkCluster
from jobs.reconcile_usage import main as reconcile_usage
from tests.integration.full_run import Flights, FullRun, meter_in_full
from tests.integration.recomputing import comparable, recomputed

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]


@pytest.mark.parametrize(
    "parallelism",
    [pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow), 4],
)
def test_parallelism_and_replay_change_no_row(
    full_run: FullRun,
    flights: Flights,
    cluster: FlinkCluster,
    tmp_path: Path,
    parallelism: int,
) -> None:
    """A replay of the topics at any parallelism gives the first run's rows in every column."""
    replay = meter_in_full(cluster, flights, tmp_path, parallelism=parallelism)
    replay.end()
    assert comparable(replay.tables) == comparable(full_run.tables)


def test_a_recompute_from_the_archive_gives_the_same_rows(full_run: FullRun) -> None:
    """The rules alone, over raw_events and without Flink, give the rows in every column."""
    found = comparable(full_run.tables)
    assert all(len(rows) > 20 for rows in found.values())
    assert recomputed(full_run.world, full_run.tables["raw_events"]) == found


@pytest.mark.slow
def test_the_audit_comes_to_the_same_rows(
    full_run: FullRun, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing differs in what Flink wrote, and the archive has no gap."""
    arguments = ["--settings", str(full_run.world.file), "--json"]
    code = reconcile_usage(arguments, {}, lambda: datetime(2026, 11, 30, tzinfo=UTC))
    found = json.loads(capsys.readouterr().out)
    assert (code, found["differences"], found["gaps"]) == (0, [], [])
    assert found["rows_recomputed"] > 1000
    assert all(each["holds"] for each in found["ranges"])

"""The same totals with Python inside the JVM (`flink.execution_mode: thread`)."""

from pathlib import Path

import psutil
import pytest

from jobs.local.flink_cluster import FlinkCluster
from tests.integration.full_run import Flights, meter_in_full

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]


def python_workers(cluster: FlinkCluster) -> int:
    """Return how many Python processes the TaskManagers have started."""
    return sum(
        any("beam_boot" in word for word in process.cmdline())
        for manager in cluster.task_managers
        for process in psutil.Process(manager.pid).children(recursive=True)
    )


def test_thread_mode_is_as_exact(flights: Flights, cluster: FlinkCluster, tmp_path: Path) -> None:
    """All rows are those of the recompute, and no worker process was started for them."""
    before = python_workers(cluster)
    run = meter_in_full(cluster, flights, tmp_path, execution_mode="thread")
    during = python_workers(cluster)
    run.end()
    assert during == before
    assert run.world.differences(dict(run.tables)) == {}
    assert run.world.repeated_commits() == []

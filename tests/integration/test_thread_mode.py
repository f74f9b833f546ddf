"""The same totals with Python inside the JVM (`flink.execution_mode: thread`)."""

from pathlib import Path

import psutil
import pytest

from jobs.local.flink_cluster import FlinkCluster
from tests.integration.full_run import Flights, meter_in_full

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(1500)]


def has_python_inside(cluster: FlinkCluster) -> bool:
    """Tell whether a TaskManager's JVM has loaded the library that runs Python in it."""
    return any(
        "pemja" in mapped.path
        for manager in cluster.task_managers
        for process in (psutil.Process(manager.pid), *psutil.Process(manager.pid).children())
        for mapped in process.memory_maps()
    )


def test_thread_mode_is_as_exact(flights: Flights, cluster: FlinkCluster, tmp_path: Path) -> None:
    """All rows are those of the recompute, and the keyed stage ran inside the JVM.

    The parsing has a process of its own all the same: Flink has no vectorized functions in threads.
    """
    assert not has_python_inside(cluster)
    run = meter_in_full(cluster, flights, tmp_path, execution_mode="thread")
    assert has_python_inside(cluster)
    run.end()
    assert run.world.differences(dict(run.tables)) == {}
    assert run.world.repeated_commits() == []

"""The local cluster runs Python jobs, survives kills, and restores what it wrote."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jobs.local.children import Child
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.flink_rest import FlinkError
from jobs.local.waiting import wait_until

pytestmark = pytest.mark.integration

JOB = "tests.jobs.local.summing_job"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlinkCluster]:
    """A cluster with one TaskManager."""
    with FlinkCluster(tmp_path_factory.mktemp("flink")) as cluster:
        yield cluster


def group(child: Child) -> list[psutil.Process]:
    """Return the child and its descendants."""
    leader = psutil.Process(child.pid)
    return [leader, *leader.children(recursive=True)]


def totals(output: Path) -> list[int]:
    """Return the totals committed so far."""
    files = [path for path in output.rglob("part-*") if path.is_file()]
    return sorted(int(line) for path in files for line in path.read_text().split())


@pytest.mark.slow
def test_totals_survive_kills_and_savepoints(cluster: FlinkCluster, tmp_path: Path) -> None:
    """Kill the TaskManager, stop and resume, kill the JobManager: each total is there once."""
    args = ["1000000", str(tmp_path)]
    rest = cluster.rest
    job = cluster.submit(JOB, args)
    rest.wait_running(job)
    wait_until(lambda: totals(tmp_path), "first totals", 60)

    processes = group(cluster.task_managers[0])
    assert any("beam" in word for process in processes[1:] for word in process.cmdline())
    cluster.kill_task_manager()
    assert not psutil.wait_procs(processes, timeout=30)[1]
    cluster.start_task_manager()
    rest.wait_restarted(job, 0)
    rest.wait_checkpoints(job)

    savepoint = rest.stop_with_savepoint(job, cluster.home.savepoint_dir)
    job = cluster.submit(JOB, args, restore_from=savepoint)
    rest.wait_running(job)
    rest.wait_checkpoints(job)

    cluster.kill_job_manager()
    cluster.start_job_manager()
    cluster.wait_recovered()
    job = cluster.submit(JOB, args, restore_from=cluster.latest_checkpoint(job))
    rest.wait_running(job)
    before = len(totals(tmp_path))
    rest.stop_with_savepoint(job, cluster.home.savepoint_dir)
    found = totals(tmp_path)
    assert len(found) > before > 0
    assert found == [n * (n + 1) // 2 for n in range(1, len(found) + 1)]


def test_refused_program_tells_why(cluster: FlinkCluster, tmp_path: Path) -> None:
    """The error of a submission holds the program's own."""
    with pytest.raises(FlinkError, match="N: expected 1 or more, found 0"):
        cluster.submit(JOB, ["0", str(tmp_path)])


def test_metrics_are_summed(cluster: FlinkCluster, tmp_path: Path) -> None:
    """Counters of a running job can be read by the ends of their names."""
    job = cluster.submit(JOB, ["1000000", str(tmp_path)])
    cluster.rest.wait_running(job)
    wait_until(lambda: cluster.rest.counter(job, ".numRecordsIn") > 0, "records", 60)
    cluster.rest.cancel(job)
    assert cluster.rest.jobs()[job] == "CANCELED"

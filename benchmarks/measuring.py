"""Runs a job over a topic and measures its processes from outside: time, CPU and memory."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

from jobs.local.flink_cluster import FlinkCluster
from jobs.local.metering_run import metered_until_ms

_POLL_S = 1.0
_TIMEOUT_S = 1800.0
_SOURCE_COUNTER = "usage_log[1].numRecordsOut"


@dataclass(frozen=True, slots=True)
class Figures:
    """One run of a job.

    Attributes:
        events: Records read.
        counted: Events counted into a period, by the job's own counter.
        wall_s: From the running job to the last record's work done, in seconds. The commit of what
            came after the last checkpoint is not in it: it comes at a time of its own.
        jvm_cpu_s: CPU of the TaskManager's JVM, user and system.
        python_cpu_s: CPU of its Python workers.
        jvm_peak_mib: Highest resident memory of the JVM.
        python_peak_mib: Highest resident memory of all Python workers together.
    """

    events: int
    counted: int
    wall_s: float
    jvm_cpu_s: float
    python_cpu_s: float
    jvm_peak_mib: int
    python_peak_mib: int


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """CPU in seconds and resident memory of the JVM and of its Python workers."""

    jvm_cpu_s: float
    python_cpu_s: float
    jvm_mib: int
    python_mib: int


def run_job(
    cluster: FlinkCluster, module: str, arguments: Sequence[str], events: int, end_ms: int
) -> Figures:
    """Run a job until it has read and metered everything, then cancel it.

    Args:
        cluster: A running cluster; its TaskManager is measured.
        module: `jobs.meter_usage` or a program without its keyed stage.
        arguments: The program's.
        events: Records in the topic.
        end_ms: Log time that the keyed stage reaches at the end.
    """
    before = measure_processes(cluster)
    job_id = cluster.submit(module, arguments)
    cluster.rest.wait_running(job_id)
    metered = module == "jobs.meter_usage"

    def done() -> bool:
        if not metered:
            return cluster.rest.counter(job_id, _SOURCE_COUNTER) >= events
        return (metered_until_ms(cluster.rest, job_id) or 0) >= end_ms

    started = time.perf_counter()
    peak = _watch(cluster, done)
    wall_s = time.perf_counter() - started
    after = measure_processes(cluster)
    if metered:
        # A checkpoint may be under way that began before; the one after it holds everything.
        cluster.rest.wait_checkpoints(job_id, 2)
    counted = cluster.rest.counter(job_id, ".counted_events")
    cluster.rest.cancel(job_id)
    return Figures(
        events,
        counted,
        wall_s,
        after.jvm_cpu_s - before.jvm_cpu_s,
        after.python_cpu_s - before.python_cpu_s,
        peak.jvm_mib,
        peak.python_mib,
    )


def _watch(cluster: FlinkCluster, done: Callable[[], bool]) -> ProcessUse:
    jvm_mib = python_mib = 0
    give_up = time.perf_counter() + _TIMEOUT_S
    while not done():
        now = measure_processes(cluster)
        jvm_mib, python_mib = max(jvm_mib, now.jvm_mib), max(python_mib, now.python_mib)
        if time.perf_counter() > give_up:
            raise TimeoutError(f"expected the end of the topic within {_TIMEOUT_S:.0f} s")
        time.sleep(_POLL_S)
    return ProcessUse(0.0, 0.0, jvm_mib, python_mib)


def measure_processes(cluster: FlinkCluster) -> ProcessUse:
    """Return what the TaskManagers and their Python workers have used so far."""
    cpu_s = {True: 0.0, False: 0.0}
    mib = {True: 0, False: 0}
    for child in cluster.task_managers:
        manager = psutil.Process(child.pid)
        for process in (manager, *manager.children(recursive=True)):
            try:
                is_python = process.name().startswith("python")
                times = process.cpu_times()
                cpu_s[is_python] += times.user + times.system
                # A child that the JVM has just forked shows the JVM's own memory once more.
                if is_python or process == manager:
                    mib[is_python] += process.memory_info().rss // 2**20
            except psutil.NoSuchProcess:
                continue
    return ProcessUse(cpu_s[False], cpu_s[True], mib[False], mib[True])

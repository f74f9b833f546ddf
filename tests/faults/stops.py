"""Processes that stop for a while (SIGSTOP) and go on as if nothing had been."""

import signal
import time
from collections.abc import Callable

import psutil

from jobs.local.children import Child
from tests.faults.faults import Fault
from tests.faults.running import Run, send_signal

_SHORTEST_S, _LONGEST_S = 30, 90


def _length_s(run: Run) -> int:
    """Return a length that the seed decides: 30 to 90 s, and nearer to what was asked for."""
    longest = max(_SHORTEST_S, min(_LONGEST_S, round(run.seconds * 2)))
    return run.chance.randint(_SHORTEST_S, longest)


def _stop(
    run: Run, process: Child | psutil.Process, name: str, meanwhile: Callable[[], None]
) -> None:
    """Stop a process for a while; count only a stop that the kernel confirms."""
    seconds = _length_s(run)
    send_signal(process, signal.SIGSTOP)
    until = time.monotonic() + seconds
    try:
        meanwhile()
        while time.monotonic() < until:
            run.producer.check()
            time.sleep(0.2)
        stopped = psutil.Process(process.pid).status() == psutil.STATUS_STOPPED
    finally:
        send_signal(process, signal.SIGCONT)
    if stopped:
        run.hit(f"seconds that the {name} stood still", seconds)
    run.recovered()


def stop_task_manager(run: Run) -> None:
    """The job moves to another TaskManager; the stopped one comes back with its old tasks."""
    first = run.task_manager()
    restarts = run.restarts()
    _stop(run, first, "TaskManager", run.cluster.start_task_manager)
    if run.restarts() > restarts:
        run.hit("restarts of the job", run.restarts() - restarts)
    first.kill()
    run.cluster.task_managers.remove(first)
    run.recovered()


def stop_job_manager(run: Run) -> None:
    """No checkpoint is made, and TaskManagers give the JobManager up."""
    manager = run.cluster.job_manager
    assert manager is not None
    _stop(run, manager, "JobManager", lambda: None)


def stop_python_worker(run: Run) -> None:
    """One of the Python workers answers nothing; the others go on until they wait for it."""
    worker = run.chance.choice(run.python_workers())
    _stop(run, worker, "Python worker", lambda: None)


STOPS = (
    Fault(
        "stop-task-manager",
        "SIGSTOP of the TaskManager for 30 to 90 s while another one takes the job; then it goes"
        " on beside it",
        stop_task_manager,
    ),
    Fault("stop-job-manager", "SIGSTOP of the JobManager for 30 to 90 s", stop_job_manager),
    Fault("stop-python-worker", "SIGSTOP of a Python worker for 30 to 90 s", stop_python_worker),
)

"""What a soak measures: the memory of each process, and what the job keeps."""

import contextlib
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil

from jobs.local.children import Child
from jobs.local.places import java_home
from tests.faults.running import Run

SOAK_OPTIONS = {
    # All of the heap is resident from the start: what grows in the process is then beside it.
    "env.java.opts.taskmanager": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+AlwaysPreTouch",
}
_GENERATION = re.compile(r"generation\s+total \d+K, used (\d+)K")
_MOST_HEAP = re.compile(r"-Xmx(\d+)")
Samples = dict[str, list[tuple[float, float]]]


def _mib(processes: list[psutil.Process]) -> float:
    """Return the resident memory of processes, each page that they share counted once."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().uss
    return total / 2**20


def _bytes_of(folder: Path) -> float:
    """Return the size of the files of a folder; some may go while it is looked at."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return float(total)


def _checkpoint_mib(run: Run) -> float:
    """Return the size of the state in the newest complete checkpoint."""
    latest = run.cluster.rest.get(f"/jobs/{run.job_id}/checkpoints")["latest"]["completed"]
    return float(latest["state_size"]) / 2**20 if latest else 0.0


def _bytes_an_event(run: Run) -> float:
    """Return the size of the state for each event that counts: each is remembered for 35 days."""
    return _checkpoint_mib(run) * 2**20 / max(1, len(run.producer.sent) - run.refused())


def _heap_in_use_mib(run: Run) -> float:
    """Return what is left of the TaskManager's heap after a collection."""
    _jcmd(run.task_manager(), "GC.run")
    told = _jcmd(run.task_manager(), "GC.heap_info")
    return sum(map(int, _GENERATION.findall(told))) / 2**10


def _beside_heap_mib(run: Run) -> float:
    """Return the resident memory of the TaskManager without its heap."""
    process = psutil.Process(run.task_manager().pid)
    most = _MOST_HEAP.search(" ".join(process.cmdline()))
    assert most is not None  # Flink's start script gives it
    return _mib([process]) - int(most[1]) / 2**20


def _jcmd(child: Child, command: str) -> str:
    words = [str(java_home() / "bin" / "jcmd"), str(child.pid), command]
    # A process that has just been killed tells nothing.
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def _job_manager(run: Run) -> list[psutil.Process]:
    manager = run.cluster.job_manager
    return [] if manager is None else [psutil.Process(manager.pid)]


# Name and unit, how it is measured, and whether it must be flat.
MEASURES: tuple[tuple[str, str, Callable[[Run], float], bool], ...] = (
    ("TaskManager, heap in use", "MiB", _heap_in_use_mib, True),
    ("TaskManager, beside its heap", "MiB", _beside_heap_mib, True),
    ("Python workers", "MiB", lambda run: _mib(run.python_workers()), True),
    ("JobManager", "MiB", lambda run: _mib(_job_manager(run)), True),
    ("state in a checkpoint", "MiB", _checkpoint_mib, False),
    ("state for each event", "bytes", _bytes_an_event, True),
    (
        "RocksDB on disk",
        "MiB",
        lambda run: _bytes_of(run.cluster.home.work_dir / "tmp") / 2**20,
        False,
    ),
    ("records sent", "records", lambda run: float(len(run.producer.sent)), False),
)


def sample(run: Run, seconds: float, samples: Samples) -> None:
    """Measure everything once; what has just been killed has nothing to tell."""
    for name, _, measure, _ in MEASURES:
        with contextlib.suppress(psutil.Error, OSError, KeyError):
            value = measure(run)
            if value:
                samples.setdefault(name, []).append((seconds, value))

"""Disks that are full: for checkpoints, for the warehouse, for Kafka's log.

Each is a small file system in memory, mounted over the folder, which takes root. It is filled up
to the last byte, kept full until the harm shows, and emptied again.
"""

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from jobs.local.broker import Broker
from jobs.local.flink_rest import FlinkError
from tests.faults.faults import Fault
from tests.faults.running import Run

_SIZE_MIB = 512
_FILLER = "filler"
_BLOCK = bytes(2**20)


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """Have a small file system of its own at a folder, with what is in the folder now."""
    aside = folder.with_name(f"{folder.name}-aside")
    folder.mkdir(parents=True, exist_ok=True)
    folder.rename(aside)
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={_SIZE_MIB}m", "tmpfs", str(folder)]
    subprocess.run(["mount", *options], check=True)
    try:
        subprocess.run(["cp", "-a", f"{aside}/.", str(folder)], check=True)
        yield
    finally:
        # What a process still has open keeps the file system until it ends.
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> int:
    """Write until nothing more fits; return how many bytes that took."""
    written = 0
    with (folder / _FILLER).open("ab", buffering=0) as filler:
        for size in (len(_BLOCK), 4096, 1):
            while True:
                try:
                    written += filler.write(_BLOCK[:size])
                except OSError as refusal:
                    if refusal.errno != errno.ENOSPC:
                        raise
                    break
    return written


def empty(folder: Path) -> None:
    """Take the filler away."""
    os.unlink(folder / _FILLER)


def _fill_for_a_while(run: Run, folder: Path, harmed: Callable[[], bool], what: str) -> None:
    """Keep a file system full until the harm shows, then empty it."""
    run.hit("bytes until no more fitted", fill(folder))

    def is_harmed() -> bool:
        # Whoever takes files away makes no room.
        fill(folder)
        return harmed()

    try:
        run.wait(is_harmed, what)
    finally:
        empty(folder)


def failed_checkpoints(run: Run) -> int:
    """Return how many checkpoints of the job have failed; 0 while nobody can say."""
    try:
        return int(run.cluster.rest.get(f"/jobs/{run.job_id}/checkpoints")["counts"]["failed"])
    except (OSError, FlinkError):
        return 0


def fill_checkpoints(run: Run) -> None:
    """Checkpoints fail for want of space, until the job restarts; then there is space again."""
    failed, restarts = failed_checkpoints(run), run.restarts()
    _fill_for_a_while(
        run,
        run.checkpoint_dir,
        lambda: failed_checkpoints(run) > failed or run.restarts() > restarts,
        "a checkpoint that fails for want of space",
    )
    run.hit("checkpoints failed", failed_checkpoints(run) - failed)
    run.recovered()


def fill_warehouse(run: Run) -> None:
    """Writers and committers of the tables find no space."""
    failed, restarts = failed_checkpoints(run), run.restarts()
    folder = run.warehouse
    _fill_for_a_while(
        run,
        folder,
        lambda: run.restarts() > restarts,
        "a writer that fails for want of space",
    )
    run.hit("restarts of the job", run.restarts() - restarts)
    run.hit("checkpoints failed", failed_checkpoints(run) - failed)
    run.recovered()


def fill_kafka_log(run: Run) -> None:
    """The broker finds no space for its log, and ends; it starts again when there is space."""
    broker = run.broker
    process = broker.process
    assert process is not None
    folder = broker.data_dir / "log"
    failures = run.failures()
    _fill_for_a_while(
        run, folder, lambda: not process.alive(), "a broker that ends for want of space"
    )
    run.hit("brokers that ended")
    broker.kill()
    broker.start()
    run.recovered()
    run.hit("records not acknowledged", run.failures() - failures)


def _small_checkpoints(run: Run) -> AbstractContextManager[None]:
    return mounted(run.checkpoint_dir)


def _small_warehouse(run: Run) -> AbstractContextManager[None]:
    return mounted(run.warehouse)


@contextmanager
def _small_broker(folder: Path, _: Broker) -> Iterator[Broker]:
    """Start a broker whose log is on a small file system."""
    broker = Broker(folder.with_name(f"{folder.name}-kafka"))
    with mounted(broker.data_dir / "log"):
        try:
            broker.start()
            yield broker
        finally:
            broker.kill()


DISKS = (
    Fault(
        "full-checkpoints",
        "No space for checkpoints, until one fails",
        fill_checkpoints,
        around=_small_checkpoints,
    ),
    Fault(
        "full-warehouse",
        "No space for the tables, until the job restarts",
        fill_warehouse,
        around=_small_warehouse,
    ),
    Fault(
        "full-kafka-log",
        "No space for Kafka's log, until the broker ends",
        fill_kafka_log,
        broker=_small_broker,
    ),
)

"""The moment of a checkpoint: before it, while it is made, right after it.

The folder of checkpoint N is made when it begins, its `_metadata` when it is complete, which is
before its sinks are told to commit. Files are looked at, as the REST interface answers late.
"""

import time
from pathlib import Path

from jobs.local.flink_rest import FlinkError
from tests.faults.running import Run

PHASES = ("before", "during", "after")
_LOOKS_S = 120


def trigger(run: Run) -> None:
    """Ask Flink for a checkpoint now; it may refuse while one is made."""
    try:
        run.cluster.rest.post(f"/jobs/{run.job_id}/checkpoints", {"checkpointType": "CONFIGURED"})
    except FlinkError:
        return


def _newest(run: Run) -> tuple[int, bool]:
    """Return the number of the job's last checkpoint, and whether it is complete."""
    folder = run.checkpoint_dir / run.job_id
    numbers = [int(path.name.removeprefix("chk-")) for path in folder.glob("chk-*")]
    last = max(numbers, default=0)
    return last, (folder / f"chk-{last}" / "_metadata").exists()


def await_phase(run: Run, phase: str) -> int:
    """Return at a moment of a checkpoint, with its number.

    Args:
        run: Whose job.
        phase: One of `PHASES`.

    Raises:
        TimeoutError: There was no such moment.
    """
    until = time.monotonic() + _LOOKS_S
    first, _ = _newest(run)
    if phase != "before":
        trigger(run)
    while time.monotonic() < until:
        last, complete = _newest(run)
        if phase == "before" and complete:
            return last + 1
        if phase == "during" and last > first and not complete:
            return last
        if phase == "after" and last > first and complete:
            return last
        time.sleep(0.001)
    raise TimeoutError(f"{phase} a checkpoint of job {run.job_id}: no such moment")


def is_complete(checkpoint_dir: Path, job_id: str, number: int) -> bool:
    """Tell whether a checkpoint was completed and is kept."""
    return (checkpoint_dir / job_id / f"chk-{number}" / "_metadata").exists()

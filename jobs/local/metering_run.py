"""A metering job that runs, asked how far it has got in log time."""

import urllib.parse
from collections.abc import Callable

from jobs.local.flink_rest import FINAL_STATES, FlinkError, FlinkRest
from jobs.local.waiting import wait_until

_STAGE = "meter_periods"
_WATERMARK = f"{_STAGE}.currentOutputWatermark"
# What Flink reports before the first watermark.
_NEVER_MS = -(2**63)


def metered_until_ms(rest: FlinkRest, job_id: str) -> int | None:
    """Return the log time up to which the keyed stage has done all its work; None before any.

    It is the least of the stage's subtasks. What is due by then is emitted, but it is in the tables
    only after the next checkpoint.
    """
    stages = [each for each in rest.vertices(job_id) if each.name.startswith(_STAGE)]
    if not stages:
        raise FlinkError(f"job {job_id}: expected the stage {_STAGE}, found none")
    metric = urllib.parse.quote(_WATERMARK)
    vertex = f"/jobs/{job_id}/vertices/{stages[0].vertex_id}"
    found = rest.get(f"{vertex}/subtasks/metrics?agg=min&get={metric}")
    if not found or found[0]["min"] <= _NEVER_MS:
        return None
    return int(found[0]["min"])


def wait_metered(
    rest: FlinkRest,
    job_id: str,
    until_ms: int,
    timeout_s: float,
    progress: Callable[[int | None], None] = lambda _: None,
) -> None:
    """Wait until all usage up to a log time is metered and committed to the tables.

    Args:
        rest: The cluster.
        job_id: The job.
        until_ms: The log time: that of the last heartbeat less the watermark's slack.
        timeout_s: Seconds after which to give up.
        progress: Called often with what `metered_until_ms` says.

    Raises:
        FlinkError: The job ended.
        TimeoutError: It did not get there; the text ends with the job's last failure.
    """

    def there() -> bool:
        state = rest.job_state(job_id)
        if state in FINAL_STATES:
            raise FlinkError(f"job {job_id} is {state}: {rest.exceptions(job_id)}")
        reached_ms = metered_until_ms(rest, job_id)
        progress(reached_ms)
        return reached_ms is not None and reached_ms >= until_ms

    try:
        wait_until(there, f"log time {until_ms} ms in job {job_id}", timeout_s)
        # A checkpoint may be under way that began before; the one after it holds everything.
        rest.wait_checkpoints(job_id, 2, timeout_s)
    except TimeoutError as error:
        raise TimeoutError(f"{error}\n{rest.exceptions(job_id)}") from None

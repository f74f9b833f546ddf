"""Follows the metering job until the year is over; says what is wrong where it never will be."""

from collections.abc import Callable
from dataclasses import dataclass

from jobs.local.flink_rest import FlinkRest
from jobs.local.metering_run import wait_metered

_COUNTERS = ("counted_events", "late_events", "closed_rows", "corrected_rows")
_REFUSAL = "meter_usage: "
_LONGEST_S = 3600
_STALL_MS = 300_000
_RESTARTS_AT_MOST = 3


class DemoError(Exception):
    """The demo cannot go on; the message is one line."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far the job has come.

    Attributes:
        log_time_ms: What was received before has been metered; None before the first watermark.
        counted_events: Events counted into periods, once for each meter.
        late_events: Events received after their period's cut, once for each meter.
        closed_rows: Rows of closed usage.
        corrected_rows: Rows of corrections.
    """

    log_time_ms: int | None
    counted_events: int
    late_events: int
    closed_rows: int
    corrected_rows: int


def follow_job(
    rest: FlinkRest,
    job_id: str,
    until_ms: int,
    show: Callable[[JobProgress], None],
    pause: Callable[[], None],
    clock_ms: Callable[[], int],
) -> None:
    """Wait until all usage up to a log time is metered and in the tables.

    Args:
        rest: Of the cluster.
        job_id: The job.
        until_ms: Log time.
        show: Is told how far the job has come, again and again.
        pause: Waits between two looks; may raise to give up.
        clock_ms: Wall time, only to notice that nothing moves.

    Raises:
        DemoError: The job restarted again and again, or stood still for five minutes.
        FlinkError: The job ended.
        TimeoutError: It takes more than an hour.
    """
    before, moved_ms = None, clock_ms()

    def look(log_time_ms: int | None) -> None:
        nonlocal before, moved_ms
        progress = JobProgress(log_time_ms, **_read_counts(rest, job_id))
        show(progress)
        restarts = rest.restarts(job_id)
        if restarts > _RESTARTS_AT_MOST:
            cause = root_cause(rest.exceptions(job_id))
            raise DemoError(f"the job restarted {restarts} times: {cause}")
        if progress != before:
            before, moved_ms = progress, clock_ms()
        elif clock_ms() - moved_ms > _STALL_MS:
            raise DemoError("the job runs, but has not moved for five minutes")
        pause()

    wait_metered(rest, job_id, until_ms, _LONGEST_S, look)


def _read_counts(rest: FlinkRest, job_id: str) -> dict[str, int]:
    """Return the job's own counters; one not reported yet counts as nothing."""
    counts = dict.fromkeys(_COUNTERS, 0)
    for vertex in rest.vertices(job_id):
        # Asking every vertex of a busy cluster, every second, would cost more than it tells.
        if "meter_periods" not in vertex.name and "count_" not in vertex.name:
            continue
        listed = rest.metric_names(job_id, vertex.vertex_id)
        for counter in _COUNTERS:
            names = [name for name in listed if name.endswith(f".{counter}")]
            counts[counter] += int(sum(rest.metric_sums(job_id, vertex.vertex_id, names).values()))
    return counts


def root_cause(trace: str) -> str:
    """Return in one line what a failure of Flink or of a submitted program comes down to.

    That is the line in which the job's program refused to start, or the innermost Python error, or
    the innermost Java error.
    """
    refused = [line for line in trace.splitlines() if line.startswith(_REFUSAL)]
    _, python, frames = trace.rpartition("Traceback (most recent call last):")
    innermost = frames if python else trace.rpartition("Caused by: ")[2]
    # Frames of both languages are indented.
    told = [line for line in innermost.splitlines() if line.strip() and not line[0].isspace()]
    return next(iter(refused + told), "no cause given")

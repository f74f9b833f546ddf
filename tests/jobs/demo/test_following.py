"""Following a job: how far it has come, when that is far enough, and when to give up."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from jobs.demo.following import DemoError, JobProgress, follow_job, root_cause
from jobs.local.flink_rest import FlinkRest

JOB = "0123456789abcdef0123456789abcdef"
WATERMARK = "meter_periods.currentOutputWatermark"
JAVA_TRACE = """\
org.apache.flink.runtime.JobException: Recovery is suppressed
\tat org.apache.flink.runtime.Failover.handle(Failover.java:1)
Caused by: java.io.IOException: No space left on device
\tat java.base/java.io.FileOutputStream.write(FileOutputStream.java:2)
\t... 3 more
"""
PYTHON_TRACE = """\
java.lang.RuntimeException: Failed to close remote bundle
Caused by: java.lang.RuntimeException: Error received from SDK harness for instruction 7: Traceback\
 (most recent call last):
  File "worker.py", line 3, in run
    response = task()
udfs.metering.receiving.MeterChangedError: meter miles: expected sum, found max

\tat org.apache.beam.runners.fnexecution.control.FnApiControlClient.handle(FnApi.java:4)
"""


class StandIn(FlinkRest):
    """A cluster that gives canned metrics: a job whose keyed stage has two subtasks."""

    answers: dict[str, Any]

    def __init__(self, metrics: dict[str, int]) -> None:
        super().__init__("http://stand-in")
        known = {"restarts": 0, "checkpoints": 0, "metrics": metrics}
        object.__setattr__(self, "answers", known)

    def get(self, path: str) -> Any:
        """Answer as Flink would."""
        parts = urlsplit(path)
        metrics = self.answers["metrics"]
        if parts.path.endswith("/checkpoints"):
            self.answers["checkpoints"] += 1
            return {"counts": {"completed": self.answers["checkpoints"]}}
        if parts.path.endswith("/exceptions"):
            return {"exceptionHistory": {"entries": [{"stacktrace": JAVA_TRACE}]}}
        if parts.path.endswith("/subtasks/metrics"):
            wanted = parse_qs(parts.query)
            if not wanted:
                return [{"id": name} for name in metrics]
            names = [name for name in wanted["get"][0].split(",") if name in metrics]
            return [{"id": name, wanted["agg"][0]: metrics[name]} for name in names]
        if parts.path.endswith("/metrics"):
            return [{"id": "numRestarts", "value": str(self.answers["restarts"])}]
        keyed = {"id": "k", "name": "meter_periods -> (count_closed_usage)", "parallelism": 2}
        source = {"id": "s", "name": "Source: usage_log[1]", "parallelism": 2}
        vertices = [{**each, "status": "RUNNING"} for each in (source, keyed)]
        return {"state": "RUNNING", "vertices": vertices}


def _metrics(watermark_ms: int, **counts: int) -> dict[str, int]:
    return {WATERMARK: watermark_ms, **{f"meter_periods.{k}": v for k, v in counts.items()}}


def _follow(
    rest: StandIn, pause: Callable[[], None] = lambda: None, clock_ms: Callable[[], int] = int
) -> list[JobProgress]:
    shown: list[JobProgress] = []
    follow_job(rest, JOB, 1000, shown.append, pause, clock_ms)
    return shown


def test_progress_is_read_from_the_keyed_stage() -> None:
    """Counters are found by the ends of their names; those not reported yet are 0."""
    found = _follow(StandIn(_metrics(1000, counted_events=7, late_events=2)))
    assert found == [JobProgress(1000, 7, 2, 0, 0)]


def test_following_ends_at_the_instant() -> None:
    """It ends when the watermark is there, however little has moved before."""
    rest = StandIn(_metrics(998))

    def pause() -> None:
        rest.answers["metrics"][WATERMARK] += 1

    assert [each.log_time_ms for each in _follow(rest, pause)] == [998, 999, 1000]


def test_a_job_that_keeps_failing_is_given_up() -> None:
    """Flink restarts without end; the demo does not."""
    rest = StandIn(_metrics(1))
    rest.answers["restarts"] = 4
    with pytest.raises(DemoError, match=r"restarted 4 times: .*No space left on device"):
        _follow(rest)


def test_a_job_that_stands_still_is_given_up() -> None:
    """Five minutes without any change in any figure are too long."""
    times = iter(range(0, 1_000_000, 100_000))
    with pytest.raises(DemoError, match="has not moved for five minutes"):
        _follow(StandIn(_metrics(1)), clock_ms=lambda: next(times))


@pytest.mark.parametrize(
    ("trace", "cause"),
    [
        (JAVA_TRACE, "java.io.IOException: No space left on device"),
        (
            PYTHON_TRACE,
            "udfs.metering.receiving.MeterChangedError: meter miles: expected sum, found max",
        ),
        ("one line", "one line"),
        ("", "no cause given"),
    ],
)
def test_root_cause(trace: str, cause: str) -> None:
    """The innermost Java error, or the Python error it carries."""
    assert root_cause(trace) == cause

"""How far a metering job has got, read from canned answers of Flink's REST interface."""

from typing import Any

import pytest

from jobs.local.flink_rest import FlinkError
from jobs.local.metering_run import metered_until_ms, wait_metered
from tests.jobs.local.test_flink_rest import JOB, TRACE, canned, job

METRICS = f"/jobs/{JOB}/vertices/v1/subtasks/metrics"
REACHED_MS = 1_359_000_000_123


def metering(state: str, least: float | None) -> dict[str, Any]:
    """Return the answers of a job whose keyed stage has a least watermark; None: not told yet."""
    answers = job(state, "RUNNING", "RUNNING")
    answers[f"/jobs/{JOB}"]["vertices"][1]["name"] = "meter_periods -> (count_closed_usage)"
    metric = {"id": "meter_periods.currentOutputWatermark", "min": least}
    answers[METRICS] = lambda query: (
        [metric] if least is not None and query["agg"] == ["min"] else []
    )
    return answers


@pytest.mark.parametrize(
    ("least", "reached_ms"), [(None, None), (-9.223372036854775808e18, None), (REACHED_MS,) * 2]
)
def test_the_least_watermark_counts(least: float | None, reached_ms: int | None) -> None:
    """Before any watermark there is nothing to tell."""
    with canned(metering("RUNNING", least)) as rest:
        assert metered_until_ms(rest, JOB) == reached_ms


def test_another_job_is_told_apart() -> None:
    """A job without the keyed stage is not the metering job."""
    with (
        canned(job("RUNNING", "RUNNING")) as rest,
        pytest.raises(FlinkError, match="expected the stage meter_periods, found none"),
    ):
        metered_until_ms(rest, JOB)


def test_waiting_goes_on_until_two_checkpoints_after_the_log_time() -> None:
    """The checkpoint under way may hold less; the one after it holds everything."""
    completed = iter([5, 6, 6, 7])
    answers = metering("RUNNING", REACHED_MS)
    answers[f"/jobs/{JOB}/checkpoints"] = lambda _: {"counts": {"completed": next(completed)}}
    told: list[int | None] = []
    with canned(answers) as rest:
        wait_metered(rest, JOB, REACHED_MS, 30, told.append)
    assert told == [REACHED_MS]
    assert next(completed, None) is None


def test_a_job_that_failed_ends_the_waiting() -> None:
    """The error holds the job's own."""
    with (
        canned(metering("FAILED", REACHED_MS)) as rest,
        pytest.raises(FlinkError, match=r"is FAILED: .*disk is full"),
    ):
        wait_metered(rest, JOB, REACHED_MS, 30)


def test_giving_up_tells_why_the_job_restarts() -> None:
    """A job that restarts for ever never gets there; its last failure is in the error."""
    with (
        canned(metering("RUNNING", REACHED_MS - 1)) as rest,
        pytest.raises(TimeoutError, match=f"(?s)log time {REACHED_MS} ms.*{TRACE}"),
    ):
        wait_metered(rest, JOB, REACHED_MS, 0.3)

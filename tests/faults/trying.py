"""Tries one fault: a run from its begin to the judge's verdict."""

import shutil
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs.local.broker import Broker
from jobs.local.flink_cluster import FlinkCluster
from tests.faults.evidence import repeats, verdict_on
from tests.faults.faults import Fault
from tests.faults.making import make_run
from tests.faults.planted import SQL_BUGS, TABLE_BUGS
from tests.faults.results import MOST_LINES, Result, commit_now
from tests.faults.running import CONVERGED_S, Run

# The pause leaves a busy machine time for usage between two checkpoints.
_FLINK = {"parallelism": 1, "checkpoint_interval_ms": 5000}
_PAUSE = {"execution.checkpointing.min-pause": "3 s"}
SINKS = {"v1": "false", "v2": "true"}


@dataclass(frozen=True, slots=True)
class Trial:
    """One run that is to be made.

    Attributes:
        fault: What strikes.
        seed: Decides what is left to chance.
        seconds: How long a fault without an end of its own goes on.
        sink: Which of Iceberg's sinks.
        planted: Name of a bug to plant; empty: none.
    """

    fault: Fault
    seed: int
    seconds: int
    sink: str = "v2"
    planted: str = ""

    @property
    def line(self) -> str:
        """The line that repeats it."""
        planted = f" --planted {self.planted}" if self.planted else ""
        return (
            f"python -m tests.faults --fault {self.fault.name} --seed {self.seed}"
            f" --seconds {self.seconds} --sink {self.sink}{planted}"
        )


def make_trial(trial: Trial, machines: tuple[Broker, FlinkCluster], folder: Path) -> Result:
    """Run a load, let the fault strike, and judge what is left.

    Args:
        trial: What to do.
        machines: A broker and a cluster; after a run that failed they may be harmed.
        folder: For all that is written, with a name of its own; removed where all is right.
    """
    shared, cluster = machines
    properties = {**_PAUSE, "table.exec.iceberg.use-v2-sink": SINKS[trial.sink]}
    with trial.fault.broker(folder, shared) as broker:
        run = make_run(folder, broker, cluster, trial.seed, properties=properties, **_FLINK)
        run.seconds, run.planted = trial.seconds, trial.planted
        if trial.planted in SQL_BUGS:
            run.module = "tests.faults.planted"
        with trial.fault.around(run):
            found = _strike(run, trial.fault)
    result = Result(
        datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        commit_now(),
        trial.seed,
        trial.seconds,
        trial.fault.name,
        trial.sink,
        trial.planted,
        **found,
    )
    if result.passed:
        shutil.rmtree(folder)
    return result


def _leave(_: Run) -> None:
    """Plant nothing into the tables."""


def _strike(run: Run, fault: Fault) -> dict[str, Any]:
    """Return the findings of a run; what breaks it off is one of them."""
    found: dict[str, Any] = {}
    try:
        run.begin()
        fault.strike(run)
        found["converged_ms"] = converged_ms = run.conclude()
        TABLE_BUGS.get(run.planted, _leave)(run)
        verdict = verdict_on(run)
        verdict.differences += run.broken
        if converged_ms > CONVERGED_S * 1000:
            slow = f"converged in {converged_ms} ms, which is more than {CONVERGED_S} s"
            verdict.differences.append(slow)
    except Exception:
        # Whatever went wrong is what the run has shown, with the place it happened.
        lines = traceback.format_exc().splitlines()
        return {**found, **_counts(run), "differences": 1, "lines": lines[-40:]}
    finally:
        run.end()
    return {
        **found,
        **_counts(run),
        "records": sum(run.ends()),
        "fates": dict(sorted(verdict.fates.items())),
        "repeats": verdict.repeats_seen,
        "repeated_commits": sum(map(len, repeats(run).values())),
        "differences": len(verdict.differences),
        "lines": verdict.differences[:MOST_LINES],
    }


def _counts(run: Run) -> dict[str, Any]:
    return {
        "hits": dict(sorted(run.hits.items())),
        "recovery_ms": max(run.recoveries_ms, default=0),
        "events": len(run.producer.sent),
        "unacknowledged": sum(each.failures for each in run.producer.sent),
    }

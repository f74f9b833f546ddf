"""One run under faults: Kafka, Flink, tables and a load, and what can be done to them."""

import contextlib
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

from iceberg.catalog import open_catalog
from jobs.kafka_clients import open_admin
from jobs.local.broker import Broker
from jobs.local.children import Child
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.flink_rest import FINAL_STATES, FlinkError
from jobs.local.metering_run import metered_until_ms
from jobs.topic_offsets import end_offsets
from tests.faults.load import START_MS
from tests.faults.producing import LoadProducer
from tests.integration.world import JOB, SLACK_MS, World

CONVERGED_S = 180
"""How long a run may take from the end of its load to exact tables, in seconds."""
# Generous: the machine may be busy with other things.
PATIENCE_S = 900
_LOOK_EVERY_S = 0.5
_CLOSING_DAYS = 7


@dataclass(slots=True)
class Run:
    """One world under load.

    Attributes:
        folder: Holds all that the run writes.
        broker: Its Kafka.
        cluster: Its Flink.
        world: Settings, topics and tables.
        producer: The load, which keeps its own list.
        chance: Decides what the seed decides.
        seconds: How long the load under faults goes on, about.
        job_id: Of the job that runs.
        module: What is submitted: the product's job, or one with a planted bug.
        planted: Name of the bug, or empty.
        hits: What shows that the fault struck, by name.
        recoveries_ms: Each time from the end of a fault until the job had caught up.
        submissions: How often a job was submitted.
        broken: Faults of several in one run that did not end as they should.
        rest_catalog: The catalog over the network, where there is one.
    """

    folder: Path
    broker: Broker
    cluster: FlinkCluster
    world: World
    producer: LoadProducer
    chance: random.Random
    seconds: float = 20
    job_id: str = ""
    module: str = JOB
    planted: str = ""
    hits: dict[str, int] = field(default_factory=dict)
    recoveries_ms: list[int] = field(default_factory=list)
    submissions: int = 0
    broken: list[str] = field(default_factory=list)
    rest_catalog: Any = None

    @property
    def checkpoint_dir(self) -> Path:
        """The folder of the jobs' checkpoints."""
        return Path(self.world.settings.flink.checkpoint_dir.removeprefix("file://"))

    @property
    def warehouse(self) -> Path:
        """The folder of the tables."""
        return Path(self.world.settings.catalog.warehouse.removeprefix("file://"))

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return all rows of one table."""
        catalog = open_catalog(self.world.settings.catalog)
        table = catalog.load_table((self.world.settings.catalog.namespace, name))
        rows: list[dict[str, Any]] = table.scan().to_arrow().to_pylist()
        return rows

    def failures(self) -> int:
        """Return how often Kafka did not acknowledge a record in time."""
        return sum(each.failures for each in list(self.producer.sent))

    def refused(self) -> int:
        """Return how many records were sent that must be refused."""
        return sum(each.refusal is not None for each in list(self.producer.sent))

    def use_catalog(self, **changes: Any) -> None:
        """Let later submissions reach the tables by another catalog; the judge does not."""
        content = yaml.safe_load(self.world.file.read_text())
        content["catalog"] |= changes
        self.world.file.write_text(yaml.safe_dump(content))

    def set_flink(self, **changes: Any) -> None:
        """Let later submissions have other settings of Flink."""
        content = yaml.safe_load(self.world.file.read_text())
        content["flink"] |= changes
        self.world.file.write_text(yaml.safe_dump(content))

    def hit(self, name: str, count: int = 1) -> None:
        """Count something that shows that the fault struck."""
        self.hits[name] = self.hits.get(name, 0) + count

    def submit(self, restore_from: str | Path | None = None) -> str:
        """Submit the job, and remember it."""
        self.submissions += 1
        env = {"PLANTED": self.planted, "SUBMISSION": str(self.submissions)}
        self.job_id = self.cluster.submit(
            self.module, self.world.arguments, restore_from=restore_from, env=env
        )
        return self.job_id

    def submit_beside(self, *words: str) -> str:
        """Submit a second job beside the first, with further arguments; return its id."""
        return self.cluster.submit(self.module, [*self.world.arguments, *words])

    def start_job_manager(self) -> None:
        """Start a new JobManager, and wait until all TaskManagers have found it."""
        self.cluster.start_job_manager()
        self._replaced(self.cluster.wait_recovered())

    def _replaced(self, count: int) -> None:
        if count:
            self.hit("TaskManagers that ended by themselves", count)

    def newest_checkpoint(self) -> Path:
        """Return the newest complete checkpoint of whichever job wrote it."""
        found = self.checkpoint_dir.glob("*/chk-*/_metadata")
        return max(found, key=lambda path: path.stat().st_mtime_ns).parent

    def resubmit(self) -> None:
        """Submit the job on a new JobManager, from its newest checkpoint."""
        self.submit(self.newest_checkpoint())

    def metered_ms(self) -> int:
        """Return the log time that is metered; -1 while nobody can say."""
        try:
            return metered_until_ms(self.cluster.rest, self.job_id) or -1
        except (OSError, FlinkError, KeyError, IndexError):
            return -1

    def job_state(self) -> str:
        """Return the job's state; empty while nobody can say."""
        try:
            return self.cluster.rest.job_state(self.job_id)
        except (OSError, FlinkError):
            return ""

    def restarts(self) -> int:
        """Return how often the job has restarted by itself; 0 while nobody can say."""
        try:
            return self.cluster.rest.restarts(self.job_id)
        except (OSError, FlinkError):
            return 0

    def completed(self) -> int:
        """Return how many checkpoints the job has completed; 0 while nobody can say."""
        try:
            return self.cluster.rest.completed_checkpoints(self.job_id)
        except (OSError, FlinkError):
            return 0

    def wait(self, condition: Callable[[], Any], what: str, timeout_s: float = PATIENCE_S) -> Any:
        """Wait for something while the load goes on; what ends job or load ends the waiting.

        Raises:
            TimeoutError: It did not come; the text ends with the job's last failure.
        """
        until = time.monotonic() + timeout_s
        # Seldom, as each look costs the JobManager several answers.
        while not (answer := condition()):
            self.producer.check()
            self._replaced(self.cluster.replace_ended())
            if self.job_state() in FINAL_STATES:
                raise FlinkError(f"job {self.job_id} ended: {self._failure()}")
            if time.monotonic() > until:
                failure = self._failure()[-3000:]
                raise TimeoutError(f"{what}: not within {timeout_s:g} s\n{failure}")
            time.sleep(_LOOK_EVERY_S)
        return answer

    def wait_closely(self, condition: Callable[[], Any], what: str) -> None:
        """Wait for something and return at that very moment, as nearly as can be."""
        until = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError(what)

    def _failure(self) -> str:
        with contextlib.suppress(OSError, FlinkError):
            return self.cluster.rest.exceptions(self.job_id)
        return "the JobManager does not answer"

    def pause(self, seconds: float) -> None:
        """Let the load go on for a while, as long as nothing else ends."""
        until = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() >= until, "a pause", seconds + 60)

    def catch_up(self, goal_ms: int | None = None, timeout_s: float = PATIENCE_S) -> None:
        """Wait until what was received by now is metered, and in a checkpoint that came after."""
        goal_ms = self.producer.log_ms - SLACK_MS if goal_ms is None else goal_ms
        # A metric of before a fault may stand for a moment: only a job that runs can tell.
        self.wait(
            lambda: self.job_state() == "RUNNING" and self.metered_ms() >= goal_ms,
            f"log time {goal_ms} ms metered",
            timeout_s,
        )
        completed = self.completed()
        self.wait(lambda: self.completed() >= completed + 2, "two checkpoints", timeout_s)

    def await_restart(self, restarts: int) -> None:
        """Wait until the job has restarted by itself more often than this, and count it."""
        self.wait(lambda: self.restarts() > restarts, "restart of the job")
        self.hit("restarts of the job", self.restarts() - restarts)

    def recovered(self, since: float | None = None) -> None:
        """Measure how long the job takes to catch up after a fault.

        Args:
            since: When the fault ended, by `time.monotonic`; None: now.
        """
        begun = time.monotonic() if since is None else since
        self.catch_up()
        self.recoveries_ms.append(round((time.monotonic() - begun) * 1000))

    def task_manager(self) -> Child:
        """Return the TaskManager that was started last."""
        return self.cluster.task_managers[-1]

    def python_workers(self) -> list[psutil.Process]:
        """Return the Python workers of all TaskManagers that do a part of the job."""
        found = []
        for child in self.cluster.task_managers:
            with contextlib.suppress(psutil.NoSuchProcess):
                for process in psutil.Process(child.pid).children(recursive=True):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        if "pyflink.fn_execution.beam.beam_boot" in " ".join(process.cmdline()):
                            found.append(process)
        return found

    def ends(self) -> tuple[int, ...]:
        """Return the offset after the last record of each partition."""
        with open_admin(self.world.topics.kafka) as admin:
            return end_offsets(admin, self.world.topics.kafka.usage_topic)

    def begin(self) -> None:
        """Submit the job, start the load and wait until the first of it is committed."""
        self.submit()
        self.cluster.rest.wait_running(self.job_id, PATIENCE_S)
        self.producer.start()
        self.wait(lambda: self.metered_ms() > START_MS, "first usage metered")
        self.catch_up()

    def conclude(self) -> int:
        """End the load and wait until all of it is metered; return how long that took in ms."""
        begun = time.monotonic()
        self.producer.finish(PATIENCE_S)
        end_ms = self.producer.close_periods(_CLOSING_DAYS)
        self.catch_up(end_ms - SLACK_MS)
        return round((time.monotonic() - begun) * 1000)

    def end(self) -> None:
        """Stop what is left of the run; the machines stay."""
        self.producer.give_up()
        with contextlib.suppress(OSError, FlinkError, TimeoutError):
            self.cluster.rest.cancel(self.job_id)


def send_signal(process: Child | psutil.Process, number: int) -> None:
    """Send a signal to one process, not to its descendants."""
    os.kill(process.pid, number)

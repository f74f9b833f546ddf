"""A standalone Flink cluster as local processes that can be killed: JobManager, TaskManagers, UI.

It runs the Flink distribution that the pyflink package ships, on the loopback address.
"""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from jobs.local.children import Child
from jobs.local.flink_home import FlinkHome, flink_distribution
from jobs.local.flink_rest import FlinkError, FlinkRest, latest_checkpoint
from jobs.local.places import PYTHON, RUN_DIR
from jobs.local.ports import LOOPBACK, free_ports
from jobs.local.waiting import wait_until

_START_SECONDS = 300
# Planning takes some seconds of CPU, which a busy machine gives in minutes.
_SUBMIT_SECONDS = 900
_SUBMITTED = re.compile(r"Job has been submitted with JobID ([0-9a-f]{32})")


class FlinkCluster:
    """One JobManager and a number of TaskManagers, with all they write in one folder.

    A context manager: starts on entry, stops on exit.

    Attributes:
        home: folders of the cluster: configuration, logs, checkpoints, savepoints.
        rest: the REST interface; its `url` is that of the web UI, too.
        job_manager: its process, None while stopped or killed.
        task_managers: processes of the TaskManagers that were not stopped or killed.
    """

    def __init__(
        self,
        work_dir: Path = RUN_DIR / "flink",
        *,
        task_managers: int = 1,
        slots: int = 4,
        options: Mapping[str, str] | None = None,
    ) -> None:
        """Choose the ports.

        Args:
            work_dir: the cluster's folder, made if missing; checkpoints in there stay.
            task_managers: how many to start.
            slots: task slots of each TaskManager.
            options: Flink options by their full names, over the defaults for a local cluster.
        """
        rest_port, rpc_port = free_ports(2)
        self.home = FlinkHome(work_dir.resolve(), flink_distribution())
        self.rest = FlinkRest(f"http://{LOOPBACK}:{rest_port}")
        self.job_manager: Child | None = None
        self.task_managers: list[Child] = []
        self._wanted = task_managers
        self._started = 0
        defaults = self.home.default_options(rest_port, rpc_port, slots)
        self._options = {**defaults, **(options or {})}

    def start(self) -> None:
        """Start all processes and wait until every TaskManager is registered.

        Raises:
            SetupError: if our jars or pyflink are missing.
            ChildError: if one of the processes ends.
            TimeoutError: if they do not find each other.
        """
        self.home.prepare(self._options)
        self.start_job_manager()
        for _ in range(self._wanted):
            self.start_task_manager()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until the REST interface answers and every living TaskManager is registered."""
        wait_until(self._ready, "start of the Flink cluster", _START_SECONDS)

    def wait_recovered(self) -> int:
        """Wait as `wait_ready` does, and start TaskManagers anew; return how many.

        Some end by themselves when the JobManager is lost, as RocksDB is closed while it is used:
        `pthread lock: Invalid argument`.
        """
        replaced = 0

        def is_ready() -> bool:
            nonlocal replaced
            replaced += self.replace_ended()
            return self._ready()

        wait_until(is_ready, "recovery of the Flink cluster", _START_SECONDS)
        return replaced

    def replace_ended(self) -> int:
        """Start a TaskManager for each that has ended by itself; return how many."""
        ended = [each for each in self.task_managers if not each.alive()]
        for child in ended:
            child.kill()
            self.task_managers.remove(child)
            self.start_task_manager()
        return len(ended)

    def start_job_manager(self) -> None:
        """Start a JobManager where the last one was. It knows no job: submit from a checkpoint."""
        self.job_manager = self._start("jobmanager")

    def start_task_manager(self) -> None:
        """Start one more TaskManager."""
        self.task_managers.append(self._start("taskmanager"))

    def kill_job_manager(self) -> None:
        """Kill the JobManager at once (SIGKILL). Jobs end; their checkpoints stay.

        Their tasks run on until their TaskManagers miss the JobManager (`heartbeat.timeout`), and
        can complete no checkpoint. `wait_ready` on a new JobManager waits for that.
        """
        if self.job_manager is not None:
            self.job_manager.kill()
            self.job_manager = None

    def kill_task_manager(self) -> None:
        """Kill the oldest TaskManager and its Python workers at once (SIGKILL)."""
        self.task_managers.pop(0).kill()

    def stop(self) -> None:
        """Stop all processes. Does nothing if all are stopped."""
        for child in (*self.task_managers, *filter(None, [self.job_manager])):
            child.stop()
        self.task_managers.clear()
        self.job_manager = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def submit(
        self,
        module: str,
        args: Sequence[str] = (),
        *,
        restore_from: str | Path | None = None,
        options: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Submit a Python module as in production (`flink run`), detached; return the job's id.

        Args:
            module: importable from the root of the source tree, such as `jobs.meter_usage`.
            args: the program's own arguments.
            restore_from: savepoint or kept checkpoint to start from.
            options: Flink options of this job.
            env: environment variables of the client, over the present ones.

        Raises:
            FlinkError: if the program or Flink refuses, with the last lines of the output.
        """
        command = [str(self.home.distribution / "bin" / "flink"), "run", "-d"]
        if restore_from is not None:
            command += ["-s", str(restore_from)]
        command += [f"-D{name}={value}" for name, value in (options or {}).items()]
        command += ["-pyclientexec", str(PYTHON), "-pyexec", str(PYTHON), "-pym", module, *args]
        done = subprocess.run(
            command,
            env={**self.home.environment(), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_SUBMIT_SECONDS,
        )
        submitted = _SUBMITTED.search(done.stdout)
        if done.returncode != 0 or submitted is None:
            raise FlinkError(f"flink run {module}, exit code {done.returncode}:\n{done.stdout}")
        return submitted[1]

    def latest_checkpoint(self, job_id: str) -> Path:
        """Return the newest complete checkpoint of a job, to restore it from on a new JobManager.

        Raises:
            FileNotFoundError: if there is none.
        """
        return latest_checkpoint(self.home.checkpoint_dir, job_id)

    def _ready(self) -> bool:
        for child in (*self.task_managers, *filter(None, [self.job_manager])):
            child.check()
        try:
            return self.rest.task_managers() >= len(self.task_managers)
        except (OSError, FlinkError):
            return False  # not up yet

    def _start(self, service: str) -> Child:
        self._started += 1
        name = f"{service}-{self._started}"
        command = [str(self.home.distribution / "bin" / f"{service}.sh"), "start-foreground"]
        return Child(name, command, self.home.environment(), self.home.log_dir / f"{name}.out")

"""A running Flink cluster, asked through its REST interface."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.local.waiting import wait_until

_ANSWER_SECONDS = 60
# A machine may be busy with other things.
_PATIENCE_SECONDS = 600
_MOST_NAMES = 50  # metrics per request, which keeps its address short
FINAL_STATES = frozenset({"FINISHED", "CANCELED", "FAILED"})


class FlinkError(Exception):
    """Flink refused or failed; the text holds its own words."""


@dataclass(frozen=True, slots=True)
class Vertex:
    """One chain of operators of a running job.

    Attributes:
        vertex_id: Flink's id.
        name: names of its operators.
        parallelism: number of subtasks.
        status: such as RUNNING.
    """

    vertex_id: str
    name: str
    parallelism: int
    status: str


@dataclass(frozen=True, slots=True)
class FlinkRest:
    """The REST interface at `url`.

    Every method raises FlinkError when Flink answers with an error, OSError when nobody answers.
    """

    url: str

    def get(self, path: str) -> Any:
        """Return the decoded answer to GET `path`."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the decoded answer to POST `path`."""
        return self._ask("POST", path, body)

    def task_managers(self) -> int:
        """Return the number of registered TaskManagers."""
        return len(self.get("/taskmanagers")["taskmanagers"])

    def free_slots(self) -> int:
        """Return the number of task slots that no job uses."""
        return int(self.get("/overview")["slots-available"])

    def jobs(self) -> dict[str, str]:
        """Return the state of every job known, by job id."""
        return {job["id"]: job["status"] for job in self.get("/jobs")["jobs"]}

    def job_state(self, job_id: str) -> str:
        """Return the state of a job, such as RUNNING."""
        return str(self.get(f"/jobs/{job_id}")["state"])

    def vertices(self, job_id: str) -> tuple[Vertex, ...]:
        """Return the operator chains of a job, sources first."""
        return tuple(
            Vertex(each["id"], each["name"], each["parallelism"], each["status"])
            for each in self.get(f"/jobs/{job_id}")["vertices"]
        )

    def running(self, job_id: str) -> bool:
        """Tell whether every subtask of the job runs.

        Raises:
            FlinkError: if the job has ended, with the cause where it failed.
        """
        state = self.job_state(job_id)
        if state in FINAL_STATES:
            raise FlinkError(f"job {job_id} is {state}: {self.exceptions(job_id)}")
        return all(vertex.status == "RUNNING" for vertex in self.vertices(job_id))

    def wait_running(self, job_id: str, timeout_s: float = _PATIENCE_SECONDS) -> None:
        """Wait until every subtask of the job runs."""
        wait_until(lambda: self.running(job_id), f"running of job {job_id}", timeout_s)

    def wait_state(self, job_id: str, state: str, timeout_s: float = _PATIENCE_SECONDS) -> None:
        """Wait until the job is in this state.

        Raises:
            FlinkError: if it ends in another one.
            TimeoutError: if it does not get there.
        """

        def there() -> bool:
            found = self.job_state(job_id)
            if found in FINAL_STATES and found != state:
                raise FlinkError(f"job {job_id} is {found}: {self.exceptions(job_id)}")
            return found == state

        wait_until(there, f"state {state} of job {job_id}", timeout_s)

    def exceptions(self, job_id: str) -> str:
        """Return the stack traces of the job's failures, newest first; empty if there are none."""
        history = self.get(f"/jobs/{job_id}/exceptions")["exceptionHistory"]
        return "\n".join(entry["stacktrace"] for entry in history["entries"])

    def cancel(self, job_id: str) -> None:
        """Cancel a job and wait until it is gone; its last checkpoints stay."""
        self._ask("PATCH", f"/jobs/{job_id}?mode=cancel", None)
        self.wait_state(job_id, "CANCELED")

    def stop_with_savepoint(
        self, job_id: str, folder: Path, timeout_s: float = _PATIENCE_SECONDS
    ) -> str:
        """Stop a job with a savepoint in `folder`, to be resumed; return the savepoint's address.

        Never drains: that would fire every open timer, and some sinks cannot resume from it.
        """
        wish = {"targetDirectory": folder.resolve().as_uri(), "drain": False}
        trigger = self._ask("POST", f"/jobs/{job_id}/stop", wish)["request-id"]

        def outcome() -> Any:
            answer = self.get(f"/jobs/{job_id}/savepoints/{trigger}")
            return answer["status"]["id"] == "COMPLETED" and answer["operation"]

        operation = wait_until(outcome, f"savepoint of job {job_id}", timeout_s)
        if "location" not in operation:
            cause = operation.get("failure-cause", {}).get("stack-trace", operation)
            raise FlinkError(f"savepoint of job {job_id}: {cause}")
        self.wait_state(job_id, "FINISHED", timeout_s)
        return str(operation["location"])

    def completed_checkpoints(self, job_id: str) -> int:
        """Return how many checkpoints the job has completed since it was submitted."""
        return int(self.get(f"/jobs/{job_id}/checkpoints")["counts"]["completed"])

    def wait_checkpoints(
        self, job_id: str, more: int = 1, timeout_s: float = _PATIENCE_SECONDS
    ) -> None:
        """Wait until the job has completed this many more checkpoints than now."""
        goal = self.completed_checkpoints(job_id) + more
        wait_until(
            lambda: self.completed_checkpoints(job_id) >= goal,
            f"{more} checkpoints of job {job_id}",
            timeout_s,
        )

    def restarts(self, job_id: str) -> int:
        """Return how often the job has restarted after a failure since it was submitted."""
        answer = self.get(f"/jobs/{job_id}/metrics?get=numRestarts")
        return int(answer[0]["value"]) if answer else 0

    def wait_restarted(
        self, job_id: str, restarts: int, timeout_s: float = _PATIENCE_SECONDS
    ) -> None:
        """Wait until the job has restarted more often than this, and every subtask runs again."""

        def back() -> bool:
            return self.restarts(job_id) > restarts and self.running(job_id)

        wait_until(back, f"restart of job {job_id}", timeout_s)

    def metric_names(self, job_id: str, vertex_id: str) -> tuple[str, ...]:
        """Return the names of a vertex's metrics over its subtasks: `operator.group.metric`."""
        listed = self.get(f"/jobs/{job_id}/vertices/{vertex_id}/subtasks/metrics")
        return tuple(sorted(each["id"] for each in listed))

    def metric_sums(self, job_id: str, vertex_id: str, names: Sequence[str]) -> Mapping[str, float]:
        """Return metrics of a vertex by name, each summed over its subtasks.

        A metric not reported yet is missing in the answer.
        """
        sums: dict[str, float] = {}
        for start in range(0, len(names), _MOST_NAMES):
            asked = urllib.parse.quote(",".join(names[start : start + _MOST_NAMES]))
            path = f"/jobs/{job_id}/vertices/{vertex_id}/subtasks/metrics?agg=sum&get={asked}"
            sums |= {each["id"]: each["sum"] for each in self.get(path)}
        return sums

    def counter(self, job_id: str, suffix: str) -> int:
        """Return the sum, over all operators and subtasks, of the metrics whose names end so.

        Args:
            job_id: the job.
            suffix: such as `.numLateRecordsDropped`; task metrics have no dot before them.
        """
        total = 0.0
        for vertex in self.vertices(job_id):
            names = [n for n in self.metric_names(job_id, vertex.vertex_id) if n.endswith(suffix)]
            total += sum(self.metric_sums(job_id, vertex.vertex_id, names).values())
        return int(total)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310  always http, to a cluster of ours
            self.url + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(  # noqa: S310 - as above  # nosec B310
                request, timeout=_ANSWER_SECONDS
            ) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                told = refusal.read().decode(errors="replace")
            raise FlinkError(f"{method} {path}: HTTP {refusal.code}: {told}") from None


def latest_checkpoint(checkpoint_dir: Path, job_id: str) -> Path:
    """Return the newest complete checkpoint of a job that is kept in a cluster's folder.

    Args:
        checkpoint_dir: value of `execution.checkpointing.dir`, as a path.
        job_id: the job that wrote it.

    Raises:
        FileNotFoundError: if there is none.
    """
    complete = (checkpoint_dir / job_id).glob("chk-*/_metadata")
    found = max(complete, key=lambda path: int(path.parent.name.removeprefix("chk-")), default=None)
    if found is None:
        raise FileNotFoundError(f"checkpoint of job {job_id}, {checkpoint_dir}: found none")
    return found.parent

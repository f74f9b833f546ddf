"""Stops, restores and starts that operators do: rescaling, an older savepoint, a second job."""

import subprocess
from typing import Any

from jobs.local.flink_rest import FlinkError
from jobs.local.places import PYTHON, ROOT
from tests.faults.faults import Fault
from tests.faults.running import PATIENCE_S, Run

_PARALLELISMS = (2, 1)


def rescale(run: Run) -> None:
    """Stop with a savepoint, restore with two readers, and again with one."""
    for parallelism in _PARALLELISMS:
        savepoint = _stop(run)
        run.set_flink(parallelism=parallelism)
        run.submit(savepoint)
        run.recovered()
        found = {vertex.parallelism for vertex in run.cluster.rest.vertices(run.job_id)}
        run.hit(f"restored with parallelism {parallelism}", parallelism in found)


def _stop(run: Run) -> str:
    folder = run.folder / "savepoints"
    return run.cluster.rest.stop_with_savepoint(run.job_id, folder, PATIENCE_S)


def _save(run: Run) -> str:
    """Make a savepoint of the job, which runs on; return where it is."""
    rest, target = run.cluster.rest, (run.folder / "savepoints").resolve().as_uri()
    wish = {"target-directory": target, "cancel-job": False}
    asked = rest.post(f"/jobs/{run.job_id}/savepoints", wish)["request-id"]

    def outcome() -> Any:
        answer = rest.get(f"/jobs/{run.job_id}/savepoints/{asked}")
        return answer["status"]["id"] == "COMPLETED" and answer["operation"]

    return str(run.wait(outcome, "a savepoint")["location"])


def _refused(run: Run, restore_from: str | None) -> bool:
    """Try to submit the job; tell whether it refused."""
    job_id = run.job_id
    try:
        run.submit(restore_from)
    except FlinkError as refusal:
        run.job_id = job_id
        # Exit code 2 and one line; anything else is a failure of its own.
        if "meter_usage: " not in str(refusal):
            raise
        return True
    return False


def older_savepoint(run: Run) -> None:
    """Restore from a savepoint that the tables are ahead of: refused. The newest one is taken."""
    older = _save(run)
    run.pause(run.seconds / 2)
    run.catch_up()
    newest = _stop(run)
    run.hit("restores from an older savepoint refused", _refused(run, older))
    run.submit(newest)
    run.recovered()


def rewind(run: Run) -> None:
    """Roll all tables back to the checkpoint of an older savepoint, and restore from that."""
    older = _save(run)
    run.pause(run.seconds / 2)
    run.catch_up()
    before = len(run.rows("raw_events"))
    _stop(run)
    rewind_to(run, older)
    run.hit("records taken back", before - len(run.rows("raw_events")))
    run.submit(older)
    run.recovered()


def rewind_to(run: Run, savepoint: str) -> None:
    """Run the program that puts the tables back."""
    command = [
        *(str(PYTHON), "-m", "jobs.rewind_tables", "--settings", str(run.world.file)),
        *("--to", savepoint, "--by", "tests.faults", "--reason", "an older savepoint"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"rewind_tables: exit code {done.returncode}: {done.stderr}")


def two_jobs(run: Run) -> None:
    """Submit the job a second time over the same tables, without state: refused."""
    run.hit("second jobs refused", _refused(run, None))
    run.recovered()


SAVEPOINTS = (
    Fault("rescale", "Stopped with a savepoint and restored, with 2 readers and with 1", rescale),
    Fault(
        "older-savepoint",
        "Restored from a savepoint that the tables are ahead of: refused",
        older_savepoint,
    ),
    Fault("rewind", "The tables rolled back to an older savepoint, and restored from it", rewind),
    Fault("two-jobs", "The job submitted a second time over the same tables: refused", two_jobs),
)

"""Stops, restores and starts that operators do: rescaling, an older savepoint, a second job."""

import json
import subprocess
import time
from typing import Any

from pyiceberg.table.snapshots import Operation

from iceberg.catalog import open_catalog
from iceberg.tables import RAW_EVENTS
from jobs.local.flink_rest import FlinkError
from jobs.local.places import PYTHON, ROOT
from tests.faults.evidence import repeats
from tests.faults.faults import Fault
from tests.faults.running import PATIENCE_S, Run

_PARALLELISMS = (2, 1)
_BOTH_COMMIT = 2
_WHY = ("--by", "tests.faults", "--reason", "an older savepoint")
_MAINTENANCE = (
    *("--compact", "--least-files", "2", "--expire-older-than-days", "0.0001"),
    *("--remove-orphans-older-than-hours", "1", "--orphan-floor-hours", "1", "--json"),
)


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


def program(module: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one of the programs to its end."""
    command = [str(PYTHON), "-m", module, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def rewind_to(run: Run, savepoint: str) -> None:
    """Run the program that puts the tables back."""
    words = ("--to", savepoint, *_WHY)
    done = program("jobs.rewind_tables", "--settings", str(run.world.file), *words)
    if done.returncode != 0:
        raise RuntimeError(f"rewind_tables: exit code {done.returncode}: {done.stderr}")


def maintain(run: Run) -> None:
    """Maintain the tables beside the job, as often as there is time for."""
    until = time.monotonic() + run.seconds
    while True:
        done = program("jobs.maintain_tables", "--settings", str(run.world.file), *_MAINTENANCE)
        if done.returncode != 0:
            raise RuntimeError(f"maintain_tables: exit code {done.returncode}: {done.stderr}")
        steps = [json.loads(line) for line in done.stdout.splitlines()]
        run.hit("rounds of maintenance")
        run.hit("steps of maintenance", len(steps))
        run.producer.check()
        if time.monotonic() > until:
            break
    run.hit("snapshots of merged files", _merges(run))
    run.recovered()


def _merges(run: Run) -> int:
    """Return how many snapshots of the archive replaced files by merged ones."""
    settings = run.world.settings.catalog
    table = open_catalog(settings).load_table((settings.namespace, RAW_EVENTS.name))
    operations = [each.summary.operation for each in table.snapshots() if each.summary]
    return sum(each in (Operation.REPLACE, Operation.OVERWRITE) for each in operations)


def two_jobs(run: Run) -> None:
    """Submit the job again over the same tables: refused; and where someone insists, detected."""
    run.hit("second jobs refused", _refused(run, None))
    first = run.job_id
    second = run.submit_beside("--adopt-tables", *_WHY)
    rest = run.cluster.rest
    run.wait(lambda: rest.completed_checkpoints(second) >= _BOTH_COMMIT, "commits of the second")
    completed = run.completed()
    run.wait(lambda: run.completed() > completed, "a commit of the first")
    rest.cancel(second)
    run.job_id = first
    run.recovered()
    writers = [name for names in repeats(run).values() for name in names]
    run.hit("commits that show two writers", len(writers))
    done = program("jobs.price_usage", "--settings", str(run.world.file))
    if done.returncode == 2 and "expected each commit once" in done.stderr:
        run.hit("runs of pricing refused")


SAVEPOINTS = (
    Fault("rescale", "Stopped with a savepoint and restored, with 2 readers and with 1", rescale),
    Fault(
        "older-savepoint",
        "Restored from a savepoint that the tables are ahead of: refused",
        older_savepoint,
    ),
    Fault("rewind", "The tables rolled back to an older savepoint, and restored from it", rewind),
    Fault(
        "two-jobs",
        "The job submitted a second time over the same tables: refused; forced to, its commits are"
        " detected and pricing refuses",
        two_jobs,
    ),
    Fault(
        "maintenance",
        "Tables are compacted, snapshots expired and orphans removed, again and again under load",
        maintain,
    ),
)

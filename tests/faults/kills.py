"""Processes that die at once (SIGKILL), at a chosen moment of a checkpoint."""

from iceberg.catalog import open_catalog
from iceberg.tables import RAW_EVENTS
from tests.faults.checkpointing import PHASES, await_phase, is_complete
from tests.faults.faults import Fault
from tests.faults.running import Run


def committed(run: Run) -> int:
    """Return the last checkpoint that the archive's snapshots tell of."""
    settings = run.world.settings.catalog
    table = open_catalog(settings).load_table((settings.namespace, RAW_EVENTS.name))
    snapshot = table.current_snapshot()
    if snapshot is None or snapshot.summary is None:
        return 0
    return int(snapshot.summary.get("flink.max-committed-checkpoint-id") or 0)


def _note_moment(run: Run, phase: str, number: int, job_id: str) -> None:
    """Count that the kill met its moment, as far as what is left shows it."""
    complete = is_complete(run.checkpoint_dir, job_id, number)
    if phase == "after" and complete:
        run.hit("after a checkpoint")
        # The kill came between the checkpoint and its commit to the tables.
        if committed(run) < number:
            run.hit("checkpoint not yet in the tables")
    elif phase == "during" and not complete:
        run.hit("during a checkpoint")
    elif phase == "before":
        run.hit("before a checkpoint")


def kill_task_manager(run: Run) -> None:
    """Kill the TaskManager and its Python workers at each moment; the job restarts by itself."""
    for phase in PHASES:
        job_id, restarts = run.job_id, run.restarts()
        number = await_phase(run, phase)
        run.cluster.kill_task_manager()
        _note_moment(run, phase, number, job_id)
        run.hit("TaskManagers killed")
        run.cluster.start_task_manager()
        run.await_restart(restarts)
        run.recovered()


def kill_job_manager(run: Run) -> None:
    """Kill the JobManager at each moment; a new one gets the job from its newest checkpoint."""
    for phase in PHASES:
        job_id = run.job_id
        number = await_phase(run, phase)
        run.cluster.kill_job_manager()
        _note_moment(run, phase, number, job_id)
        run.hit("JobManagers killed")
        run.start_job_manager()
        run.resubmit()
        run.recovered()


def kill_python_worker(run: Run) -> None:
    """Kill one of the Python workers at each moment; the job restarts by itself."""
    for phase in PHASES:
        job_id, restarts = run.job_id, run.restarts()
        worker = run.chance.choice(run.python_workers())
        number = await_phase(run, phase)
        worker.kill()
        _note_moment(run, phase, number, job_id)
        run.hit("Python workers killed")
        run.await_restart(restarts)
        run.recovered()


KILLS = (
    Fault(
        "kill-task-manager",
        "SIGKILL of the TaskManager with its Python workers before, during and right after a"
        " checkpoint",
        kill_task_manager,
    ),
    Fault(
        "kill-job-manager",
        "SIGKILL of the JobManager before, during and right after a checkpoint; the job is"
        " submitted again from its newest one",
        kill_job_manager,
    ),
    Fault(
        "kill-python-worker",
        "SIGKILL of a Python worker before, during and right after a checkpoint",
        kill_python_worker,
    ),
)

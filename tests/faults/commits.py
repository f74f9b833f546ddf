"""Commits to the catalog whose answer is lost, and such that land after they were given up.

Between Flink and the tables is a catalog over the network (`rest_catalog`), which does both at the
moment that harms most.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from iceberg.catalog import open_catalog
from tests.faults.checkpointing import await_phase
from tests.faults.faults import Fault
from tests.faults.kills import committed
from tests.faults.rest_catalog import RestCatalog
from tests.faults.running import Run

_ANSWERS = 3


@contextmanager
def over_the_network(run: Run) -> Iterator[None]:
    """Let the job reach its tables by a REST catalog only."""
    catalog = RestCatalog(open_catalog(run.world.settings.catalog))
    run.use_catalog(type="rest", uri=catalog.uri)
    run.rest_catalog = catalog
    try:
        yield
    finally:
        catalog.close()


def lose_answers(run: Run) -> None:
    """Commits land, and their answers do not come."""
    catalog = run.rest_catalog
    restarts = run.restarts()
    catalog.lose_answers(_ANSWERS)
    run.wait(lambda: catalog.lost >= _ANSWERS, "commits without an answer")
    run.hit("commits that landed without an answer", catalog.lost)
    run.recovered()
    if run.restarts() > restarts:
        run.hit("restarts of the job", run.restarts() - restarts)


def land_late(run: Run) -> None:
    """A commit is held back, the TaskManager dies; it lands just before its repetition does."""
    catalog = run.rest_catalog
    catalog.hold_back(1)
    run.wait(lambda: catalog.held >= 1, "a commit that is held back")
    restarts = run.restarts()
    run.cluster.kill_task_manager()
    run.cluster.start_task_manager()
    run.await_restart(restarts)
    run.recovered()
    run.hit("commits held back", catalog.held)
    run.hit("commits that landed after the restart", catalog.landed_late)


def kill_before_commit(run: Run) -> None:
    """The TaskManager dies when a checkpoint is complete, and its commit is not in the tables."""
    for _ in range(3):
        restarts = run.restarts()
        number = await_phase(run, "after")
        run.cluster.kill_task_manager()
        run.hit("checkpoints complete, not yet in the tables", committed(run) < number)
        run.cluster.start_task_manager()
        run.await_restart(restarts)
        run.recovered()


def await_commit(run: Run, before: int) -> None:
    """Return the moment a commit has landed in the archive after that of a checkpoint."""
    run.wait_closely(lambda: committed(run) > before, "a commit")


def kill_after_commit(run: Run) -> None:
    """The TaskManager dies the moment a commit has landed, before it can hear of it."""
    for _ in range(3):
        restarts, before = run.restarts(), committed(run)
        await_commit(run, before)
        run.cluster.kill_task_manager()
        run.hit("TaskManagers killed after a commit had landed")
        run.cluster.start_task_manager()
        run.await_restart(restarts)
        run.recovered()


COMMITS = (
    Fault(
        "lost-answer",
        "Commits land in the catalog, and the connection ends without an answer",
        lose_answers,
        around=over_the_network,
    ),
    Fault(
        "late-commit",
        "A commit is held back on its way, the TaskManager dies, and the commit lands just before"
        " its repetition",
        land_late,
        around=over_the_network,
    ),
    Fault(
        "kill-before-commit",
        "SIGKILL of the TaskManager between a checkpoint and its commit",
        kill_before_commit,
    ),
    Fault(
        "kill-after-commit",
        "SIGKILL of the TaskManager the moment a commit has landed",
        kill_after_commit,
    ),
)

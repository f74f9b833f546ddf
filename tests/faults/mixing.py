"""Several faults in one run: one after another, or such as the seed lays over each other."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from jobs.local.flink_rest import FlinkError
from tests.faults.faults import Fault
from tests.faults.running import Run, send_signal

_STRIKES = 4
_FEW = 300


def one_after_another(faults: tuple[Fault, ...]) -> Fault:
    """Return a fault that is several, in one run with one verdict; it has the last one's broker."""

    def strike(run: Run) -> None:
        for fault in faults:
            before, run.hits = run.hits, {}
            try:
                fault.strike(run)
            except (TimeoutError, AssertionError, OSError, FlinkError) as error:
                # The others are tried all the same; the run fails by this line.
                run.broken.append(f"{fault.name}: {error!r}"[:2000])
            named = {f"{fault.name}: {name}": count for name, count in run.hits.items()}
            run.hits = {**before, **named}
            print(f"  {fault.name} struck: {named}", flush=True)

    @contextmanager
    def around(run: Run) -> Iterator[None]:
        with ExitStack() as stack:
            for each in dict.fromkeys(fault.around for fault in faults):
                stack.enter_context(each(run))
            yield

    name = "+".join(each.name for each in faults)
    return Fault(name, "One after another", strike, around, faults[-1].broker)


def _kill_worker(run: Run) -> None:
    run.chance.choice(run.python_workers()).kill()
    run.hit("Python workers killed")


def _kill_task_manager(run: Run) -> None:
    run.cluster.kill_task_manager()
    run.cluster.start_task_manager()
    run.hit("TaskManagers killed")


def _kill_kafka(run: Run) -> None:
    run.broker.kill()
    run.hit("brokers killed")
    time.sleep(run.chance.uniform(1, 5))
    run.broker.start()


def _stop_job_manager(run: Run) -> None:
    manager = run.cluster.job_manager
    assert manager is not None
    send_signal(manager, signal.SIGSTOP)
    time.sleep(run.chance.uniform(5, 12))
    send_signal(manager, signal.SIGCONT)
    run.hit("JobManagers stopped for a while")


def _poison(run: Run) -> None:
    run.producer.change(poison_share=run.chance.choice((0.01, 1.0)))
    run.hit("changes of the share of poison")


def _storm(run: Run) -> None:
    run.hit("records sent again", run.producer.repeat(0.05, 20))


def _small_storm(run: Run) -> None:
    """Send the last events again, as many however long the load has gone on."""
    run.hit("records sent again", run.producer.repeat(_FEW / max(_FEW, len(run.producer.sent)), 20))


def _late(run: Run) -> None:
    run.producer.change(late_share=run.chance.choice((0.03, 0.5)))
    run.hit("changes of the share of late usage")


_HARMS = (_kill_worker, _kill_task_manager, _kill_kafka, _stop_job_manager, _poison, _storm, _late)


def overlap(run: Run) -> None:
    """Do harm upon harm, without waiting until the job has caught up with the last."""
    for _ in range(_STRIKES):
        for harm in run.chance.sample(_HARMS, 3):
            # A job that restarts has no workers for a while.
            if harm is _kill_worker and not run.python_workers():
                continue
            harm(run)
        run.pause(run.chance.uniform(1, run.seconds / 2))
    run.producer.change(poison_share=0.01, late_share=0.03)
    run.recovered()


MIXES = (
    Fault("overlaps", "What the seed chooses of kills, stops, storms and floods at once", overlap),
)
STEADY_HARMS = (_poison, _small_storm)
"""What kills nothing, and leaves the job with no more to keep than before."""
KILLS_IN_LOAD = (_kill_worker, _kill_task_manager)
"""Kills that need no time of their own."""

"""Loads that are odd by themselves: poison, a hot account, repeats, late usage."""

from tests.faults.faults import Fault
from tests.faults.running import Run

_STORM_COPIES = 49
_LATE_COPIES = 100


def poison(run: Run) -> None:
    """As many refused records of every kind as events."""
    before = run.refused()
    run.producer.change(poison_share=1.0)
    run.pause(run.seconds)
    run.producer.change(poison_share=0.01)
    run.hit("refused records", run.refused() - before)
    run.hit("kinds of refusal", len({each.refusal for each in run.producer.sent} - {None}))
    run.recovered()


def hot_key(run: Run) -> None:
    """Nine of ten events are one account's."""
    before = len(run.producer.sent)
    run.producer.change(hot_share=0.9, events_per_tick=3 * run.producer.shape.events_per_tick)
    run.pause(run.seconds)
    run.producer.change(hot_share=0.0, events_per_tick=run.producer.shape.events_per_tick // 3)
    sent = run.producer.sent[before:]
    run.hit("events of the hot account", sum(each.event.subject == "a00" for each in sent))
    run.recovered()


def duplicate_storm(run: Run) -> None:
    """Each event of the last while comes fifty times, across a kill of the TaskManager."""
    run.hit("repeats before the kill", run.producer.repeat(0.1, _STORM_COPIES // 2))
    restarts = run.restarts()
    run.pause(2)
    run.cluster.kill_task_manager()
    run.cluster.start_task_manager()
    run.hit("repeats after the kill", run.producer.repeat(0.1, _STORM_COPIES - _STORM_COPIES // 2))
    run.await_restart(restarts)
    run.recovered()


def storm_across_restore(run: Run) -> None:
    """Events come again on a new JobManager, which has the job from its newest checkpoint."""
    run.hit("repeats before the kill", run.producer.repeat(0.3, 2))
    run.pause(2)
    run.cluster.kill_job_manager()
    run.hit("repeats after the kill", run.producer.repeat(0.3, 3))
    run.start_job_manager()
    run.resubmit()
    run.recovered()


def late_flood(run: Run) -> None:
    """Late events a hundredfold, hours after their periods have closed."""
    before = len(run.producer.sent)
    run.producer.change(late_share=0.05, late_copies=_LATE_COPIES)
    run.pause(run.seconds / 2)
    run.producer.change(late_share=0.03, late_copies=1)
    run.hit("events in the flood", len(run.producer.sent) - before)
    run.recovered()
    run.hit("corrections", len(run.rows("usage_corrections")))


FLOODS = (
    Fault("poison", "Refused records of every kind, as many as events", poison),
    Fault("hot-key", "90 % of three times the load in one account", hot_key),
    Fault(
        "duplicate-storm",
        "A tenth of all events comes fifty times, across a kill of the TaskManager",
        duplicate_storm,
    ),
    Fault(
        "storm-across-restore",
        "A third of all events comes six times, across a kill of the JobManager",
        storm_across_restore,
    ),
    Fault("late-flood", "Late events come a hundredfold after their periods closed", late_flood),
)

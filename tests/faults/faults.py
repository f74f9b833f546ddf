"""All faults by their names."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from jobs.local.broker import Broker
from tests.faults.running import Run

Strike = Callable[[Run], None]


@contextmanager
def _nothing(_: Run) -> Iterator[None]:
    yield


@contextmanager
def _shared(_: Path, broker: Broker) -> Iterator[Broker]:
    yield broker


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to harm a run.

    Attributes:
        name: Names it on the command line and in the record.
        text: What it does, for a reader.
        strike: Does it to a run under load, counts its hits, and returns when it has ended and the
            job has caught up.
        around: What must be there before the job starts, and stays until it has been judged.
        broker: Gives the run's Kafka: from the run's folder, and the one that all runs share.
    """

    name: str
    text: str
    strike: Strike
    around: Callable[[Run], AbstractContextManager[None]] = _nothing
    broker: Callable[[Path, Broker], AbstractContextManager[Broker]] = _shared

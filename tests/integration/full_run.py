"""One run over all flights of the integration tests, without interruption."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.flights.receiving import Receipt, count_kinds
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.flink_rest import FlinkRest
from tests.integration.flights import at_ms
from tests.integration.world import Topics, World, make_world, run_until
from tests.oracle.comparing import Rows

# By then the last correction horizon of the flights' periods is over.
UNTIL = "2013-07-01T00:00:00"


@dataclass(frozen=True, slots=True)
class Flights:
    """What was published, and where."""

    topics: Topics
    receipts: tuple[Receipt, ...]

    @property
    def kinds(self) -> dict[str, int]:
        """The number of records by kind."""
        return count_kinds(self.receipts)


@dataclass(frozen=True, slots=True)
class FullRun:
    """A run that has metered all flights, and its tables. The job runs on until `end`."""

    world: World
    tables: Mapping[str, Rows]
    rest: FlinkRest
    job_id: str

    def end(self) -> None:
        """Cancel the job, unless it was."""
        if self.rest.job_state(self.job_id) == "RUNNING":
            self.rest.cancel(self.job_id)


def meter_in_full(cluster: FlinkCluster, flights: Flights, folder: Path, **flink: Any) -> FullRun:
    """Meter all flights into tables of their own; `flink` are settings of that section."""
    world = make_world(folder, flights.topics, **flink)
    job_id = run_until(cluster, world, at_ms(UNTIL))
    return FullRun(world, world.tables(), cluster.rest, job_id)

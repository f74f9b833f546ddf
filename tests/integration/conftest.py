"""What the integration tests share: the flights on their topics, one cluster, and one full run."""

from collections.abc import Iterator

import pytest

from jobs.flights.departures import Departure
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.ports import free_ports
from tests.conftest import Kafka
from tests.integration.flights import (
    INJECTIONS,
    beats,
    choose,
    read_flights_of,
    receipts_of,
    write_config,
)
from tests.integration.full_run import UNTIL, Flights, FullRun, meter_in_full
from tests.integration.scraping import reporter_options
from tests.integration.world import make_topics


@pytest.fixture(scope="session")
def departures() -> list[Departure]:
    """The departures of February and March."""
    return read_flights_of(2, 3)


@pytest.fixture(scope="session")
def flights(
    kafka: Kafka, departures: list[Departure], tmp_path_factory: pytest.TempPathFactory
) -> Flights:
    """Half the flights of five weeks, with repeats, late and malformed records; only read."""
    config = write_config(tmp_path_factory.mktemp("config"))
    topics = make_topics(kafka.bootstrap_servers, "flights", config)
    chosen = choose(departures, "2013-02-05T00:00:00", "2013-03-16T00:00:00", 2)
    receipts = receipts_of(chosen, INJECTIONS) + beats(UNTIL)
    topics.publish(receipts)
    return Flights(topics, tuple(receipts))


@pytest.fixture(scope="session")
def metrics_ports() -> tuple[int, ...]:
    """Ports at which the processes of `cluster` tell their metrics."""
    return free_ports(2)


@pytest.fixture(scope="session")
def cluster(
    metrics_ports: tuple[int, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlinkCluster]:
    """A cluster for tests that leave it whole."""
    options = reporter_options(metrics_ports)
    with FlinkCluster(tmp_path_factory.mktemp("flink"), slots=8, options=options) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def full_run(
    flights: Flights, cluster: FlinkCluster, tmp_path_factory: pytest.TempPathFactory
) -> FullRun:
    """All flights, metered at parallelism 2 without interruption."""
    return meter_in_full(cluster, flights, tmp_path_factory.mktemp("full"), parallelism=2)

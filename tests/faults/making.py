"""Makes what a run needs: a broker, a cluster, and topics and tables of the run's own."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jobs.local.broker import Broker
from jobs.local.flink_cluster import FlinkCluster
from tests.faults.load import write_load_config
from tests.faults.producing import LoadProducer
from tests.faults.running import Run
from tests.integration.world import make_topics, make_world

_SLOTS = 4
_OPTIONS = {
    # What is asked about checkpoints must not be an old answer.
    "rest.cache.checkpoint-statistics.timeout": "50 ms",
    "web.refresh-interval": "200",
    # A TaskManager waits so long for a killed JobManager, and until then runs its tasks on.
    "heartbeat.timeout": "15000",
}


@contextmanager
def open_machines(
    folder: Path, options: Mapping[str, str] | None = None
) -> Iterator[tuple[Broker, FlinkCluster]]:
    """Start a broker and a cluster of a folder's own; end them with the context.

    Args:
        folder: For everything they write.
        options: More of Flink's.
    """
    broker = Broker(folder / "kafka")
    cluster = FlinkCluster(folder / "flink", slots=_SLOTS, options={**_OPTIONS, **(options or {})})
    try:
        broker.start()
        cluster.start()
        yield broker, cluster
    finally:
        cluster.stop()
        broker.kill()


def make_run(folder: Path, broker: Broker, cluster: FlinkCluster, seed: int, **flink: Any) -> Run:
    """Create topics and tables of their own for a run.

    Args:
        folder: For everything it writes; its name is that of the topics.
        broker: Its Kafka.
        cluster: Its Flink.
        seed: Decides the load.
        flink: Settings of the section of that name.
    """
    config = write_load_config(folder / "config")
    topics = make_topics(broker.bootstrap_servers, folder.name, config)
    world = make_world(folder, topics, **flink)
    producer = LoadProducer(broker.bootstrap_servers, topics.kafka.usage_topic, seed)
    chance = random.Random(seed)  # noqa: S311  decides a test
    return Run(folder, broker, cluster, world, producer, chance)

"""Kafka dies, and what is odd about its partitions."""

import time

from jobs.kafka_clients import open_admin
from tests.faults.faults import Fault
from tests.faults.load import LATER_PARTITIONS, PARTITIONS
from tests.faults.running import Run

_KILLS = 2


def kill_kafka(run: Run) -> None:
    """Kill the broker and start it again, while the producer sends what is not acknowledged."""
    for _ in range(_KILLS):
        failures = run.failures()
        run.broker.kill()
        run.hit("brokers killed")
        # Longer than the producer's patience: records are given up and sent again.
        time.sleep(run.chance.uniform(4, 8))
        run.broker.start()
        run.recovered()
        run.hit("records not acknowledged", run.failures() - failures)


def quiet_partitions(run: Run) -> None:
    """One partition has no usage, only heartbeats: time goes on all the same."""
    run.producer.change(quiet=(1,))
    before_ms = run.metered_ms()
    run.pause(run.seconds)
    run.catch_up()
    run.hit("minutes of log time without usage", (run.metered_ms() - before_ms) // 60_000)
    run.producer.change(quiet=())
    run.recovered()


def silent_partition(run: Run) -> None:
    """One partition has nothing at all: it holds time, and nothing closes until it is back."""
    run.producer.change(silent=(2,))
    run.pause(3)
    held_ms = run.metered_ms()
    begun_ms = run.producer.log_ms
    run.pause(run.seconds)
    gone_on_ms = run.metered_ms() - held_ms
    # What was under way when it fell silent may come, but nothing of after that.
    if run.metered_ms() <= begun_ms:
        run.hit("minutes that time was held", (run.producer.log_ms - begun_ms) // 60_000)
    assert gone_on_ms >= 0
    run.producer.change(silent=())
    run.recovered()


def new_partitions(run: Run) -> None:
    """Partitions are added; usage goes there when the archive has a heartbeat of each."""
    kafka = run.world.topics.kafka
    with open_admin(kafka) as admin:
        admin.create_partitions({kafka.usage_topic: LATER_PARTITIONS})
    run.producer.partitions = LATER_PARTITIONS

    def read() -> bool:
        partitions = {row["kafka_partition"] for row in run.rows("raw_events")}
        return set(range(LATER_PARTITIONS)) <= partitions

    run.wait(read, "heartbeats of the new partitions in raw_events")
    run.producer.change(is_wide=True)
    run.pause(run.seconds)
    ends = run.ends()
    run.hit("records in new partitions", sum(ends[PARTITIONS:]))
    run.recovered()


KAFKA_FAULTS = (
    Fault("kill-kafka", "SIGKILL of the broker under load, and its restart, twice", kill_kafka),
    Fault("quiet-partition", "A partition without usage, with heartbeats", quiet_partitions),
    Fault("silent-partition", "A partition without anything, which holds time", silent_partition),
    Fault("new-partitions", "Two partitions are added under load", new_partitions),
)

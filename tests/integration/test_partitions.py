"""One log, and all that can be odd about its partitions and clocks, on two brokers.

First some partitions are out of reach, then a producer comes back with what it has kept, then
clocks step back: within the slack, and by more. The log is an import, so that the test says what
the brokers' clocks do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from iceberg.checking import RepeatedCommit
from jobs.flights.receiving import Receipt
from jobs.kafka_clients import open_admin
from jobs.local.broker import Broker
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.metering_run import metered_until_ms, wait_metered
from jobs.local.waiting import wait_until
from jobs.reporting.report import Report
from jobs.show_usage import read_report
from tests.integration.flights import at_ms, beats
from tests.integration.odd_log import account_of, differences, monthly, send, use, write_odd_config
from tests.integration.world import (
    PARTITIONS,
    SLACK_MS,
    TIMEOUT_S,
    Topics,
    World,
    make_topics,
    make_world,
    run_until,
)
from tests.oracle.comparing import Rows

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(1500)]

GRACE_HOURS = 24
START, LOST, BACK = "2013-02-20T00:00:00", "2013-02-20T00:00:01", "2013-03-05T00:00:00"
# February and its grace.
CUT = "2013-03-02T00:00:00"
REUNION, STEP = "2013-04-10T00:00:00", "2013-05-01T00:00:15"
END, AFTER = "2013-07-01T00:00:15", "2013-09-01T00:00:00"
FAR_FUTURE = "2099-01-01T00:00:00"


@dataclass(frozen=True, slots=True)
class Oddities:
    """The tables as the log went on.

    Attributes:
        world: Where they are.
        far: Partitions of the broker that was lost.
        lost: While it was, with the watermark of the keyed stage.
        lost_until_ms: The watermark then.
        back: When its records had come.
        end: When every period was over, and no clock had stepped back by more than the slack.
        dropped_at_end: How many rows were late for their windows by then.
        report_at_end: What the report said then.
        after: When one had, and again every period was over.
        dropped_after: How many were late then.
        report_after: What the report said then.
    """

    world: World
    far: tuple[int, ...]
    lost: dict[str, Rows]
    lost_until_ms: int | None
    back: dict[str, Rows]
    end: dict[str, Rows]
    dropped_at_end: int
    report_at_end: Report
    after: dict[str, Rows]
    dropped_after: int
    report_after: Report


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Broker, Broker]]:
    """Two brokers of one cluster, each with half of the partitions."""
    with (
        Broker(tmp_path_factory.mktemp("first")) as first,
        Broker(tmp_path_factory.mktemp("second"), joins=first) as second,
    ):
        yield first, second


def partitions_of(topics: Topics, broker_id: int) -> tuple[int, ...]:
    """Return the partitions of the usage topic that a broker has."""
    with open_admin(topics.kafka) as admin:

        def leaders() -> dict[int, int]:
            (described,) = admin.describe_topics([topics.kafka.usage_topic])
            found = described["partitions"]
            known = {each["partition_index"]: each["leader_id"] for each in found}
            return known if min(known.values()) > 0 else {}

        of_partition = wait_until(leaders, "leaders of all partitions", TIMEOUT_S)
    return tuple(sorted(number for number, leader in of_partition.items() if leader == broker_id))


def steady(partition: int, first: str, last: str, count: int, number: int) -> list[Receipt]:
    """Return usage received as it happens, evenly from one time to another."""
    begin_ms, end_ms = at_ms(first), at_ms(last)
    times = [begin_ms + n * (end_ms - begin_ms) // count for n in range(count)]
    return [use(partition, number + n, time, time) for n, time in enumerate(times)]


def burst(partition: int, number: int) -> list[Receipt]:
    """Return what a producer that was cut off for months has kept, all received at once."""
    times = ("2013-01-15T10:00:00", "2013-02-15T10:00:00", "2013-03-15T10:00:00", REUNION)
    return [
        use(partition, number + 10 * n + k, at_ms(time), at_ms(REUNION))
        for n, time in enumerate(times)
        for k in range(5)
    ]


def stepped(back_to_ms: int) -> list[Receipt]:
    """Return usage of partition 0 after a step of its broker's clock."""
    return [use(0, 900 + back_to_ms % 100, back_to_ms, back_to_ms)]


@dataclass(frozen=True, slots=True)
class Run:
    """The job, and what it reads and writes."""

    cluster: FlinkCluster
    world: World
    job_id: str

    def metered(self, time: str) -> dict[str, Rows]:
        """Beat in every partition, wait until all up to then is metered; return the tables."""
        send(self.world.topics, beats(time))
        wait_metered(self.cluster.rest, self.job_id, at_ms(time) - SLACK_MS, TIMEOUT_S)
        return self.world.tables()

    def archived(self, records: int) -> dict[str, Rows]:
        """Wait until so many records were read, and time had every chance to go on."""
        wait_until(lambda: self.world.counts()["raw_events"] == records, "raw events", TIMEOUT_S)
        self.cluster.rest.wait_checkpoints(self.job_id, 2, TIMEOUT_S)
        return self.world.tables()

    def dropped(self) -> int:
        """Return how many rows were late for their windows."""
        return self.cluster.rest.counter(self.job_id, ".numLateRecordsDropped")

    def report(self) -> Report:
        """Return what `show_usage` says."""
        return read_report(self.world.settings, None, None)


@pytest.fixture(scope="module")
def odd(
    brokers: tuple[Broker, Broker],
    cluster: FlinkCluster,
    tmp_path_factory: pytest.TempPathFactory,
) -> Oddities:
    """Let everything happen, one after the other."""
    folder = tmp_path_factory.mktemp("odd")
    since_ms = at_ms("2013-01-01T00:00:00")
    calendar = monthly(since_ms)
    config = write_odd_config(folder / "config", PARTITIONS, since_ms, calendar, GRACE_HOURS)
    first, second = brokers
    topics = make_topics(first.bootstrap_servers, "odd", config)
    far = partitions_of(topics, 2)
    near = [each for each in range(PARTITIONS) if each not in far]
    world = make_world(folder, topics)

    before = [
        each
        for partition in range(PARTITIONS)
        for each in steady(partition, "2013-02-01T00:00:00", START, 50, 0)
    ]
    send(topics, before + beats(START))
    run = Run(cluster, world, run_until(cluster, world, at_ms(START)))

    second.kill()
    others = [each for partition in near for each in steady(partition, LOST, BACK, 50, 100)]
    future = use(near[0], 99, at_ms(FAR_FUTURE), at_ms(BACK))
    send(topics, [*others, future])
    lost = run.archived(len(before) + len(beats(START)) + len(others) + 1)
    lost_until_ms = metered_until_ms(cluster.rest, run.job_id)

    second.start()
    send(topics, [each for number in far for each in steady(number, LOST, BACK, 50, 100)])
    back = run.metered(BACK)

    send(topics, [each for partition in range(PARTITIONS) for each in burst(partition, 200)])
    run.metered(REUNION)
    run.metered(STEP)
    send(topics, stepped(at_ms(STEP) - SLACK_MS))
    end = run.metered(END)
    dropped_at_end, report_at_end = run.dropped(), run.report()

    send(topics, stepped(at_ms(END) - SLACK_MS - 1))
    after = run.metered(AFTER)
    found = Oddities(
        world,
        far,
        lost,
        lost_until_ms,
        back,
        end,
        dropped_at_end,
        report_at_end,
        after,
        run.dropped(),
        run.report(),
    )
    cluster.rest.cancel(run.job_id)
    return found


def events_of(tables: Mapping[str, Rows], name: str, period: str, partition: int) -> int:
    """Return how many uses of a partition's account the rows of a month tell of."""
    column = "event_count_delta" if name == "usage_corrections" else "event_count"
    return sum(
        row[column]
        for row in tables[name]
        if row["account_id"] == account_of(partition)
        and row["meter_id"] == "uses"
        and f"{row['period_start']:%Y-%m}" == period
    )


def test_a_partition_out_of_reach_holds_time(odd: Oddities) -> None:
    """Nothing closes, although all others are past the cut, and no idleness lets time pass."""
    assert 0 < len(odd.far) < PARTITIONS
    assert odd.lost_until_ms == at_ms(START) - SLACK_MS
    assert odd.lost["closed_usage"] == []


def test_its_records_are_in_the_closed_row(odd: Oddities) -> None:
    """When it is back, what it had received by the cut is in revision 0, as in the others."""
    assert differences(odd.world, odd.back, PARTITIONS) == {}
    counts = {
        number: events_of(odd.back, "closed_usage", "2013-02", number)
        for number in range(PARTITIONS)
    }
    assert len(set(counts.values())) == 1
    assert counts[0] > 50


def test_an_event_of_the_far_future_closes_nothing(odd: Oddities) -> None:
    """It is rejected, and moves no clock."""
    rejected = [row["reason"] for row in odd.lost["rejected_events"]]
    assert rejected == ["too_far_future"]
    assert odd.lost["closed_usage"] == []


def test_old_events_in_one_burst(odd: Oddities) -> None:
    """Of an open period they count, of a closed one they correct, of older ones they expire."""
    for partition in range(PARTITIONS):
        found = {
            name: [
                events_of(odd.end, name, period, partition)
                for period in ("2013-01", "2013-02", "2013-03", "2013-04")
            ]
            for name in ("usage_corrections", "expired_usage")
        }
        assert found == {"usage_corrections": [0, 0, 5, 0], "expired_usage": [5, 5, 0, 0]}
        assert events_of(odd.end, "closed_usage", "2013-04", partition) == 5


def test_a_clock_that_steps_back_within_the_slack_loses_nothing(odd: Oddities) -> None:
    """Every row up to then is the oracle's, no record was late, and every event has its end."""
    assert odd.dropped_at_end == 0
    assert differences(odd.world, odd.end, PARTITIONS) == {}
    assert events_of(odd.end, "closed_usage", "2013-05", 0) == 1
    assert odd.report_at_end.problems == ()
    assert [each.open for each in odd.report_at_end.fates.meters] == [0, 0]


def test_a_clock_that_steps_back_further_shows(odd: Oddities) -> None:
    """The record that is lost is counted by Flink, archived, and open for ever in the report."""
    assert odd.dropped_after > 0
    assert [each.open for each in odd.report_after.fates.meters] == [1, 1]
    missing = differences(odd.world, odd.after, PARTITIONS)
    assert set(missing) == {"closed_usage", "metering_windows"}
    assert all(line.startswith("missing ") for lines in missing.values() for line in lines)
    assert len(odd.after["raw_events"]) == len(odd.end["raw_events"]) + 1 + PARTITIONS


def test_nothing_was_committed_twice(odd: Oddities) -> None:
    """Through all of it, each checkpoint was committed once."""
    repeated: list[RepeatedCommit] = [
        each for table in odd.report_after.tables for each in table.repeated
    ]
    assert repeated == []

"""State that lives for years: what may change between a savepoint and its restore, and what stops.

One log, metered by three runs of other parallelism, each restored from the savepoint of the one
before. The second has another grace, correction horizon and event window, the third a meter that
counts otherwise, under a new name; before it, two runs are refused what they were asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import yaml

from jobs.flights.receiving import Receipt
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.flink_rest import FlinkRest
from jobs.local.waiting import wait_until
from jobs.settings import load_settings
from tests.conftest import Kafka
from tests.integration.flights import at_ms, beats, read_meters_file, write_meters
from tests.integration.odd_log import METERS, monthly, published, send, use, write_odd_config
from tests.integration.pieces import expected_of
from tests.integration.world import (
    JOB,
    PARTITIONS,
    TIMEOUT_S,
    World,
    make_topics,
    make_world,
    run_until,
)
from tests.oracle.comparing import Rows, find_differences, records_of

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(1500)]

# Boundaries fall on minutes, not on hours.
ANCHOR, BEGIN = "2013-01-01T00:17:00", "2013-01-10T00:00:00"
FIRST_SAVED, SECOND_SAVED = "2013-02-10T00:00:00", "2013-03-15T00:00:00"
END, OVER = "2013-04-10T00:00:00", "2013-07-01T00:00:00"
CHANGED, RENAMED = "units", "peak"
LONGER = {"grace_hours": 48, "correction_horizon_days": 60}
OTHERWISE = {"aggregation": "max"}
ACCOUNTS_EACH = 3


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of the runs.

    Attributes:
        world: Where to.
        tables: At the end.
        parallelism: Of the keyed stage, by run.
        off_window: What the run with windows of an hour failed with.
        otherwise: What the run with a meter that counts otherwise failed with.
    """

    world: World
    tables: dict[str, Rows]
    parallelism: tuple[int, ...]
    off_window: str
    otherwise: str


def configured(world: World, section: str, **values: Any) -> World:
    """Let later submissions find other settings."""
    content = yaml.safe_load(world.file.read_text())
    content[section] |= values
    world.file.write_text(yaml.safe_dump(content))
    return replace(world, settings=load_settings(world.file, {}))


def usage_of(first: str, last: str, count: int, number: int) -> list[Receipt]:
    """Return usage of every account but the last of each partition, at odd seconds."""
    begin_ms, step_ms = at_ms(first), (at_ms(last) - at_ms(first)) // count
    return [
        use(partition, number + n, begin_ms + n * step_ms - 7_000, begin_ms + n * step_ms, each)
        for n in range(1, count)
        for partition in range(PARTITIONS)
        for each in range(ACCOUNTS_EACH - 1)
    ]


def of_all(time: str, received: str, number: int) -> list[Receipt]:
    """Return one use of every account, received at one time."""
    return [
        use(partition, number, at_ms(time), at_ms(received), each)
        for partition in range(PARTITIONS)
        for each in range(ACCOUNTS_EACH)
    ]


def second_part() -> list[Receipt]:
    """Return what the second run reads: usage as it happens, and what is late for its period.

    When February's usage of 12:00 comes, the grace of before is over, and the new one is not.
    January is forgotten by then, under the horizon of before.
    """
    late = of_all("2013-01-20T10:00:01", "2013-02-25T00:00:00", 300)
    later = of_all("2013-02-20T10:00:01", "2013-03-02T12:00:00", 301)
    steady = usage_of(FIRST_SAVED, SECOND_SAVED, 30, 400)
    return sorted([*late, *later, *steady], key=lambda each: each.log_time_ms)


def failure_of(
    cluster: FlinkCluster, world: World, savepoint: str, name: str, **submit: Any
) -> str:
    """Restore the job, wait until it fails with an error of this name; return the error's line.

    It completes no checkpoint, so the next run begins where this one did.
    """
    world = configured(world, "flink", checkpoint_interval_ms=3_600_000)
    job_id = cluster.submit(JOB, world.arguments, restore_from=savepoint, **submit)
    wait_until(lambda: name in cluster.rest.exceptions(job_id), name, TIMEOUT_S)
    (line, *_) = [
        line for line in cluster.rest.exceptions(job_id).splitlines() if f"{name}: " in line
    ]
    assert cluster.rest.completed_checkpoints(job_id) == 0
    cluster.rest.cancel(job_id)
    configured(world, "flink", checkpoint_interval_ms=2000)
    return line


def parallelism_of(rest: FlinkRest, job_id: str) -> int:
    """Return with how many subtasks the keyed stage runs."""
    (found,) = [
        each.parallelism for each in rest.vertices(job_id) if each.name.startswith("meter_periods")
    ]
    return found


def other_meters(world: World, name: str, meters: Sequence[dict[str, Any]]) -> World:
    """Let later submissions find other meters."""
    return world.with_meters(write_meters(world.file.parent / name, list(meters)))


@pytest.fixture(scope="module")
def changed(
    kafka: Kafka, cluster: FlinkCluster, tmp_path_factory: pytest.TempPathFactory
) -> Changed:
    """Run, stop, change, and restore."""
    folder = tmp_path_factory.mktemp("state")
    config = write_odd_config(
        folder / "config", PARTITIONS, at_ms(ANCHOR), monthly(at_ms(ANCHOR)), 24, ACCOUNTS_EACH
    )
    topics = make_topics(kafka.bootstrap_servers, "state", config)
    world = make_world(folder, topics, event_window_s=1, parallelism=1)
    rest = cluster.rest
    meters = read_meters_file(config / "meters.yaml")

    send(topics, usage_of(BEGIN, FIRST_SAVED, 30, 0) + beats(FIRST_SAVED))
    job_id = run_until(cluster, world, at_ms(FIRST_SAVED))
    # In the windows of SQL when the job stops; the last account of each partition has none else.
    send(topics, of_all("2013-02-09T10:20:33", "2013-02-10T00:00:01", 200))
    records = published(topics)
    wait_until(lambda: world.counts()["raw_events"] == records, "raw events", TIMEOUT_S)
    parallelism = [parallelism_of(rest, job_id)]
    savepoint = rest.stop_with_savepoint(job_id, folder, TIMEOUT_S)

    longer = [{**each, **(LONGER if each["meter"] == CHANGED else {})} for each in meters]
    world = other_meters(world, "longer.yaml", longer)
    world = configured(world, "metering", event_window_s=60)
    world = configured(world, "flink", parallelism=3)
    send(topics, second_part() + beats(SECOND_SAVED))
    job_id = run_until(cluster, world, at_ms(SECOND_SAVED), restore_from=savepoint)
    parallelism.append(parallelism_of(rest, job_id))
    savepoint = rest.stop_with_savepoint(job_id, folder, TIMEOUT_S)

    send(topics, usage_of(SECOND_SAVED, END, 20, 500) + beats(OVER))
    world = configured(world, "flink", parallelism=2)
    world = configured(world, "metering", event_window_s=3600)
    off_window = failure_of(cluster, world, savepoint, "EventWindowError")
    world = configured(world, "metering", event_window_s=60)
    otherwise = [{**each, **(OTHERWISE if each["meter"] == CHANGED else {})} for each in longer]
    world = other_meters(world, "otherwise.yaml", otherwise)
    meter_changed = failure_of(cluster, world, savepoint, "MeterChangedError")

    renamed = [
        {**each, **({"meter": RENAMED} if each["meter"] == CHANGED else {})} for each in otherwise
    ]
    world = other_meters(world, "renamed.yaml", renamed)
    job_id = run_until(cluster, world, at_ms(OVER), restore_from=savepoint)
    parallelism.append(parallelism_of(rest, job_id))
    assert rest.counter(job_id, ".numLateRecordsDropped") == 0
    tables = world.tables()
    rest.cancel(job_id)
    return Changed(world, tables, tuple(parallelism), off_window, meter_changed)


def test_all_rows_are_those_of_the_oracle(changed: Changed) -> None:
    """At parallelism 1, 3 and 2, under each run's settings, through all changes and refusals."""
    assert changed.parallelism == (1, 3, 2)
    folder = changed.world.file.parent
    expected = expected_of(
        records_of(changed.tables["raw_events"]),
        changed.world.topics.config / "accounts.yaml",
        (changed.world.topics.config / "meters.yaml", folder / "longer.yaml"),
        folder / "renamed.yaml",
        (at_ms(FIRST_SAVED), at_ms(SECOND_SAVED)),
    )
    assert find_differences(changed.tables, expected) == {}
    assert changed.world.repeated_commits() == []


def rows_of(changed: Changed, name: str, meter_id: str, month: int) -> list[dict[str, Any]]:
    """Return the rows of a meter's month that its late usage is in, in a table."""
    return [
        row
        for row in changed.tables[name]
        if row["meter_id"] == meter_id and row["period_start"].month == month
    ]


def test_open_entries_keep_their_grace(changed: Changed) -> None:
    """Usage after the grace of before corrects what was open; what is new has the new grace."""
    closed = rows_of(changed, "closed_usage", CHANGED, 2)
    cuts = {(row["account_id"].endswith("-2"), row["cut"].day) for row in closed}
    assert cuts == {(False, 2), (True, 3)}
    corrected = rows_of(changed, "usage_corrections", CHANGED, 2)
    assert {row["account_id"].endswith("-2") for row in corrected} == {False}


def test_a_longer_horizon_brings_nothing_forgotten_back(changed: Changed) -> None:
    """Usage of January is expired by the horizon of before, although the new one is not over."""
    assert rows_of(changed, "usage_corrections", CHANGED, 1) == []
    expired = rows_of(changed, "expired_usage", CHANGED, 1)
    assert len(expired) == PARTITIONS * ACCOUNTS_EACH


def test_event_windows_that_accounts_do_not_fit_stop_the_job(changed: Changed) -> None:
    """The failure names the account and what to do."""
    assert "EventWindowError: account P" in changed.off_window
    assert "expected a multiple of the event window of 3600 s" in changed.off_window
    assert "set metering.event_window_s back" in changed.off_window


def test_a_meter_that_counts_otherwise_stops_the_job(changed: Changed) -> None:
    """The failure names the meter, what was and is, and what to do."""
    assert f"MeterChangedError: meter {CHANGED}: expected sum of GB" in changed.otherwise
    assert "found max of GB; give it a new meter_id or set it back" in changed.otherwise


def test_all_meters_have_rows(changed: Changed) -> None:
    """The one that counts otherwise under its new name, too."""
    found = {row["meter_id"] for row in changed.tables["closed_usage"]}
    assert found == {*(each["meter"] for each in METERS), RENAMED}

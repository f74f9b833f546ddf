"""Running usage is rolled up while the job runs, and between its stop and its restore."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from iceberg.catalog import open_catalog
from iceberg.reading import read_once
from iceberg.tables import METERING_WINDOWS
from jobs.flights.departures import Departure
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.metering_run import wait_metered
from jobs.roll_up_windows import roll_up
from tests.conftest import Kafka
from tests.integration.flights import (
    INJECTIONS,
    at_ms,
    beats,
    choose,
    receipts_of,
    write_config,
)
from tests.integration.full_run import UNTIL
from tests.integration.world import (
    JOB,
    SLACK_MS,
    TIMEOUT_S,
    World,
    make_topics,
    make_world,
    run_until,
)

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(1500)]

MIDDLE = "2013-02-20T00:00:00"
_DAY_MS = 86_400_000


def test_roll_ups_beside_the_job_change_no_sum(
    kafka: Kafka, cluster: FlinkCluster, departures: list[Departure], tmp_path: Path
) -> None:
    """A savepoint after a roll-up restores; days, levels and all other tables are the oracle's."""
    receipts = receipts_of(
        choose(departures, "2013-02-05T00:00:00", "2013-03-02T00:00:00", 20), INJECTIONS
    )
    topics = make_topics(kafka.bootstrap_servers, "rolling", write_config(tmp_path / "config"))
    world = make_world(tmp_path, topics)
    middle_ms = at_ms(MIDDLE)
    topics.publish([each for each in receipts if each.log_time_ms < middle_ms] + beats(MIDDLE))
    job_id = run_until(cluster, world, middle_ms)
    assert _roll_up(world, middle_ms) > 0
    # The job goes on committing every two seconds, and so does the roll-up.
    topics.publish([each for each in receipts if each.log_time_ms >= middle_ms])
    done = sum(_roll_up(world, middle_ms + days * _DAY_MS) for days in range(1, 6))
    assert done > 0
    savepoint = cluster.rest.stop_with_savepoint(job_id, tmp_path / "savepoints", TIMEOUT_S)
    _roll_up(world, middle_ms + 8 * _DAY_MS)
    job_id = cluster.submit(JOB, world.arguments, restore_from=savepoint)
    topics.publish(beats(UNTIL))
    wait_metered(cluster.rest, job_id, at_ms(UNTIL) - SLACK_MS, TIMEOUT_S)
    cluster.rest.cancel(job_id)
    _roll_up(world, middle_ms + 9 * _DAY_MS)
    _check(world)


def _roll_up(world: World, now_ms: int) -> int:
    """Roll up as the program does; return how many months were committed."""
    return len(list(roll_up(world.settings.catalog, now_ms * 1000, 1, 3)))


def _check(world: World) -> None:
    tables = world.tables()
    assert world.repeated_commits() == []
    assert {row["event_window_s"] for row in tables["metering_windows"]} == {60, 3600, 86_400}
    assert world.differences(tables).keys() == {"metering_windows"}
    existing = open_catalog(world.settings.catalog).load_table(("billing", "metering_windows"))
    found = read_once(existing, METERING_WINDOWS).to_pylist()
    assert len(found) == len(tables["metering_windows"])
    expected = [
        {name: getattr(row, name, None) for name in METERING_WINDOWS.names}
        for row in world.expected(tables).windows
    ]
    assert len(found) < len(expected)
    assert _days(found) == _days(expected)


def _days(rows: Iterable[dict[str, Any]]) -> dict[Any, Any]:
    """Return what each account, meter and dimensions come to by days of UTC and parts."""
    gathered = defaultdict(list)
    for row in rows:
        start: datetime = row["event_window_start"]
        part = None if row["aggregation"] == "latest" else row["part"]
        names = ("account_id", "meter_id", "dimensions", "aggregation", "unit")
        gathered[(*(row[name] for name in names), part, start.date())].append(row)
    return {key: _day(key[3], mine) for key, mine in gathered.items()}


def _day(aggregation: str, rows: list[dict[str, Any]]) -> tuple[Any, ...]:
    quantities: list[Decimal] = [row["quantity"] for row in rows]
    if aggregation == "latest":
        last = max(rows, key=lambda row: (row["last_event_time"], *_place(row["part"])))
        quantity: Any = (last["quantity"], last["part"])
    else:
        quantity = {"max": max, "min": min}.get(aggregation, sum)(quantities)
    return (
        quantity,
        sum(row["event_count"] for row in rows),
        min(row["first_event_time"] for row in rows),
        max(row["last_event_time"] for row in rows),
        min(row["first_log_time"] for row in rows),
        max(row["last_log_time"] for row in rows),
        max(row["log_window_end"] for row in rows),
    )


def _place(part: str) -> tuple[int, ...]:
    return tuple(map(int, part.split(":")))

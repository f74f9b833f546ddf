"""Meters come and go between a savepoint and its restore; what was deduped stays deduped."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from audit.budgets import read_budgets
from audit.counting import Clocks
from audit.shapes import OracleMeter, RawRecord, read_accounts, read_meters
from jobs.flights.departures import Departure
from jobs.flights.receiving import Injections, Receipt
from jobs.local.flink_cluster import FlinkCluster
from tests.conftest import Kafka
from tests.integration.flights import (
    at_ms,
    beats,
    choose,
    read_meters_file,
    receipts_of,
    write_config,
    write_meters,
)
from tests.integration.full_run import UNTIL
from tests.integration.retracting import SOLD
from tests.integration.world import (
    PARTITIONS,
    SLACK_MS,
    TIMEOUT_S,
    World,
    make_topics,
    make_world,
    run_until,
)
from tests.oracle.comparing import Rows, find_differences, records_of
from tests.oracle.recompute import Expected, final_watermark, recompute

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

ADDED_AT, REMOVED_AT = "2013-02-18T00:00:00", "2013-02-24T00:00:00"
ADDED = {
    "meter": "shortest-flight",
    "event_type": "flight.departed",
    "aggregation": "min",
    "property": "air_minutes",
    "unit": "minute",
    "dimensions": ["dest"],
}
REMOVED = "miles"


@dataclass(frozen=True, slots=True)
class Changed:
    """What three runs, each restored from the savepoint of the one before, have written.

    Attributes:
        world: Where to.
        tables: The tables at the end.
        repeats: Records of before the meter was added that came again afterwards.
    """

    world: World
    tables: dict[str, Rows]
    repeats: Sequence[Receipt]


def between(receipts: Sequence[Receipt], first: str, last: str) -> list[Receipt]:
    """Return the records received from one log time to another."""
    return [each for each in receipts if at_ms(first) <= each.log_time_ms < at_ms(last)]


@pytest.fixture(scope="module")
def changed(
    kafka: Kafka,
    cluster: FlinkCluster,
    departures: list[Departure],
    tmp_path_factory: pytest.TempPathFactory,
) -> Changed:
    """Run with the flights' meters, then with one added, then with one of the old ones removed."""
    folder = tmp_path_factory.mktemp("changed")
    config = write_config(folder / "config")
    topics = make_topics(kafka.bootstrap_servers, "changed", config)
    world = make_world(folder, topics)
    chosen = choose(departures, "2013-02-12T00:00:00", "2013-03-05T00:00:00", 40)
    receipts = receipts_of(chosen, Injections(late_rate=0.1))
    before = between(receipts, "2013-02-01T00:00:00", ADDED_AT)
    repeats = [replace(each, log_time_ms=at_ms(ADDED_AT), kind="repeat") for each in before]

    topics.publish(before + beats(ADDED_AT))
    job_id = run_until(cluster, world, at_ms(ADDED_AT))
    savepoint = cluster.rest.stop_with_savepoint(job_id, folder, TIMEOUT_S)

    more = [*read_meters_file(config / "meters.yaml"), ADDED]
    world = world.with_meters(write_meters(folder / "more.yaml", more))
    topics.publish(repeats + between(receipts, ADDED_AT, REMOVED_AT) + beats(REMOVED_AT))
    job_id = run_until(cluster, world, at_ms(REMOVED_AT), restore_from=savepoint)
    savepoint = cluster.rest.stop_with_savepoint(job_id, folder, TIMEOUT_S)

    fewer = [meter for meter in more if meter["meter"] != REMOVED]
    world = world.with_meters(write_meters(folder / "fewer.yaml", fewer))
    topics.publish(between(receipts, REMOVED_AT, UNTIL) + beats(UNTIL))
    job_id = run_until(cluster, world, at_ms(UNTIL), restore_from=savepoint)
    tables = world.tables()
    cluster.rest.cancel(job_id)
    return Changed(world, tables, repeats)


KINDS = (
    "closed",
    "corrections",
    "expired",
    "unassigned",
    "overflows",
    "alerts",
    "windows",
    "meter_rejects",
)


def oracle_meters(folder: Path) -> list[OracleMeter]:
    """Return all meters that were ever configured."""
    return read_meters(folder / "more.yaml")


def expected_of(changed: Changed, meters: Sequence[OracleMeter]) -> Expected:
    """Return what meters have counted, each in the time that it was configured."""
    records = records_of(changed.tables["raw_events"])
    clocks = Clocks(final_watermark(records, PARTITIONS, SLACK_MS))
    file = changed.world.topics.config / "accounts.yaml"
    accounts, budgets = read_accounts(file), read_budgets(file)
    repeated = {each.value for each in changed.repeats}

    def configured(meter: OracleMeter, record: RawRecord) -> bool:
        if meter.meter_id == REMOVED:
            return record.log_time_ms < at_ms(REMOVED_AT)
        # The oracle's own dedupe does not see what came before the meter.
        is_new = meter.meter_id == ADDED["meter"]
        return not is_new or record.value not in repeated

    total = Expected()
    for meter in meters:
        counted = [record for record in records if configured(meter, record)]
        one = recompute(counted, [meter], accounts, clocks, budgets=budgets)
        for name in KINDS:
            getattr(total, name).extend(getattr(one, name))
    total.fates = recompute(records, meters, accounts, clocks).fates
    return total


def test_every_meter_counts_what_came_while_it_was_configured(changed: Changed) -> None:
    """All rows are those of the oracle, asked for each meter with the records of its time."""
    meters = oracle_meters(changed.world.file.parent)
    expected = expected_of(changed, meters)
    fed = {meter.meter_id for meter in meters if meter.event_type != SOLD}
    assert {row.meter_id for row in expected.closed} == fed
    assert len(expected.corrections) > 10
    assert find_differences(changed.tables, expected) == {}


def test_repeats_from_before_the_savepoint_are_not_counted_again(changed: Changed) -> None:
    """Each departure of before the new meter counts once, although it came on both sides."""
    records = records_of(changed.tables["raw_events"])
    values = {each.value for each in changed.repeats}
    assert sum(record.value in values for record in records) == 2 * len(values) > 100
    counted = _event_count(changed.tables, "flights", "cancellations")
    heartbeats = 3 * PARTITIONS
    assert counted == len(records) - len(changed.repeats) - heartbeats


def test_the_periods_of_a_removed_meter_close(changed: Changed) -> None:
    """What a meter has counted up to its end is closed under the rules it was counted by."""
    closed = [row for row in changed.tables["closed_usage"] if row["meter_id"] == REMOVED]
    removed_at = datetime.fromisoformat(f"{REMOVED_AT}Z")
    assert any(row["cut"] > removed_at for row in closed)
    assert all(row["last_log_time"] < removed_at for row in closed)
    assert {row["unit"] for row in closed} == {"mile"}


def _event_count(tables: dict[str, Rows], *meters: str) -> int:
    counts: dict[str, Any] = {
        name: "event_count_delta" if name == "usage_corrections" else "event_count"
        for name in ("closed_usage", "usage_corrections", "expired_usage", "unassigned_usage")
    }
    return sum(
        row[column]
        for name, column in counts.items()
        for row in tables[name]
        if row["meter_id"] in meters
    )

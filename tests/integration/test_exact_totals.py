"""All flights through Kafka, a standalone Flink and Iceberg: nothing lost, nothing twice."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from jobs.flights.spoiling import REFUSED_RECORDS, REFUSED_UNITS
from jobs.local.waiting import wait_until
from schemas.metrics import FLINK_METRICS, JOB_METRICS
from schemas.rejected_event import METER_REASONS
from tests.integration.flights import at_ms
from tests.integration.full_run import UNTIL, Flights, FullRun
from tests.integration.scraping import scrape
from tests.integration.world import SLACK_MS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module", autouse=True)
def _end_of_the_run(full_run: FullRun) -> Iterator[None]:
    """Only here the job itself is asked, for its metrics."""
    yield
    full_run.end()


# Each event is counted by exactly one of these meters.
_COUNTING = ("flights", "cancellations")


def test_all_rows_are_those_of_the_recompute(full_run: FullRun) -> None:
    """Every column of every row of every table equals the oracle's, and there is one of each."""
    expected = full_run.world.expected(dict(full_run.tables))
    assert min(len(expected.closed), len(expected.corrections)) > 50
    assert min(len(expected.expired), len(expected.unassigned)) > 50
    assert len(expected.overflows) > 5
    assert {row.reason for row in expected.unassigned} == {"unknown_account", "no_terms"}
    assert full_run.world.differences(dict(full_run.tables)) == {}
    assert full_run.world.repeated_commits() == []


def test_running_totals_end_with_what_was_counted(full_run: FullRun) -> None:
    """The last value of each key of the compacted topic is the oracle's, digit for digit."""
    expected = full_run.world.expected(dict(full_run.tables))
    assert {row.aggregation for row in expected.totals} == {"count", "sum", "max", "min", "average"}
    assert full_run.world.totals() == expected.totals
    assert len(expected.totals) > 100


def test_alerts_stand_in_the_table_and_in_the_topic(full_run: FullRun) -> None:
    """Each once, some of them by late events; the topic has the rows of the table."""
    expected = full_run.world.expected(dict(full_run.tables)).alerts
    assert full_run.world.alerts() == expected
    assert len(expected) > 20
    rows = full_run.tables["budget_alerts"]
    assert len({row["row_id"] for row in rows}) == len(rows) == len(expected)


def test_fates_add_up_to_what_was_published(flights: Flights, full_run: FullRun) -> None:
    """Records published are the sum of counted, duplicate, rejected and heartbeats."""
    tables, kinds = full_run.tables, flights.kinds
    counted = sum(
        row["event_count_delta"] if name == "usage_corrections" else row["event_count"]
        for name in ("closed_usage", "usage_corrections", "expired_usage", "unassigned_usage")
        for row in tables[name]
        if row["meter_id"] in _COUNTING
    )
    rejected = sum(row["meter_id"] is None for row in tables["rejected_events"])
    repeats = kinds["repeat"] + kinds["conflict"] + kinds["repeat/respelled"]
    odd = sum(n for kind, n in kinds.items() if kind.startswith(("units/", "odd/")))
    assert counted == kinds["original"] + kinds["late"] + odd
    assert len(tables["raw_events"]) == len(flights.receipts)
    assert counted + repeats + rejected + kinds["heartbeat"] == len(flights.receipts)


def test_rejects_have_the_reasons_that_were_injected(flights: Flights, full_run: FullRun) -> None:
    """By reason as many records are refused as were spoiled that way; so are units of miles."""
    kinds, rejected = flights.kinds, full_run.tables["rejected_events"]
    whole: Counter[str] = Counter()
    for how in REFUSED_RECORDS:
        whole[str(how.reason)] += kinds[f"refused/{how.name}"]
    assert Counter(row["reason"] for row in rejected if row["meter_id"] is None) == whole
    units: Counter[str] = Counter()
    for how in REFUSED_UNITS:
        units[str(how.reason)] += kinds[f"units/{how.name}"]
    found = Counter(row["reason"] for row in rejected if row["meter_id"] == "miles")
    assert found == units
    assert set(units) == METER_REASONS


def test_the_archive_holds_every_byte(flights: Flights, full_run: FullRun) -> None:
    """Partition, time, key and bytes of each record are in raw_events, in Kafka's order."""
    found = sorted(full_run.tables["raw_events"], key=lambda row: row["kafka_offset"])
    for partition in range(4):
        rows = [row for row in found if row["kafka_partition"] == partition]
        assert [
            (round(row["log_time"].timestamp() * 1000), row["record_key"], row["payload"])
            for row in rows
        ] == [
            (each.log_time_ms, each.key and each.key.decode(), each.value)
            for each in flights.receipts
            if each.partition == partition
        ]


def test_metrics_tell_what_the_tables_hold(full_run: FullRun) -> None:
    """Counters of events and rows are those of the tables, and no record was late for a window."""
    tables, rest = full_run.tables, full_run.rest
    expected = {
        "counted_events": sum(row["event_count"] for row in tables["closed_usage"]),
        "late_events": sum(row["event_count_delta"] for row in tables["usage_corrections"]),
        "closed_rows": len(tables["closed_usage"]),
        "corrected_rows": len(tables["usage_corrections"]),
        "expired_rows": len(tables["expired_usage"]),
        "unassigned_rows": len(tables["unassigned_usage"]),
        ".numLateRecordsDropped": 0,
    }
    found: dict[str, int] = {}

    def told() -> bool:
        # Metrics are fetched now and then.
        found.update({name: rest.counter(full_run.job_id, name) for name in expected})
        return found == expected

    try:
        wait_until(told, "metrics", 60)
    except TimeoutError:
        assert found == expected
    assert rest.restarts(full_run.job_id) == 0
    assert any(
        name.endswith(".numLateRecordsDropped")
        for vertex in rest.vertices(full_run.job_id)
        for name in rest.metric_names(full_run.job_id, vertex.vertex_id)
    )


def test_prometheus_reads_what_the_catalogue_says(
    full_run: FullRun, metrics_ports: tuple[int, ...]
) -> None:
    """Each metric with its labels, and none of the job's own that the catalogue lacks."""
    scraped = scrape(metrics_ports)
    missing = [each for each in (*JOB_METRICS, *FLINK_METRICS) if each.name not in scraped]
    # What has counted nothing is not there: no account was refused.
    assert [each.name.rsplit("_", 2)[1:] for each in missing] == [["rejected", "accounts"]]
    for each in (*JOB_METRICS, *FLINK_METRICS):
        for labels, _ in scraped.get(each.name, ()):
            assert set(each.labels) <= set(labels), each.name
    own = re.compile(r"flink_taskmanager_job_task_operator_[a-z]+(_[a-z]+)+")
    assert {name for name in scraped if own.fullmatch(name)} <= {each.name for each in JOB_METRICS}
    closed = scraped["flink_taskmanager_job_task_operator_closed_rows"]
    assert sum(value for _, value in closed) == len(full_run.tables["closed_usage"])
    watermarks = scraped["flink_taskmanager_job_task_operator_currentOutputWatermark"]
    of_stage = [value for labels, value in watermarks if labels["operator_name"] == "meter_periods"]
    assert min(of_stage) >= at_ms(UNTIL) - SLACK_MS

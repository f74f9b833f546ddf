"""Gathers what is left of a run, and asks the judge."""

from typing import Any

from iceberg.accepting import UnsafeAcceptError, count_repeated_rows
from iceberg.catalog import open_catalog
from iceberg.checking import RepeatedKind, repeated_commits
from iceberg.tables import STREAM_TABLES, TABLES
from tests.faults.auditing import audit_lines
from tests.faults.judging import Evidence, Verdict, judge
from tests.faults.running import Run
from tests.integration.world import SLACK_MS
from tests.oracle.comparing import expected_of, records_of

_SECOND = "second writer "


def verdict_on(run: Run) -> Verdict:
    """Judge the tables; the job may run or not."""
    tables = run.world.tables()
    expected = expected_of(
        records_of(_once(tables["raw_events"])),
        run.world.topics.config,
        partitions=run.producer.partitions,
        slack_ms=SLACK_MS,
    )
    repeated = repeats(run)
    # Of two jobs the one behind may write last, of a time before: the log time says which holds.
    two_jobs = any(name.startswith(_SECOND) for names in repeated.values() for name in names)
    verdict = judge(
        Evidence(
            tables,
            repeated,
            expected,
            run.producer.sent,
            run.ends(),
            run.world.totals(order_by="as_of" if two_jobs else None),
            run.world.alerts(),
            run.cluster.rest.counter(run.job_id, ".numLateRecordsDropped"),
            audit_lines(run.world.settings),
        )
    )
    verdict.differences += _not_acceptable(run)
    return verdict


def _not_acceptable(run: Run) -> list[str]:
    """Return the repeated commits that nobody could accept, unless two jobs have written."""
    catalog = open_catalog(run.world.settings.catalog)
    namespace = run.world.settings.catalog.namespace
    lines = []
    for table in STREAM_TABLES:
        existing = catalog.load_table((namespace, table.name))
        for repeat in repeated_commits(existing):
            if repeat.kind is RepeatedKind.WRITER:
                return []
            try:
                count_repeated_rows(existing, table, repeat)
            except UnsafeAcceptError as refusal:
                lines.append(f"acceptance: {refusal}")
    return lines


def repeats(run: Run) -> dict[str, list[str]]:
    """Return by table what its history shows to be committed twice."""
    catalog = open_catalog(run.world.settings.catalog)
    namespace = run.world.settings.catalog.namespace
    found = {
        table.name: repeated_commits(catalog.load_table((namespace, table.name)))
        for table in TABLES
    }
    # Two jobs at once write to all tables; it shows where both have committed in turns.
    writers = [
        f"{_SECOND}{each.name}"
        for repeated in found.values()
        for each in repeated
        if each.kind is RepeatedKind.WRITER
    ]
    lines = {name: [each.name for each in repeated] for name, repeated in found.items()}
    return {name: named + writers for name, named in lines.items() if named or writers}


def _once(raw_events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({(row["kafka_partition"], row["kafka_offset"]): row for row in raw_events}.values())

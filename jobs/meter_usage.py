"""The metering job: Kafka records to closed usage and corrections in Iceberg.

python -m jobs.meter_usage --settings config/demo.yaml

It refuses to start from a savepoint that the tables are ahead of, and without state over tables
that were written (docs/maintaining.md).
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from iceberg.catalog import CatalogUnreachableError, open_catalog
from iceberg.creating import TableConflictError, check_tables
from iceberg.keeping import (
    LayoutChangedError,
    UnreadPartitionsError,
    keep_layout,
    keep_parallelism,
    keep_reaches,
)
from iceberg.restoring import JobStart, RefusedStartError, check_start, goes_on
from iceberg.savepoints import UnreadableSavepointError, read_savepoint
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs.create_topics import TopicError, check_readers, check_topics
from jobs.flink.class_path import MissingJarError, check_class_path
from jobs.flink.environment import read_recovery
from jobs.flink.job import run_job
from jobs.kafka_clients import KafkaUnreachableError, open_admin
from jobs.manual_acts import add_decision_options, read_decision, recorded
from jobs.settings import Settings, SettingsError, TimestampType, load_meters, load_settings
from jobs.topic_offsets import last_log_time_ms
from schemas.instant import to_us
from schemas.manual_act import ActKind, AskedAct, Decision
from schemas.meter import Meter

_REFUSALS = (
    SettingsError,
    TopicError,
    KafkaUnreachableError,
    TableConflictError,
    CatalogUnreachableError,
    MissingJarError,
    LayoutChangedError,
    UnreadPartitionsError,
    RefusedStartError,
    UnreadableSavepointError,
    CommitConflictError,
    UnknownCommitError,
)


def state_layout(settings: Settings) -> dict[str, int]:
    """Return the settings that the job's state is laid out by: they are fixed by its first run.

    Another number of buckets or key groups would not find state again. Usage that is gathered in
    windows of two lengths at once would be counted right, but into rows that no log can explain.
    """
    return {
        "flink.max_parallelism": settings.flink.max_parallelism,
        "metering.account_buckets": settings.metering.account_buckets,
        "metering.log_window_s": settings.metering.log_window_s,
    }


def _latest_us(settings: Settings, now_us: int) -> int:
    """Return an instant that no period begins after of which the job has seen usage."""
    with open_admin(settings.kafka) as admin:
        log_us = last_log_time_ms(admin, settings.kafka.usage_topic) * 1000
    if settings.kafka.timestamp_type is TimestampType.LOG_APPEND_TIME:
        # What the topic kept of old times may be gone.
        log_us = max(log_us, now_us)
    return log_us + settings.metering.max_event_skew_s * 1_000_000


def check_recovery(catalog: Any, settings: Settings, adopts_tables: bool) -> None:
    """Check that what Flink's client is told to restore the job from fits the tables.

    A savepoint is read only where it matters: that of a job which only goes on may be gone.

    Raises:
        RefusedStartError: It does not.
        UnreadableSavepointError: There is no savepoint where it is to be restored from.
    """
    namespace, recovery = settings.catalog.namespace, read_recovery(settings)
    if goes_on(catalog, namespace, recovery.continued_job_id, recovery.is_last_state):
        return
    properties = settings.catalog.properties
    savepoint = read_savepoint(recovery.savepoint, properties) if recovery.savepoint else None
    check_start(catalog, namespace, JobStart(savepoint, adopts_tables))


def _start(
    catalog: Any, settings: Settings, meters: tuple[Meter, ...], adopts_tables: bool, now_us: int
) -> None:
    """Submit the job where it fits the tables."""
    check_recovery(catalog, settings, adopts_tables)
    reaches = {m.meter_id: m.grace_us + m.correction_horizon_us for m in meters}
    namespace = settings.catalog.namespace
    earlier = keep_reaches(catalog, namespace, reaches, lambda: _latest_us(settings, now_us))
    run_job(settings, meters, earlier)


def _adoption(
    settings: Settings, decision: Decision | None, clock: Callable[[], int]
) -> AbstractContextManager[object]:
    """Return what keeps the adoption of tables in the log of manual acts; None: there is none."""
    if decision is None:
        return nullcontext()
    about: dict[str, object] = {"namespace": settings.catalog.namespace}
    asked = AskedAct(ActKind.ADOPT_TABLES, "jobs.meter_usage", decision, about)
    return recorded(settings.catalog, asked, clock)


def main(arguments: Sequence[str], clock: Callable[[], int]) -> int:
    """Check everything the job needs, then submit it.

    Returns:
        0; or 2 after one line on what is wrong: what, where, expected, found.
    """
    parser = argparse.ArgumentParser(prog="meter_usage", description=__doc__)
    parser.add_argument("--settings", type=Path, required=True, help="settings file")
    parser.add_argument(
        "--adopt-tables",
        action="store_true",
        help="begin without state over tables that were written: everything is metered again",
    )
    add_decision_options(parser, "with --adopt-tables: ")
    options = parser.parse_args(arguments)
    try:
        decision = read_decision(options) if options.adopt_tables else None
        settings = load_settings(options.settings, os.environ)
        meters = load_meters(settings.metering.meters_file)
        catalog, namespace = open_catalog(settings.catalog), settings.catalog.namespace
        check_topics(settings.kafka)
        check_readers(settings.kafka, settings.flink.parallelism)
        check_tables(catalog, namespace)
        keep_layout(catalog, namespace, state_layout(settings))
        keep_parallelism(catalog, namespace, settings.flink.parallelism)
        check_class_path(settings.catalog)
        with _adoption(settings, decision, clock):
            _start(catalog, settings, meters, options.adopt_tables, clock())
    except _REFUSALS as error:
        print(f"meter_usage: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], lambda: to_us(datetime.now(UTC))))

"""One run of the metering job: settings, tables and state of its own, on topics it may share."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from iceberg.catalog import open_catalog
from iceberg.checking import repeated_commits
from iceberg.creating import make_tables
from iceberg.tables import TABLES
from jobs.create_topics import create_topics
from jobs.flights.receiving import Receipt
from jobs.local.flink_cluster import FlinkCluster
from jobs.local.metering_run import wait_metered
from jobs.publish_accounts import publish_accounts
from jobs.publish_flights import publish_receipts
from jobs.settings import KafkaSettings, Settings, TimestampType, load_accounts, load_settings
from tests.integration.last_values import last_values
from tests.oracle.budgets import Alert, Total
from tests.oracle.comparing import Rows, expected_of, find_differences, records_of
from tests.oracle.recompute import Expected

JOB = "jobs.meter_usage"
PARTITIONS = 4
SLACK_MS = 5000
# Generous: the machine may be busy with other things.
TIMEOUT_S = 1200


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of an import, and the configuration that its usage is metered by.

    Attributes:
        kafka: Brokers and topics.
        config: Folder with `meters.yaml` and `accounts.yaml`.
        are_there: Whether a broker has them, as the settings say.
    """

    kafka: KafkaSettings
    config: Path
    are_there: bool = False

    def publish(self, receipts: Sequence[Receipt]) -> None:
        """Publish records, whose log time must not be before what is there."""
        publish_receipts(self.kafka, receipts)


def make_topics(
    bootstrap_servers: str, name: str, config: Path, kind: TimestampType = TimestampType.CREATE_TIME
) -> Topics:
    """Create the two topics `NAME-usage` and `NAME-accounts`, and publish the accounts.

    With them come those of alerts and running totals; a `World` has its own.
    """
    kafka = KafkaSettings(bootstrap_servers, f"{name}-usage", f"{name}-accounts", kind, PARTITIONS)
    create_topics(kafka)
    publish_accounts(kafka, load_accounts(config / "accounts.yaml"))
    return Topics(kafka, config, are_there=True)


@dataclass(frozen=True, slots=True)
class World:
    """What one run writes to.

    Attributes:
        topics: What it reads.
        file: The settings file.
        settings: What that says.
    """

    topics: Topics
    file: Path
    settings: Settings

    @property
    def arguments(self) -> list[str]:
        """The program's arguments."""
        return ["--settings", str(self.file)]

    def with_meters(self, path: Path) -> "World":
        """Let later submissions read another meters file."""
        return self.with_metering(meters_file=str(path))

    def with_metering(self, **changes: Any) -> "World":
        """Let later submissions read other settings of metering."""
        content = yaml.safe_load(self.file.read_text())
        content["metering"] |= changes
        self.file.write_text(yaml.safe_dump(content))
        return replace(self, settings=load_settings(self.file, {}))

    def tables(self) -> dict[str, Rows]:
        """Return all rows of every table by its name, also those committed twice."""
        catalog = open_catalog(self.settings.catalog)
        namespace = self.settings.catalog.namespace
        return {
            table.name: catalog.load_table((namespace, table.name)).scan().to_arrow().to_pylist()
            for table in TABLES
        }

    def counts(self) -> dict[str, int]:
        """Return the number of rows of every table by its name."""
        return {name: len(rows) for name, rows in self.tables().items()}

    def repeated_commits(self) -> list[str]:
        """Return what the tables' history shows to be committed twice."""
        catalog = open_catalog(self.settings.catalog)
        namespace = self.settings.catalog.namespace
        return [
            repeated.name
            for table in TABLES
            for repeated in repeated_commits(catalog.load_table((namespace, table.name)))
        ]

    def expected(self, tables: dict[str, Rows]) -> Expected:
        """Return what the oracle makes of the records in `raw_events`."""
        records = records_of(tables["raw_events"])
        return expected_of(
            records,
            self.topics.config,
            partitions=PARTITIONS,
            slack_ms=SLACK_MS,
            event_window_s=self.settings.metering.event_window_s,
            log_window_s=self.settings.metering.log_window_s,
        )

    def totals(self, order_by: str | None = None) -> list[Total]:
        """Return the last running total of each key, ordered, from the topic.

        Args:
            order_by: As of `last_values`.
        """
        kafka = self.settings.kafka
        values = last_values(kafka, kafka.totals_topic, order_by)
        names = ("account_id", "meter_id", "period_start")
        for key, value in values.items():
            assert json.loads(key) == {name: value[name] for name in names}
        return sorted(Total(**_read_members(value, Total)) for value in values.values())

    def alerts(self) -> list[Alert]:
        """Return the last value of each key of the alerts' topic, ordered."""
        kafka = self.settings.kafka
        values = last_values(kafka, kafka.alerts_topic)
        for key, value in values.items():
            assert json.loads(key) == {"row_id": value["row_id"]}
        return sorted(Alert(**_read_members(value, Alert)) for value in values.values())

    def differences(self, tables: dict[str, Rows]) -> dict[str, list[str]]:
        """Return by table what the oracle did not expect, or misses."""
        return find_differences(tables, self.expected(tables))


def _read_members(value: dict[str, Any], shape: type) -> dict[str, Any]:
    """Return the members of a JSON value as a shape of the oracle has them."""
    read: dict[Any, Callable[[Any], Any]] = {
        Decimal: Decimal,
        Decimal | None: lambda text: None if text is None else Decimal(text),
        datetime: datetime.fromisoformat,
    }
    return {
        each.name: read.get(each.type, lambda kept: kept)(value[each.name])
        for each in fields(shape)
    }


def make_world(
    folder: Path, topics: Topics, event_window_s: int = 60, log_window_s: int = 10, **flink: Any
) -> World:
    """Write settings into a folder, and create the tables and the topics that the job writes to.

    Args:
        folder: For the settings, the tables and the checkpoints.
        topics: What to read.
        event_window_s: What period boundaries fall on.
        log_window_s: What usage is gathered by.
        flink: Settings of the section of that name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kafka = topics.kafka
    content = {
        "kafka": {
            "bootstrap_servers": kafka.bootstrap_servers,
            "usage_topic": kafka.usage_topic,
            "accounts_topic": kafka.accounts_topic,
            # Several runs may read the same topics; each writes to its own.
            "totals_topic": f"{folder.name}-totals",
            "alerts_topic": f"{folder.name}-alerts",
            "timestamp_type": str(kafka.timestamp_type),
            "partitions": PARTITIONS,
        },
        "catalog": {"uri": "catalog.db", "warehouse": "warehouse"},
        "metering": {
            "meters_file": str(topics.config / "meters.yaml"),
            "watermark_slack_ms": SLACK_MS,
            "event_window_s": event_window_s,
            "log_window_s": log_window_s,
        },
        "flink": {"checkpoint_dir": "checkpoints", "checkpoint_interval_ms": 2000, **flink},
    }
    file = folder / "settings.yaml"
    file.write_text(yaml.safe_dump(content))
    settings = load_settings(file, {})
    make_tables(open_catalog(settings.catalog), settings.catalog.namespace)
    if topics.are_there:
        create_topics(settings.kafka)
    return World(topics, file, settings)


def run_until(cluster: FlinkCluster, world: World, until_ms: int, **submit: Any) -> str:
    """Submit the job and wait until it has metered all up to the heartbeats of a log time.

    Args:
        cluster: Where to.
        world: What it reads and writes.
        until_ms: Log time of the heartbeats.
        submit: Further arguments of `FlinkCluster.submit`.

    Returns:
        The id of the job, which runs on.
    """
    rest = cluster.rest
    job_id = cluster.submit(JOB, world.arguments, **submit)

    def refuse_restart(_: int | None) -> None:
        # It would restart for ever after a fault of its own; nothing has been killed yet.
        assert rest.restarts(job_id) == 0, rest.exceptions(job_id)

    wait_metered(rest, job_id, until_ms - SLACK_MS, TIMEOUT_S, refuse_restart)
    return job_id

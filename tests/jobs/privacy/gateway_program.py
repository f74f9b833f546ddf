"""The program `jobs.pseudonymize_usage` as a process, with settings and topics of its own."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from iceberg.catalog import open_catalog
from iceberg.creating import make_table
from iceberg.decided_tables import MANUAL_ACTS
from jobs.create_topics import create_topics
from jobs.kafka_clients import open_admin, open_producer
from jobs.local.children import Child
from jobs.privacy.key_store import create_key_store
from jobs.settings import Settings, load_settings
from jobs.topic_offsets import end_offsets
from tests.jobs.privacy.stores import MASTER_KEY

ROOT = Path(__file__).parents[3]
PARTITIONS = 3
METERS: dict[str, Any] = {
    "meters": [
        {"meter": "calls", "event_type": "used", "aggregation": "count", "unit": "call"},
        {
            "meter": "bytes",
            "event_type": "used",
            "aggregation": "sum",
            "unit": "byte",
            "dimensions": ["place", "color"],
            "retractable": False,
        },
    ]
}
PRIVACY: dict[str, Any] = {
    "key_store": "keys.db",
    "key_recheck_s": 1,
    "hash_ids": True,
    "data": {"units": "keep", "place": {"prefix": 1}, "color": "hash"},
}
Raw = tuple[int, int, bytes | None, bytes | None]
"""Partition, timestamp, key and value."""


@dataclass(frozen=True)
class GatewayWorld:
    """Topics, files and the program between them.

    Attributes:
        folder: With all files.
        settings: As the program reads them.
    """

    folder: Path
    settings: Settings

    @property
    def path(self) -> Path:
        """Return the settings file."""
        return self.folder / "settings.yaml"

    @property
    def intake(self) -> str:
        """Return the topic of raw records."""
        assert self.settings.privacy is not None
        return self.settings.privacy.intake_topic

    def start(self, *options: str) -> Child:
        """Start a gateway; its output is `gateway.log`."""
        command = [sys.executable, "-m", "jobs.pseudonymize_usage", "--settings", str(self.path)]
        environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **ENVIRON}
        return Child("gateway", [*command, *options], environ, self.folder / "gateway.log")

    def said(self) -> str:
        """Return what all gateways have said."""
        log = self.folder / "gateway.log"
        return log.read_text() if log.exists() else ""

    def send(self, records: Sequence[Raw]) -> None:
        """Write raw records and make sure that they arrive."""
        with open_producer(self.settings.kafka) as producer:
            sent = [
                producer.send(
                    self.intake, key=key, value=value, partition=partition, timestamp_ms=time_ms
                )
                for partition, time_ms, key, value in records
            ]
            producer.flush()
            for each in sent:
                each.get()

    def count_usage(self) -> int:
        """Return how many records the usage topic has."""
        with open_admin(self.settings.kafka) as admin:
            return sum(end_offsets(admin, self.settings.kafka.usage_topic))

    def usage(self) -> Iterator[ConsumerRecord]:
        """Yield the records of the usage topic, by partition and offset."""
        kafka = self.settings.kafka
        consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap_servers)
        found = sorted(consumer.partitions_for_topic(kafka.usage_topic))
        places = [TopicPartition(kafka.usage_topic, number) for number in found]
        ends = consumer.end_offsets(places)
        for place in places:
            consumer.assign([place])
            consumer.seek_to_beginning()
            while consumer.position(place) < ends[place]:
                yield from consumer.poll(timeout_ms=1000).get(place, ())
        consumer.close()


ENVIRON = {"METERCLOSE_PRIVACY_MASTER_KEY": MASTER_KEY}


def make_gateway_world(
    folder: Path, servers: str, name: str, timestamp_type: str = "CreateTime"
) -> GatewayWorld:
    """Write the files, and create topics and key store."""
    kafka = {
        "bootstrap_servers": servers,
        **{f"{each}_topic": f"{name}-{each}" for each in ("usage", "accounts", "totals", "alerts")},
        "timestamp_type": timestamp_type,
        "partitions": PARTITIONS,
    }
    shape = {
        "kafka": kafka,
        "catalog": {"uri": "catalog.db", "warehouse": "warehouse"},
        "metering": {"meters_file": "meters.yaml"},
        "flink": {"checkpoint_dir": "checkpoints"},
        "privacy": {**PRIVACY, "intake_topic": f"{name}-intake", "group": f"{name}-group"},
    }
    (folder / "meters.yaml").write_text(yaml.safe_dump(METERS))
    path = folder / "settings.yaml"
    path.write_text(yaml.safe_dump(shape))
    settings = load_settings(path, ENVIRON)
    assert settings.privacy is not None
    create_topics(settings.kafka, settings.privacy)
    create_key_store(settings.privacy)
    catalog = open_catalog(settings.catalog)
    catalog.create_namespace(settings.catalog.namespace)
    make_table(catalog, settings.catalog.namespace, MANUAL_ACTS)
    return GatewayWorld(folder, settings)

"""A whole deployment on a real broker: nothing fails; then one thing after the other does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from jobs.create_topics import create_topics
from jobs.kafka_clients import open_admin
from jobs.local.flink_home import FlinkHome, flink_distribution
from jobs.settings import Settings, load_settings
from tests.conftest import Kafka
from tests.jobs.metered_tables import write_settings

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]
Told = dict[str, list[dict[str, str]]]


@pytest.fixture
def environ(kafka: Kafka, tmp_path: Path) -> dict[str, str]:
    """An environment with this broker, topics of this test, and a Flink with our jars."""
    home = FlinkHome(tmp_path / "flink", flink_distribution())
    home.prepare({})
    topics = {
        f"METERCLOSE_KAFKA_{name.upper()}_TOPIC": f"doctor-{name}"
        for name in ("usage", "accounts", "totals", "alerts")
    }
    return {
        **home.environment(),
        **topics,
        "METERCLOSE_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
    }


@pytest.fixture
def settings(environ: dict[str, str], tmp_path: Path) -> Settings:
    """Settings with topics, tables and folders, all as they should be."""
    settings = load_settings(write_settings(tmp_path), environ)
    create_topics(settings.kafka)
    make_tables(open_catalog(settings.catalog), settings.catalog.namespace)
    (tmp_path / "checkpoints").mkdir()
    return settings


def set_retention(settings: Settings, retention_ms: str) -> None:
    """Let the broker keep usage for so long."""
    with open_admin(settings.kafka) as admin:
        options = {"retention.ms": retention_ms}
        topic = settings.kafka.usage_topic
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, options)])


def examine(folder: Path, environ: dict[str, str], code: int) -> Told:
    """Run the program, which must end with a code; return its findings by check."""
    done = subprocess.run(
        [sys.executable, "-m", "jobs.doctor", "--settings", "settings.yaml", "--json"],
        env={**os.environ, **environ},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == code, done.stdout + done.stderr
    told: Told = {}
    for finding in json.loads(done.stdout):
        told.setdefault(finding["check"], []).append(finding)
    return told


def test_a_deployment_is_examined(
    settings: Settings, environ: dict[str, str], tmp_path: Path
) -> None:
    """All is well; topics of others, short retention and Flink without jars are each found."""
    told = examine(tmp_path, environ, 0)
    asked = {"broker", "topics", "clock", "catalog", "tables", "jars", "java", "checkpoint dir"}
    assert {f["verdict"] for name in asked for f in told[name]} == {"ok"}
    assert [f["found"].partition(":")[0] for f in told["topics"]] == [
        "doctor-usage",
        "doctor-accounts",
        "doctor-totals",
        "doctor-alerts",
    ]
    assert "brokers' controller" in told["clock"][0]["found"]

    set_retention(settings, "86400000")
    kept = {name: value for name, value in environ.items() if name != "FLINK_LIB_DIR"}
    other = {**kept, "METERCLOSE_KAFKA_ALERTS_TOPIC": "doctor-nowhere"}
    told = examine(tmp_path, other, 1)
    topics = [(f["verdict"], f["expected"]) for f in told["topics"] if f["expected"]]
    assert topics == [
        ("failed", "doctor-nowhere"),
        ("warning", "at least metering.dedupe_ttl_days (35 days)"),
    ]
    assert "flink-sql-connector-kafka" in {f["expected"] for f in told["jars"]}
    assert {f["verdict"] for f in told["tables"]} == {"ok"}

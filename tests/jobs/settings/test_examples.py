"""The examples of pods and functions load, and their events are read by their meters."""

import json
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest

from jobs.settings import KafkaSettings, SettingsError, load_kafka, load_meters, load_settings
from schemas.instant import DAY_US, HOUR_US, to_us
from schemas.pod_usage import MeteredPod
from schemas.usage_event import encode_usage_event
from tests.udfs.pod_readings import reading
from udfs.parsing import ParsingRules, RecordParser
from udfs.sampling import first_state, make_event, on_reading

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config"
RECEIVED_MS = to_us(datetime.fromisoformat("2026-11-23T10:01:02Z")) // 1000


def shares_of(example: str, payload: bytes, log_ms: int = RECEIVED_MS) -> dict[str, object]:
    """Return what each meter of an example takes from an event, by its name."""
    meters = load_meters(CONFIG / "examples" / example / "meters.yaml")
    parsed = RecordParser(ParsingRules(meters, 65_536, HOUR_US, 400 * DAY_US)).parse(
        payload, log_ms
    )
    assert parsed.reason is None
    assert parsed.account_id == "acme"
    assert parsed.shares is not None
    return {
        meter.meter_id: parsed.shares[3 * place : 3 * place + 2]
        for place, meter in enumerate(meters)
    }


def example_event(example: str) -> bytes:
    """Return the bytes of an example's event."""
    return (CONFIG / "examples" / example / "event.json").read_bytes()


def test_the_event_of_a_pod() -> None:
    """CPU-seconds and GB-hours by namespace, and what was unread by node as well."""
    assert shares_of("pods", example_event("pods")) == {
        "pod-cpu": ('{"namespace":"shop"}', "18.204417"),
        "pod-memory": ('{"namespace":"shop"}', "0.008947848"),
        "pod-memory-unread": ('{"namespace":"shop","node":"node-1"}', "0"),
    }


def test_the_event_of_a_function() -> None:
    """An invocation, its memory times its duration, and the duration."""
    event = json.loads(example_event("serverless"))
    memory_mb, duration_ms = event["data"]["memory_mb"], event["data"]["duration_ms"]
    assert Fraction(event["data"]["gb_ms"]) == Fraction(memory_mb * duration_ms, 1000)
    function = '{"function":"resize-image"}'
    assert shares_of("serverless", example_event("serverless")) == {
        "invocations": (function, "1"),
        "gb-milliseconds": (function, "23.936"),
        "duration-p99": ("{}", "187"),
    }


def test_what_the_agent_writes_is_what_the_example_shows() -> None:
    """The same members in the same order; the meters read it."""
    pod = MeteredPod("acme", "6f1c7f0e-3c1b-4a52-9d5e-1f0a4f6f2b11", "shop", "web-0", "node-1")
    state = on_reading(first_state(reading(0, 0, 10**9), "s"), reading(60, 1_500_000), 10**9)
    event = make_event(state, pod)[1]
    assert event is not None
    written, shown = json.loads(encode_usage_event(event)), json.loads(example_event("pods"))
    assert list(written) == list(shown)
    assert list(written["data"]) == list(shown["data"])
    assert written["source"] == shown["source"]
    shares = shares_of("pods", encode_usage_event(event), event.time_us // 1000)
    assert shares["pod-cpu"] == ('{"namespace":"shop"}', "1.5")


def test_an_agent_reads_the_section_kafka_alone() -> None:
    """It has no catalog; a whole settings file gives the same."""
    kafka = load_kafka(ROOT / "k8s/examples/metered-app/agent.yaml", {})
    assert kafka == KafkaSettings(
        "broker-1.example.com:9093,broker-2.example.com:9093",
        properties={"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512"},
    )
    live = CONFIG / "live.yaml"
    assert load_kafka(live, {}) == load_settings(live, {}).kafka == kafka


def test_the_environment_sets_the_agents_kafka(tmp_path: Path) -> None:
    """Secrets need no file; what is wrong is refused as in every settings file."""
    file = tmp_path / "agent.yaml"
    file.write_text("kafka: {}\n")
    with pytest.raises(SettingsError, match=r"kafka\.bootstrap_servers: expected a value"):
        load_kafka(file, {})
    named = {"METERCLOSE_KAFKA_BOOTSTRAP_SERVERS": "b:1"}
    assert load_kafka(file, named).bootstrap_servers == "b:1"
    file.write_text("kafka: {}\nkafak: {}\n")
    with pytest.raises(SettingsError, match="unknown section"):
        load_kafka(file, named)

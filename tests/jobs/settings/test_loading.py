"""Settings: what is read, what the environment overrides, and the one line for each mistake."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.settings import (
    CatalogType,
    ExecutionMode,
    Settings,
    SettingsError,
    TimestampType,
    load_settings,
)

LEAST = """\
kafka:
  bootstrap_servers: broker:9092
catalog:
  uri: catalog.db
  warehouse: warehouse
metering:
  meters_file: meters.yaml
flink:
  checkpoint_dir: checkpoints
"""
Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load settings from a text; `old`, `new` change one place of the least settings."""

    def load_text(old: str = "", new: str = "", text: str = LEAST, **environ: str) -> Settings:
        assert old in text
        path = tmp_path / "settings.yaml"
        path.write_text(text.replace(old, new) if old else text)
        return load_settings(path, environ)

    return load_text


def error_of(load: Load, *arguments: str, **environ: str) -> str:
    """Return the line of the error that loading ends in."""
    with pytest.raises(SettingsError) as caught:
        load(*arguments, **environ)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_least_settings_take_the_defaults(load: Load) -> None:
    """What a file leaves out has the documented default."""
    settings = load()
    assert settings.kafka.usage_topic == "usage-events"
    assert settings.kafka.timestamp_type is TimestampType.LOG_APPEND_TIME
    assert settings.kafka.properties == {}
    assert settings.catalog.type is CatalogType.SQLITE
    assert settings.metering.log_window_s == 10
    assert settings.metering.max_event_age_days == 400
    assert settings.flink.max_parallelism == 360
    assert settings.flink.execution_mode is ExecutionMode.PROCESS


def test_relative_paths_start_at_the_files_folder(load: Load, tmp_path: Path) -> None:
    """Paths do not depend on where a program is started; locations are URIs."""
    settings = load("warehouse: warehouse", "warehouse: ../tables")
    assert settings.metering.meters_file == tmp_path / "meters.yaml"
    assert settings.catalog.uri == str(tmp_path / "catalog.db")
    assert settings.catalog.warehouse == f"file://{tmp_path.parent}/tables"
    assert settings.flink.checkpoint_dir == f"file://{tmp_path}/checkpoints"


@pytest.mark.parametrize("location", ["s3://bucket/folder", "file:///var/tables", "hdfs://n/x"])
def test_uris_stay_as_they_are(load: Load, location: str) -> None:
    """A location with a scheme is passed on."""
    assert load("warehouse: warehouse", f"warehouse: {location}").catalog.warehouse == location


def test_environment_overrides_single_values(load: Load) -> None:
    """The environment sets text, numbers and choices, over the file and over defaults."""
    settings = load(
        METERCLOSE_KAFKA_BOOTSTRAP_SERVERS="other:9092",
        METERCLOSE_KAFKA_PARTITIONS="8",
        METERCLOSE_FLINK_EXECUTION_MODE="thread",
        METERCLOSE_VERSION="not a setting",
        HOME="/root",
    )
    assert settings.kafka.bootstrap_servers == "other:9092"
    assert settings.kafka.partitions == 8
    assert settings.flink.execution_mode is ExecutionMode.THREAD


@pytest.mark.parametrize("name", ["keep_windows", "running_totals"])
@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False)])
def test_a_switch_is_read_from_the_file_and_from_the_environment(
    load: Load, name: str, text: str, value: bool
) -> None:
    """The environment has text only; the file has YAML's own true and false."""
    in_file = load("metering:", f"metering:\n  {name}: {text}")
    assert getattr(in_file.metering, name) is value
    in_environment = load(**{f"METERCLOSE_METERING_{name.upper()}": text})
    assert getattr(in_environment.metering, name) is value
    assert getattr(load().metering, name) is True


def test_a_switch_that_is_neither_is_one_clear_line(load: Load) -> None:
    """Text and numbers are no switch, in the file or in the environment."""
    in_file = error_of(load, "metering:", "metering:\n  keep_windows: 1")
    assert "metering.keep_windows: expected true or false" in in_file
    in_environment = error_of(load, METERCLOSE_METERING_KEEP_WINDOWS="yes")
    assert "METERCLOSE_METERING_KEEP_WINDOWS: expected true or false" in in_environment


def test_environment_may_give_what_the_file_lacks(load: Load) -> None:
    """A value without default may come from the environment alone."""
    settings = load("  checkpoint_dir: checkpoints\n", METERCLOSE_FLINK_CHECKPOINT_DIR="s3://b/c")
    assert settings.flink.checkpoint_dir == "s3://b/c"


def test_environment_sets_properties(load: Load) -> None:
    """A property's underscores become dots, unless the file has that property with hyphens."""
    settings = load(
        "  warehouse: warehouse",
        "  warehouse: warehouse\n  properties: {s3.access-key-id: from file}",
        METERCLOSE_KAFKA_PROPERTY_SASL_JAAS_CONFIG="login module;",
        METERCLOSE_CATALOG_PROPERTY_S3_ACCESS_KEY_ID="from environment",
    )
    assert settings.kafka.properties == {"sasl.jaas.config": "login module;"}
    assert settings.catalog.properties == {"s3.access-key-id": "from environment"}


def test_properties_are_text_for_java(load: Load) -> None:
    """Numbers and truth values of YAML become the text Java reads."""
    text = LEAST + "  properties: {a.b: true, c.d: 5, e.f: x}\n"
    assert load(text=text).flink.properties == {"a.b": "true", "c.d": "5", "e.f": "x"}


def test_printing_settings_shows_no_secret(load: Load) -> None:
    """Neither repr nor str of settings, whole or in part, holds a secret."""
    settings = load(
        "  uri: catalog.db",
        "  type: rest\n  uri: https://user:hidden-1@host/\n"
        "  properties: {s3.secret-access-key: hidden-2, token: hidden-3, s3.region: shown}",
        METERCLOSE_KAFKA_PROPERTY_SASL_JAAS_CONFIG="password=hidden-4",
        METERCLOSE_KAFKA_PROPERTY_SSL_KEYSTORE_PASSWORD="hidden-5",
        METERCLOSE_KAFKA_PROPERTY_SSL_KEYSTORE_KEY="hidden-6",
        METERCLOSE_KAFKA_PROPERTY_SSL_KEYSTORE_LOCATION="/shown.jks",
    )
    for shown in (repr(settings), str(settings), str(settings.kafka), f"{settings.catalog}"):
        assert "hidden" not in shown
    assert "shown" in repr(settings.catalog)
    assert "/shown.jks" in repr(settings.kafka)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("kafka:", "kafak:", ("unknown section", "kafka, catalog", "found 'kafak'")),
        ("meters_file:", "meter_file:", ("unknown setting", " metering:", "'meter_file'")),
        ("  warehouse: warehouse\n", "", ("missing setting", "catalog.warehouse")),
        ("broker:9092", "9092", ("kafka.bootstrap_servers", "text", "a whole number")),
        ("broker:9092", "''", ("kafka.bootstrap_servers", "text", "empty text")),
        ("catalog:", "catalog:\n  namespace: a..b", ("catalog.namespace", "found 'a..b'")),
        ("broker:9092", "[a]", ("kafka.bootstrap_servers", "text", "a list")),
        ("kafka:", "kafka:\n  partitions: 0", ("kafka.partitions", "at least 1", "found 0")),
        (
            "kafka:",
            "kafka:\n  partitions: 2147483648",
            ("kafka.partitions", "at most 2147483647", "found 2147483648"),
        ),
        ("kafka:", "kafka:\n  partitions: true", ("kafka.partitions", "found true or false")),
        ("kafka:", "kafka:\n  partitions: 1.5", ("kafka.partitions", "a decimal number")),
        ("kafka:", "kafka:\n  timestamp_type: Now", ("LogAppendTime or CreateTime", "'Now'")),
        ("kafka:", "kafka:\n  properties: [a]", ("kafka.properties", "a mapping", "a list")),
        ("kafka:", "kafka:\n  properties: {a.b: {c: d}}", ("kafka.properties a.b", "text")),
        (
            "kafka:",
            "kafka:\n  properties: {bootstrap.servers: x}",
            ("refused property", "kafka.bootstrap_servers"),
        ),
        ("kafka:", "kafka:\n  accounts_topic: usage-events", ("another topic", "usage-events")),
        (
            "kafka:",
            "kafka:\n  totals_topic: accounts",
            ("kafka.totals_topic", "another topic than kafka.accounts_topic", "found accounts"),
        ),
        (
            "kafka:",
            "kafka:\n  alerts_topic: running-totals",
            ("kafka.alerts_topic", "another topic than kafka.totals_topic"),
        ),
        ("catalog:", "catalog:\n  type: hive", ("sqlite or jdbc or rest", "'hive'")),
        ("catalog:", "catalog:\n  type: jdbc", ("catalog.uri", "jdbc:postgresql://")),
        ("catalog:", "catalog:\n  type: rest", ("catalog.uri", "https://", "catalog.db")),
        ("catalog.db", "jdbc:sqlite:catalog.db", ("catalog.uri", "the path of a database file")),
        ("metering:", "metering:\n  event_window_s: 30", ("event_window_s", "1 or 60 or 3600")),
        ("metering:", "metering:\n  log_window_s: 7", ("correction_bucket_s", "multiple", "3600")),
        ("flink:", "flink:\n  max_parallelism: 1", ("flink.max_parallelism", "parallelism (2)")),
        (
            "flink:",
            "flink:\n  properties: {execution.checkpointing.unaligned.enabled: true}",
            ("refused option", "unaligned.enabled: false", "loses rows", "found true"),
        ),
        (
            "flink:",
            "flink:\n  properties: {execution.checkpointing.max-concurrent-checkpoints: 2}",
            ("refused option", "max-concurrent-checkpoints: 1", "found 2"),
        ),
        (
            "flink:",
            "flink:\n  properties: {table.exec.state.ttl: 1 d}",
            ("refused option", "metering.dedupe_ttl_days", "table.exec.state.ttl"),
        ),
        ("kafka:", "kafka: 5\nx:", ("unknown section",)),
        ("kafka:\n  bootstrap_servers: broker:9092", "kafka: 5", ("a mapping", "a whole number")),
        ("flink:", "metering:", ("bad YAML", "settings.yaml:8", "'metering' stands twice")),
        ("kafka:", "kafka: [", ("bad YAML", "settings.yaml:")),
        ("kafka:", "5:", ("bad key", "text keys", "found 5")),
    ],
)
def test_each_mistake_is_one_clear_line(
    load: Load, old: str, new: str, parts: tuple[str, ...]
) -> None:
    """Each wrong file ends in one line that says what, where, expected and found."""
    line = error_of(load, old, new)
    assert ": expected " in line
    assert ", found " in line
    for part in parts:
        assert part in line


@pytest.mark.parametrize(
    ("variable", "value", "parts"),
    [
        ("METERCLOSE_KAFKA_PARTITION", "4", ("unknown setting, environment", "partitions")),
        ("METERCLOSE_KAFKA_PARTITIONS", "four", ("METERCLOSE_KAFKA_PARTITIONS", "found text")),
        ("METERCLOSE_KAFKA_PARTITIONS", "0", ("METERCLOSE_KAFKA_PARTITIONS", "at least 1")),
        ("METERCLOSE_CATALOG_TYPE", "hive", ("METERCLOSE_CATALOG_TYPE", "'hive'")),
        ("METERCLOSE_CATALOG_PROPERTIES", "{}", ("unknown setting", "property_<name>")),
    ],
)
def test_each_wrong_variable_is_one_clear_line(
    load: Load, variable: str, value: str, parts: tuple[str, ...]
) -> None:
    """A wrong variable is named; one of another section's name is refused, not ignored."""
    line = error_of(load, **{variable: value})
    for part in parts:
        assert part in line


def test_missing_file_and_wrong_bytes_are_one_line(tmp_path: Path) -> None:
    """A file that is not there, or is no text, is named."""
    with pytest.raises(SettingsError, match=r"missing file, .*none.yaml"):
        load_settings(tmp_path / "none.yaml", {})
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"unreadable file, .*bytes.yaml"):
        load_settings(tmp_path / "bytes.yaml", {})
    (tmp_path / "list.yaml").write_text("- a")
    with pytest.raises(SettingsError, match="expected a mapping, found a list"):
        load_settings(tmp_path / "list.yaml", {})


def test_no_secret_in_an_error(load: Load) -> None:
    """A secret of the wrong form is not shown by the line that refuses it."""
    line = error_of(load, "uri: catalog.db", "type: jdbc\n  uri: https://user:hidden@host/")
    assert "hidden" not in line


@pytest.mark.parametrize("name", ["demo.yaml", "live.yaml"])
def test_the_shipped_files_load(name: str) -> None:
    """The files of config/ are valid settings."""
    load_settings(Path(__file__).parents[3] / "config" / name, {})

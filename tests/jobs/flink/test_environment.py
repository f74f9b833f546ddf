"""The options of the job: what it depends on cannot be set otherwise."""

from dataclasses import replace
from pathlib import Path

import pytest

from jobs.flink.environment import flink_options
from jobs.flink.hot_path import build_hot_path, discovery_ms, read_sql, with_options
from jobs.flink.job import metering_rules
from jobs.settings import ExecutionMode, Settings, load_meters, load_settings
from jobs.settings.guarding import OWNED_OPTIONS, REQUIRED_OPTIONS
from schemas.instant import DAY_US, HOUR_US

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture(scope="module")
def settings() -> Settings:
    """The demo's settings."""
    return load_settings(CONFIG / "demo.yaml", {})


def test_required_options_win(settings: Settings) -> None:
    """What loses or repeats usage when set otherwise is set, whatever the properties say."""
    wrong = {"execution.checkpointing.mode": "AT_LEAST_ONCE"}
    spoiled = replace(settings, flink=replace(settings.flink, properties=wrong))
    options = flink_options(spoiled)
    assert {name: options[name] for name in REQUIRED_OPTIONS} == {
        name: value for name, (value, _) in REQUIRED_OPTIONS.items()
    }


def test_settings_of_their_own_win(settings: Settings) -> None:
    """Options that have a setting are set by it."""
    flink = replace(
        settings.flink,
        parallelism=3,
        checkpoint_dir="file:///c",
        checkpoint_interval_ms=1500,
        execution_mode=ExecutionMode.THREAD,
        properties={"parallelism.default": "9"},
    )
    metering = replace(settings.metering, dedupe_ttl_days=40)
    options = flink_options(replace(settings, flink=flink, metering=metering))
    assert options["parallelism.default"] == "3"
    assert options["execution.checkpointing.dir"] == "file:///c"
    assert options["execution.checkpointing.interval"] == "1500 ms"
    assert options["python.execution-mode"] == "thread"
    assert options["table.exec.state.ttl"] == "40 d"
    # One is the old name of another.
    assert set(OWNED_OPTIONS) - set(options) == {"state.checkpoints.dir"}


@pytest.mark.parametrize(("slack_ms", "every_ms"), [(5000, 1000), (60_000, 12_000), (0, 100)])
def test_partitions_are_found_well_within_the_slack(slack_ms: int, every_ms: int) -> None:
    """Log time has then not passed what they hold; without a slack, as soon as can be."""
    assert discovery_ms(slack_ms) == every_ms


def test_chosen_options_may_be_overridden(settings: Settings) -> None:
    """A property replaces a choice of ours that nothing depends on, and adds any other option."""
    properties = {"python.fn-execution.bundle.size": "5", "taskmanager.numberOfTaskSlots": "4"}
    assert flink_options(settings)["python.fn-execution.bundle.size"] == "10000"
    changed = replace(settings, flink=replace(settings.flink, properties=properties))
    options = flink_options(changed)
    assert properties.items() <= options.items()
    assert list(options) == sorted(options)


def test_rules_are_as_configured(settings: Settings) -> None:
    """Durations become microseconds."""
    metering = replace(
        settings.metering,
        correction_bucket_s=7200,
        unknown_account_wait_s=60,
        close_jitter_s=3,
        account_buckets=72,
    )
    meters = load_meters(settings.metering.meters_file)
    rules = metering_rules(replace(settings, metering=metering), meters)
    assert rules.correction_bucket_us == 2 * HOUR_US
    assert rules.unknown_account_wait_us == 60_000_000
    assert rules.jitter_us == 3_000_000
    assert rules.account_buckets == 72
    assert list(rules.meters.values()) == list(meters)
    assert rules.meters["flights"].grace_us == DAY_US


def test_no_placeholder_is_left(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every text of the plan is filled in; intervals are written as SQL reads them."""
    texts: list[str] = []

    class Tables:
        """Notes the texts."""

        def execute_sql(self, text: str) -> None:
            texts.append(text)

        def create_temporary_function(self, name: str, function: object) -> None:
            texts.append(name)

        def sql_query(self, text: str) -> None:
            texts.append(text)

        def to_data_stream(self, table: None) -> None:
            pass

    monkeypatch.setattr("jobs.flink.hot_path.name_section", lambda tables, name: None)
    monkeypatch.setattr(
        "jobs.flink.hot_path.open_section", lambda tables, name, select, *_: texts.append(select)
    )
    slow = replace(settings.metering, log_window_s=3600, watermark_slack_ms=93_784_005)
    meters = load_meters(settings.metering.meters_file)
    build_hot_path(Tables(), replace(settings, metering=slow), meters)
    whole = "\n".join(texts)
    assert "{{" not in whole
    assert "parse_record" in texts
    assert "INTERVAL '0 01:00:00.000' DAY TO SECOND(3)" in whole
    assert "INTERVAL '1 02:03:04.005' DAY TO SECOND(3)" in whole
    assert "'topic' = 'usage-events'" in whole


def test_options_are_quoted() -> None:
    """A value with an apostrophe stays one value."""
    assert with_options({"a": "it's", "b": "1"}) == "'a' = 'it''s', 'b' = '1'"
    assert read_sql("usage_log", watermark_slack="1", options="'a' = 'b'").endswith("('a' = 'b')\n")
    # What is put in is not looked at again: a unit may be called so.
    assert (
        read_sql("usage_log", watermark_slack="{{options}}", options="x").count("{{options}}") == 1
    )


def test_filters_of_a_large_dedupe_state_are_kept_in_pieces(settings: Settings) -> None:
    """Whole filters of some million keys do not fit into the cache: look-ups would read them."""
    options = flink_options(settings)
    assert options["state.backend.rocksdb.use-bloom-filter"] == "true"
    assert options["state.backend.rocksdb.memory.partitioned-index-filters"] == "true"

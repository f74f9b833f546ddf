"""The fixed plan of the job up to the keyed stage: from Kafka records to usage rows.

One source and one dedupe, whatever the meters and sinks:

    usage_log -> records -> parsed -> events -> first_seen -> metered -> usage -+-> keyed_usage
                    |                    |         |             |              |
                    +-> raw_events       |         |             |              +-> metering_windows
                                         +---------|-------------+-> rejected_events
                                                   |             |
                                     retractions <-+-> taken_back -> usage_taken_back -> given_back
                                                           +-> retracted_usage
"""

import re
from collections.abc import Sequence
from importlib.resources import files

from pyflink.datastream import DataStream
from pyflink.table import StreamTableEnvironment

from jobs.flink.keying import account_bucket_sql
from jobs.flink.meter_sql import by_meter_sql, is_retractable_sql, quote, shares_sql
from jobs.flink.record_function import register_parsing
from jobs.flink.sections import name_section, open_section
from jobs.settings import KafkaSettings, Settings
from schemas.instant import DAY_US
from schemas.meter import Meter
from udfs.parsing import ParsingRules

PARSING = ("records", "parsed", "events")
_SECTIONS = (*PARSING, "first_seen", "metered", "asked_back", "taken_back")
_ROW_TIMES = {"asked_back": "TO_TIMESTAMP_LTZ(log_ms, 3)"}
_GROUP_ID = "meterclose"
_DISCOVERIES_IN_SLACK, _MIN_DISCOVERY_MS = 5, 100
# Accounts that come late hold no time and lose nothing: usage waits for them.
_ACCOUNTS_DISCOVERY_MS = 60_000
_S_US = 1_000_000
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def read_sql(name: str, **values: str) -> str:
    """Return a text of the plan with its `{{placeholders}}` filled."""
    text = (files("jobs.flink") / "hot_path" / f"{name}.sql").read_text(encoding="utf-8")
    # In one pass: a unit may be called `{{job_version}}`.
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def with_options(options: dict[str, str]) -> str:
    """Return the body of a WITH clause."""
    return ", ".join(f"{quote(key)} = {quote(value)}" for key, value in options.items())


def build_hot_path(
    tables: StreamTableEnvironment, settings: Settings, meters: tuple[Meter, ...]
) -> DataStream:
    """Register all sections of the plan and return the stream of usage rows.

    Args:
        tables: The table environment.
        settings: Topic and rules.
        meters: The configured meters.

    Returns:
        Rows of an account's bucket and a row as `jobs.flink.rows.usage_reader` reads it, one an
        account, meter, dimensions, event window and log window.
    """
    open_hot_path(tables, settings, meters, _SECTIONS)
    return build_usage(tables, settings)


def build_usage(tables: StreamTableEnvironment, settings: Settings) -> DataStream:
    """Return the stream of usage rows of `metered` and `taken_back`, which must be there."""
    _open_windows(tables, settings, "countable", "usage")
    _open_windows(tables, settings, "countable_back", "usage_taken_back")
    tables.execute_sql(f"CREATE TEMPORARY VIEW received_back AS {read_sql('received_back')}")
    log_window = _interval(settings.metering.log_window_s * 1000)
    open_section(tables, "given_back", read_sql("given_back", log_window=log_window))
    tables.execute_sql(f"CREATE TEMPORARY VIEW all_usage AS {read_sql('all_usage')}")
    name_section(tables, "keyed_usage")
    bucket = account_bucket_sql(settings.metering.account_buckets)
    select = read_sql("keyed_usage", account_bucket=bucket)
    return tables.to_data_stream(tables.sql_query(select))


def _open_windows(
    tables: StreamTableEnvironment, settings: Settings, countable: str, name: str
) -> None:
    """Register the section that adds up metered events, or those taken back, by windows."""
    event_window_us = str(settings.metering.event_window_s * _S_US)
    log_window_ms = settings.metering.log_window_s * 1000
    values = {"event_window_us": event_window_us, "log_window_ms": str(log_window_ms)}
    tables.execute_sql(f"CREATE TEMPORARY VIEW {countable} AS {read_sql(countable, **values)}")
    log_window = _interval(log_window_ms)
    select = read_sql("usage", countable=countable, log_window=log_window)
    open_section(tables, name, select)


def windows_query(settings: Settings, meters: tuple[Meter, ...], job_version: str) -> str:
    """Return the query of `metering_windows`; the hot path must be there."""
    return read_sql(
        "metering_windows",
        event_window_s=str(settings.metering.event_window_s),
        aggregation=by_meter_sql({meter.meter_id: meter.aggregation for meter in meters}),
        unit=by_meter_sql({meter.meter_id: meter.unit for meter in meters}),
        job_version=job_version,
    )


def open_hot_path(
    tables: StreamTableEnvironment,
    settings: Settings,
    meters: tuple[Meter, ...],
    sections: Sequence[str],
) -> None:
    """Register the source and the given sections, in the order of the plan."""
    metering = settings.metering
    slack = _interval(metering.watermark_slack_ms)
    options = with_options(_usage_options(settings.kafka, metering.watermark_slack_ms))
    tables.execute_sql(read_sql("usage_log", watermark_slack=slack, options=options))
    register_parsing(tables, parsing_rules(settings, meters))
    open_sections(tables, settings, meters, sections)


def open_sections(
    tables: StreamTableEnvironment,
    settings: Settings,
    meters: tuple[Meter, ...],
    sections: Sequence[str],
) -> None:
    """Register sections, of which each reads those before it."""
    metering = settings.metering
    for section in sections:
        select = read_sql(
            section,
            shares=shares_sql(meters),
            is_retractable=is_retractable_sql(meters),
            horizon=_interval(metering.dedupe_ttl_days * DAY_US // 1000),
        )
        open_section(tables, section, select, _ROW_TIMES.get(section))


def parsing_rules(settings: Settings, meters: tuple[Meter, ...]) -> ParsingRules:
    """Return the rules of parsing as configured."""
    metering = settings.metering
    return ParsingRules(
        meters=meters,
        max_record_bytes=metering.max_record_bytes,
        max_event_skew_us=metering.max_event_skew_s * _S_US,
        max_event_age_us=metering.max_event_age_days * DAY_US,
    )


def build_accounts(tables: StreamTableEnvironment, settings: Settings) -> DataStream:
    """Return the stream of account records with their buckets, as `accounts.sql` selects them."""
    options = _kafka_options(settings.kafka, settings.kafka.accounts_topic, _ACCOUNTS_DISCOVERY_MS)
    options["key.format"] = "raw"
    options["key.fields"] = "account_id"
    options["value.format"] = "raw"
    options["value.fields-include"] = "EXCEPT_KEY"
    options["scan.watermark.idle-timeout"] = "5 s"
    tables.execute_sql(read_sql("accounts_log", options=with_options(options)))
    name_section(tables, "accounts")
    bucket = account_bucket_sql(settings.metering.account_buckets)
    return tables.to_data_stream(tables.sql_query(read_sql("accounts", account_bucket=bucket)))


def _interval(duration_ms: int) -> str:
    """Return the text of an SQL interval DAY TO SECOND(3)."""
    seconds, ms = divmod(duration_ms, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"{day} {hour:02d}:{minute:02d}:{second:02d}.{ms:03d}"


def discovery_ms(watermark_slack_ms: int) -> int:
    """Return how often new partitions of the usage topic are looked for.

    Until a partition is found, log time passes over its records. It stays behind the brokers'
    clock by the slack, so a partition that is found well within that loses nothing.
    """
    return max(_MIN_DISCOVERY_MS, watermark_slack_ms // _DISCOVERIES_IN_SLACK)


def _usage_options(kafka: KafkaSettings, watermark_slack_ms: int) -> dict[str, str]:
    return {
        **_kafka_options(kafka, kafka.usage_topic, discovery_ms(watermark_slack_ms)),
        "key.format": "raw",
        "key.fields": "record_key",
        "value.format": "raw",
        "value.fields-include": "EXCEPT_KEY",
    }


def _kafka_options(kafka: KafkaSettings, topic: str, discovery_ms: int) -> dict[str, str]:
    return {
        "connector": "kafka",
        "topic": topic,
        # A partition added later is read from its start.
        "scan.startup.mode": "earliest-offset",
        "scan.topic-partition-discovery.interval": f"{discovery_ms} ms",
        "properties.group.id": _GROUP_ID,
        **kafka_properties(kafka),
    }


def kafka_properties(kafka: KafkaSettings) -> dict[str, str]:
    """Return the options of SQL that every client of Kafka gets."""
    properties = {f"properties.{name}": kafka.properties[name] for name in sorted(kafka.properties)}
    return {**properties, "properties.bootstrap.servers": kafka.bootstrap_servers}

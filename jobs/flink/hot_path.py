"""The fixed plan of the job up to the keyed stage: from Kafka records to usage rows.

One source and one dedupe, whatever the meters and sinks:

    usage_log -> parsed -> pieces -> shapes -> fields -> timed -> events -> first_seen -> metered
                   |                                               |                     |    |
                   +--> raw_events                                 +-> rejected_events <-+  usage
"""

from importlib.resources import files

from pyflink.datastream import DataStream
from pyflink.table import StreamTableEnvironment

from jobs.flink.meter_sql import event_types_sql, properties_sql, quote, shares_sql
from jobs.flink.sections import name_section, open_section
from jobs.settings import KafkaSettings, Settings
from schemas.heartbeat import HEARTBEAT_TYPE
from schemas.meter import Meter

_SECTIONS = ("parsed", "pieces", "shapes", "fields", "timed", "events", "first_seen", "metered")
_GROUP_ID = "meterclose"
_S_US = 1_000_000
_DAY_US = 86_400 * _S_US
# At most 20 digits before the point and 9 after it, as JSON writes them: a sum of a thousand
# million of them still fits DECIMAL(38, 9). A number with an exponent is compared with itself at
# more decimals, and refused where it has more than nine.
_DECIMAL = r"^-?[0-9]{1,20}(\.[0-9]{1,9})?\z"
_SCIENTIFIC = r"^-?[0-9](\.[0-9]{1,18})?E(\+?(1[0-9]|[0-9])|-[1-9])\z"


def read_sql(name: str, **values: str) -> str:
    """Return a text of the plan with its `{{placeholders}}` filled."""
    text = (files("jobs.flink") / "hot_path" / f"{name}.sql").read_text(encoding="utf-8")
    for placeholder, value in values.items():
        text = text.replace("{{" + placeholder + "}}", value)
    return text


def with_options(options: dict[str, str]) -> str:
    """Return the body of a WITH clause."""
    return ", ".join(f"{quote(key)} = {quote(value)}" for key, value in options.items())


def build_hot_path(
    tables: StreamTableEnvironment, settings: Settings, meters: tuple[Meter, ...]
) -> DataStream:
    """Register the sections of the plan and return the stream of usage rows.

    Args:
        tables: The table environment.
        settings: Topic and rules.
        meters: The configured meters.

    Returns:
        Rows as `jobs.flink.rows.read_usage` expects them, one an account, meter, dimensions,
        event minute and log window.
    """
    metering = settings.metering
    tables.execute_sql(
        read_sql(
            "usage_log",
            watermark_slack=_interval(metering.watermark_slack_ms),
            options=with_options(_usage_options(settings.kafka)),
        )
    )
    values = {
        "max_record_bytes": str(metering.max_record_bytes),
        "heartbeat_type": HEARTBEAT_TYPE,
        "max_event_skew_us": str(metering.max_event_skew_s * _S_US),
        "max_event_age_us": str(metering.max_event_age_days * _DAY_US),
        "event_types": event_types_sql(meters),
        "properties": properties_sql(meters),
        "shares": shares_sql(meters),
        "decimal_form": _DECIMAL,
        "scientific_form": _SCIENTIFIC,
    }
    for section in _SECTIONS:
        open_section(tables, section, read_sql(section, **values))
    tables.execute_sql(f"CREATE TEMPORARY VIEW countable AS {read_sql('countable')}")
    name_section(tables, "usage")
    usage = tables.sql_query(read_sql("usage", log_window=_interval(metering.log_window_s * 1000)))
    return tables.to_data_stream(usage)


def build_accounts(tables: StreamTableEnvironment, kafka: KafkaSettings) -> DataStream:
    """Return the stream of account records, rows as `accounts.sql` selects them."""
    options = _kafka_options(kafka, kafka.accounts_topic)
    options["key.format"] = "raw"
    options["key.fields"] = "account_id"
    options["value.format"] = "raw"
    options["value.fields-include"] = "EXCEPT_KEY"
    options["scan.watermark.idle-timeout"] = "5 s"
    tables.execute_sql(read_sql("accounts_log", options=with_options(options)))
    name_section(tables, "accounts")
    return tables.to_data_stream(tables.sql_query(read_sql("accounts")))


def _interval(duration_ms: int) -> str:
    """Return the text of an SQL interval DAY TO SECOND(3)."""
    seconds, ms = divmod(duration_ms, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"{day} {hour:02d}:{minute:02d}:{second:02d}.{ms:03d}"


def _usage_options(kafka: KafkaSettings) -> dict[str, str]:
    return {
        **_kafka_options(kafka, kafka.usage_topic),
        "key.format": "raw",
        "key.fields": "record_key",
        "value.format": "raw",
        "value.fields-include": "EXCEPT_KEY",
    }


def _kafka_options(kafka: KafkaSettings, topic: str) -> dict[str, str]:
    properties = {f"properties.{name}": kafka.properties[name] for name in sorted(kafka.properties)}
    return {
        "connector": "kafka",
        "topic": topic,
        # A partition added later is read from its start.
        "scan.startup.mode": "earliest-offset",
        "scan.topic-partition-discovery.interval": "1 min",
        "properties.group.id": _GROUP_ID,
        **properties,
        "properties.bootstrap.servers": kafka.bootstrap_servers,
    }

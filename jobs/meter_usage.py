"""The metering job: Kafka records to closed usage and corrections in Iceberg.

python -m jobs.meter_usage --settings config/demo.yaml
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pyflink.common import Types
from pyflink.datastream import DataStream
from pyflink.table import StreamTableEnvironment

from iceberg import tables as declared
from jobs import VERSION
from jobs.create_topics import TopicError, check_topics
from jobs.flink.environment import open_environment
from jobs.flink.hot_path import build_accounts, build_hot_path, read_sql
from jobs.flink.period_function import (
    CORRECTIONS,
    EXPIRED,
    REFUSED_ACCOUNTS,
    UNASSIGNED,
    MeterPeriods,
)
from jobs.flink.rows import CLOSED_USAGE
from jobs.flink.sinks import IcebergSinks
from jobs.kafka_clients import KafkaUnreachableError
from jobs.settings import Settings, SettingsError, load_meters, load_settings
from schemas.meter import Meter
from udfs.metering import MeteringRules

_S_US = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Check everything the job needs, then run it until it is stopped."""
    parser = argparse.ArgumentParser(prog="meter_usage", description=__doc__)
    parser.add_argument("--settings", type=Path, required=True, help="the settings file")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(options.settings, os.environ)
        meters = load_meters(settings.metering.meters_file)
        check_topics(settings.kafka)
    except (SettingsError, TopicError, KafkaUnreachableError) as error:
        print(f"meter_usage: {error}", file=sys.stderr)
        return 2
    stream, tables = open_environment(settings)
    build_job(tables, settings, meters)
    stream.execute("meter_usage")
    return 0


def build_job(
    tables: StreamTableEnvironment, settings: Settings, meters: tuple[Meter, ...]
) -> None:
    """Add the whole job to the environment: hot path, keyed stage and sinks."""
    usage = build_hot_path(tables, settings, meters)
    accounts = build_accounts(tables, settings.kafka)
    closed = meter_periods(usage, accounts, metering_rules(settings, meters))
    sinks = IcebergSinks(tables, settings.catalog)
    sinks.add_query(declared.RAW_EVENTS, read_sql("raw_events"))
    sinks.add_query(declared.REJECTED_EVENTS, read_sql("rejected_events", job_version=VERSION))
    sinks.add_stream(declared.CLOSED_USAGE, closed, VERSION)
    for table, tag in (
        (declared.USAGE_CORRECTIONS, CORRECTIONS),
        (declared.EXPIRED_USAGE, EXPIRED),
        (declared.UNASSIGNED_USAGE, UNASSIGNED),
    ):
        sinks.add_stream(table, closed.get_side_output(tag), VERSION)
    closed.get_side_output(REFUSED_ACCOUNTS).print().name("refused_accounts").uid(
        "refused_accounts"
    )


def metering_rules(settings: Settings, meters: tuple[Meter, ...]) -> MeteringRules:
    """Return the rules of metering as configured."""
    metering = settings.metering
    return MeteringRules(
        meters={meter.meter_id: meter for meter in meters},
        correction_bucket_us=metering.correction_bucket_s * _S_US,
        unknown_account_wait_us=metering.unknown_account_wait_s * _S_US,
        jitter_us=metering.close_jitter_s * _S_US,
    )


def meter_periods(usage: DataStream, accounts: DataStream, rules: MeteringRules) -> DataStream:
    """Return the closed rows; the other outputs are its side outputs."""
    closed = (
        usage.key_by(lambda row: row[0], Types.STRING())
        .connect(accounts.key_by(lambda row: row[0], Types.STRING()))
        .process(MeterPeriods(rules), CLOSED_USAGE)
        .uid("meter_periods")
        .name("meter_periods")
    )
    closed.set_description(
        "Closes the billing periods of each account; corrections, expired and unassigned usage "
        "are side outputs"
    )
    return closed


if __name__ == "__main__":
    sys.exit(main())

"""The whole job: hot path, keyed stage and sinks, wired together."""

from collections.abc import Mapping
from types import MappingProxyType

from pyflink.common.typeinfo import RowTypeInfo
from pyflink.datastream import DataStream
from pyflink.table import StreamTableEnvironment

from iceberg import account_tables
from iceberg import tables as declared
from iceberg.keeping import Reaches
from iceberg.retraction_tables import RETRACTED_USAGE, RETRACTIONS
from iceberg.table import Table
from jobs import VERSION
from jobs.flink.account_rows import REJECTED_ACCOUNTS, TAKEN_ACCOUNTS
from jobs.flink.budget_function import ALERTS, WatchBudgets
from jobs.flink.count_function import CountRows
from jobs.flink.counted_output import COUNTED
from jobs.flink.environment import open_environment
from jobs.flink.hot_path import build_accounts, build_hot_path, read_sql, windows_query
from jobs.flink.keying import keyed_by_bucket, side_output_by_bucket
from jobs.flink.period_function import (
    CORRECTIONS,
    EXPIRED,
    OVERFLOWS,
    UNASSIGNED,
    MeterPeriods,
)
from jobs.flink.rows import ACCOUNT, CLOSED_USAGE, COUNTED_USAGE, RUNNING_TOTAL, USAGE
from jobs.flink.sinks import IcebergSinks, KafkaSinks
from jobs.settings import Settings
from schemas.budget import BudgetAlert
from schemas.meter import Meter
from schemas.running_total import RunningTotal
from udfs.metering import MeteringRules

_S_US = 1_000_000
_NONE: Mapping[str, Reaches] = MappingProxyType({})
_SIDE_OUTPUTS = (
    (declared.USAGE_CORRECTIONS, CORRECTIONS, "corrected_rows"),
    (declared.EXPIRED_USAGE, EXPIRED, "expired_rows"),
    (declared.UNASSIGNED_USAGE, UNASSIGNED, "unassigned_rows"),
    (declared.DIMENSION_OVERFLOWS, OVERFLOWS, "overflowed_meters"),
    (account_tables.ACCOUNTS, TAKEN_ACCOUNTS, "taken_accounts"),
    (account_tables.REJECTED_ACCOUNTS, REJECTED_ACCOUNTS, "rejected_accounts"),
)


def run_job(
    settings: Settings, meters: tuple[Meter, ...], earlier_reaches: Mapping[str, Reaches]
) -> None:
    """Submit the job to the cluster this client is bound to; detached if the client is.

    Args:
        settings: Of the job.
        meters: The configured meters.
        earlier_reaches: See `iceberg.keeping.keep_reaches`.
    """
    stream, tables = open_environment(settings)
    build_job(tables, settings, meters, earlier_reaches)
    stream.execute("meter_usage")


def build_job(
    tables: StreamTableEnvironment,
    settings: Settings,
    meters: tuple[Meter, ...],
    earlier_reaches: Mapping[str, Reaches] = _NONE,
) -> None:
    """Add the whole job to the environment."""
    usage = build_hot_path(tables, settings, meters)
    accounts = build_accounts(tables, settings)
    rules = metering_rules(settings, meters, earlier_reaches)
    has_totals = settings.metering.running_totals
    stage = MeterPeriods(rules, has_totals, settings.metering.dedupe_ttl_days)
    closed = _meter_periods(usage, accounts, stage)
    sinks = IcebergSinks(tables, settings.catalog)
    sinks.add_query(declared.RAW_EVENTS, read_sql("raw_events"))
    sinks.add_query(declared.REJECTED_EVENTS, read_sql("rejected_events", job_version=VERSION))
    sinks.add_query(RETRACTIONS, read_sql("retractions", job_version=VERSION))
    sinks.add_query(RETRACTED_USAGE, read_sql("retracted_usage", job_version=VERSION))
    if settings.metering.keep_windows:
        sinks.add_query(declared.METERING_WINDOWS, windows_query(settings, meters, VERSION))
    counted = _count(closed, declared.CLOSED_USAGE, "closed_rows", CLOSED_USAGE)
    sinks.add_stream(declared.CLOSED_USAGE, counted, VERSION)
    for table, tag, metric in _SIDE_OUTPUTS:
        rows = _count(closed.get_side_output(tag), table, metric, tag.type_info)
        sinks.add_stream(table, rows, VERSION)
    if has_totals:
        _add_totals(_watch_budgets(closed), sinks, KafkaSinks(tables, settings.kafka), settings)


def _add_totals(
    totals: DataStream, tables: IcebergSinks, topics: KafkaSinks, settings: Settings
) -> None:
    """Add the sinks of running totals and of alerts."""
    key = ("account_id", "meter_id", "period_start")
    topics.add_stream(
        settings.kafka.totals_topic, "running_totals", (totals, RunningTotal), key, VERSION
    )
    alerts = totals.get_side_output(ALERTS)
    alerts = _count(alerts, declared.BUDGET_ALERTS, "budget_alerts", ALERTS.type_info)
    tables.add_stream(declared.BUDGET_ALERTS, alerts, VERSION)
    topics.add_stream(
        settings.kafka.alerts_topic, "budget_alerts", (alerts, BudgetAlert), ("row_id",), VERSION
    )


def metering_rules(
    settings: Settings, meters: tuple[Meter, ...], earlier_reaches: Mapping[str, Reaches] = _NONE
) -> MeteringRules:
    """Return the rules of metering as configured."""
    metering = settings.metering
    return MeteringRules(
        meters={meter.meter_id: meter for meter in meters},
        correction_bucket_us=metering.correction_bucket_s * _S_US,
        unknown_account_wait_us=metering.unknown_account_wait_s * _S_US,
        log_window_us=metering.log_window_s * _S_US,
        event_window_us=metering.event_window_s * _S_US,
        jitter_us=metering.close_jitter_s * _S_US,
        account_buckets=metering.account_buckets,
        earlier_reaches=dict(earlier_reaches),
    )


def _meter_periods(usage: DataStream, accounts: DataStream, stage: MeterPeriods) -> DataStream:
    """Return the closed rows; the other outputs are its side outputs."""
    closed = (
        keyed_by_bucket(usage, USAGE)
        .connect(keyed_by_bucket(accounts, ACCOUNT))
        .process(stage, CLOSED_USAGE)
        .uid("meter_periods")
        .name("meter_periods")
    )
    closed.set_description(
        "Closes the billing periods of each account; corrections, expired and unassigned usage "
        "are side outputs"
    )
    return closed


def _watch_budgets(closed: DataStream) -> DataStream:
    """Return the running totals; alerts are their side output."""
    totals = (
        side_output_by_bucket(closed, COUNTED, COUNTED_USAGE)
        .process(WatchBudgets(), RUNNING_TOTAL)
        .uid("watch_budgets")
        .name("watch_budgets")
    )
    totals.set_description(
        "Adds up each account's usage of a meter in a period, log window by log window; alerts "
        "of budgets are a side output"
    )
    return totals


def _count(stream: DataStream, table: Table, metric: str, row_type: RowTypeInfo) -> DataStream:
    counted = stream.map(CountRows(metric), row_type).uid(f"count_{table.name}")
    counted = counted.name(f"count_{table.name}")
    counted.set_description(f"Counts the rows that go to {table.name} (metric {metric})")
    return counted

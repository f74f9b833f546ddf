"""The pricing job: Iceberg in, the pure step for each account, Iceberg out into a branch.

A batch job, which ends. It writes nothing that anyone reads: its charges stand in a branch of their
table, and the program that started it decides whether that becomes the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JJavaError
from pyflink.common import Configuration
from pyflink.datastream import DataStream, StreamExecutionEnvironment
from pyflink.datastream.data_stream import CloseableIterator
from pyflink.table import EnvironmentSettings, StreamTableEnvironment, Table

from iceberg.catalog import flink_catalog_options
from iceberg.charge_tables import CHARGES
from iceberg.table import sql_columns
from iceberg.tables import METERING_WINDOWS
from jobs.flink.class_path import check_class_path
from jobs.flink.hot_path import with_options
from jobs.flink.meter_sql import quote, quote_name
from jobs.flink.pricing_function import OUTCOMES, ChargeAccounts, FindDetailed
from jobs.flink.pricing_rows import GATHERED, SPAN, charge_type, read_refusal
from jobs.flink.pricing_sql import (
    GATHERED_TABLES,
    PricedTables,
    gathered_sql,
    with_windows_sql,
)
from jobs.flink.sections import name_section
from jobs.settings import Settings
from schemas.account_rows import RefusedAccount
from udfs.charging_accounts import PricingRules

_CHOSEN_OPTIONS = {
    # An account is one row, and may be large.
    "python.fn-execution.bundle.size": "1000",
    # Of a cluster in this process, which a job's many exchanges would leave without buffers.
    "taskmanager.memory.managed.size": "512m",
    "taskmanager.memory.network.max": "256m",
    "taskmanager.memory.network.min": "256m",
}
_REQUIRED_OPTIONS = {
    "execution.runtime-mode": "BATCH",
    "pipeline.auto-generate-uids": "true",
    "pipeline.name": "price_usage",
    # A second attempt could commit to the branch what the first one has committed already.
    "restart-strategy.type": "disable",
    "table.exec.iceberg.use-v2-sink": "true",
    "table.exec.uid.generation": "ALWAYS",
    "table.local-time-zone": "UTC",
    # A join that is chosen while the job runs has no uid.
    "table.optimizer.adaptive-broadcast-join.strategy": "NONE",
    "table.optimizer.skewed-join-optimization.strategy": "NONE",
}


class PricingJobError(Exception):
    """The job failed, and nothing of it is in the table; one line."""


@dataclass(frozen=True, slots=True)
class PricingJob:
    """What a job prices, and where it writes.

    Attributes:
        rules: Of the run.
        snapshot_ids: What is read, by name of table; one that is not named has no rows.
        branch: Of the charges, that gets what the job adds.
        has_details: Whether some periods may be priced by their windows.
    """

    rules: PricingRules
    snapshot_ids: Mapping[str, int]
    branch: str
    has_details: bool


@dataclass(frozen=True, slots=True)
class PricedAccounts:
    """What a job has done.

    Attributes:
        accounts: How many were looked at.
        charges: How many stand in the branch.
    """

    accounts: int
    charges: int


def pricing_options(settings: Settings) -> dict[str, str]:
    """Return every Flink option of the job, ordered by name."""
    flink = settings.flink
    own = {
        "execution.batch.adaptive.auto-parallelism.max-parallelism": str(flink.parallelism),
        "parallelism.default": str(flink.parallelism),
        "pipeline.max-parallelism": str(flink.max_parallelism),
        "python.execution-mode": flink.execution_mode.value,
        "table.exec.iceberg.infer-source-parallelism.max": str(flink.parallelism),
    }
    return dict(sorted({**_CHOSEN_OPTIONS, **flink.properties, **_REQUIRED_OPTIONS, **own}.items()))


def run_pricing_job(settings: Settings, job: PricingJob) -> PricedAccounts | RefusedAccount:
    """Run the job to its end, on the cluster that this program is bound to, or in this process.

    Returns:
        What it has done; or which account cannot be charged.

    Raises:
        MissingJarError: Flink lacks a jar.
        PricingJobError: The job failed.
    """
    if job.snapshot_ids.keys().isdisjoint(GATHERED_TABLES):
        return PricedAccounts(0, 0)
    check_class_path(settings.catalog)
    stream, tables = open_batch(settings)
    outcomes = build_pricing_job(tables, settings, job)
    try:
        collected = outcomes._j_data_stream.collectAsync()
        stream.execute("price_usage")
        with CloseableIterator(collected, outcomes.get_type()) as rows:
            ((accounts, charges, refusal),) = rows
    except Py4JJavaError as error:
        raise PricingJobError(
            f"pricing job: expected it to finish, found {_cause(error)}; nothing is charged"
        ) from error
    if refusal is not None:
        return read_refusal(refusal)
    return PricedAccounts(accounts, charges or 0)


def open_batch(settings: Settings) -> tuple[StreamExecutionEnvironment, StreamTableEnvironment]:
    """Return the streaming and the table environment, set up by `pricing_options`."""
    configuration = Configuration()
    for option, value in pricing_options(settings).items():
        configuration.set_string(option, value)
    stream = StreamExecutionEnvironment.get_execution_environment(configuration)
    batch = EnvironmentSettings.new_instance().in_batch_mode().build()
    tables = StreamTableEnvironment.create(stream, batch)
    for option in ("table.exec.uid.generation", "table.local-time-zone"):
        tables.get_config().set(option, _REQUIRED_OPTIONS[option])
    return stream, tables


def build_pricing_job(
    tables: StreamTableEnvironment, settings: Settings, job: PricingJob
) -> DataStream:
    """Add the whole job to the environment; return the stream of its one outcome."""
    catalog = settings.catalog
    options = with_options(flink_catalog_options(catalog))
    tables.execute_sql(f"CREATE CATALOG {quote_name(catalog.name)} WITH ({options})")
    place = f"{quote_name(catalog.name)}.{quote_name(catalog.namespace)}"
    charges = _charge(tables, _gather(tables, PricedTables(place, job.snapshot_ids), job), job)
    tables.create_temporary_view("charge_rows", charges)
    _add_sink(tables, place, job.branch)
    outcomes = charges.get_side_output(OUTCOMES)
    tables.create_temporary_view("outcomes", outcomes)
    name_section(tables, "outcome")
    return tables.to_data_stream(
        tables.sql_query("SELECT COUNT(*), SUM(charges), MIN(refusal) FROM outcomes")
    )


def _gather(tables: StreamTableEnvironment, read: PricedTables, job: PricingJob) -> DataStream:
    """Return the accounts, each with all its rows."""
    name_section(tables, "gather")
    gathered = _stream(tables, tables.sql_query(gathered_sql(read)))
    if not (job.has_details and read.has(METERING_WINDOWS.name)):
        return gathered
    spans = gathered.process(FindDetailed(job.rules), SPAN).uid("find_detailed")
    spans = spans.name("find_detailed")
    spans.set_description("Names the billing periods that are priced window by window")
    tables.create_temporary_view("gathered", gathered)
    tables.create_temporary_view("spans", spans)
    name_section(tables, "gather_windows")
    return _stream(tables, tables.sql_query(with_windows_sql(read, "gathered", "spans")))


def _stream(tables: StreamTableEnvironment, gathered: Table) -> DataStream:
    stream = tables.to_data_stream(gathered)
    # Python's operators do not understand the type that comes from SQL.
    stream._j_data_stream.getTransformation().setOutputType(GATHERED.get_java_type_info())
    return stream


def _charge(tables: StreamTableEnvironment, accounts: DataStream, job: PricingJob) -> DataStream:
    charges = accounts.process(ChargeAccounts(job.rules), charge_type()).uid("charge_accounts")
    charges = charges.name("charge_accounts")
    charges.set_description(
        "Charges each account from all its rows; how many there were, and why one cannot be "
        "charged, are a side output"
    )
    return charges


def _add_sink(tables: StreamTableEnvironment, place: str, branch: str) -> None:
    columns = [
        f"CAST(`{name}` AS {sql_type}) AS `{name}`" for name, sql_type in sql_columns(CHARGES)
    ]
    hint = f"/*+ OPTIONS('uid-suffix' = {quote(CHARGES.name)}, 'branch' = {quote(branch)}) */"
    name_section(tables, f"sink_{CHARGES.name}")
    statements = tables.create_statement_set()
    # Names are those of the declared table, and a branch of ours.
    statements.add_insert_sql(
        f"INSERT INTO {place}.`{CHARGES.name}` {hint}"  # noqa: S608
        f" SELECT {', '.join(columns)} FROM charge_rows"
    )
    statements.attach_as_datastream()


def _cause(error: Any) -> str:
    """Return one line of what a Java error came from; of an error in Python, its last one."""
    cause = error.java_exception
    while cause.getCause() is not None:
        cause = cause.getCause()
    lines = [line for line in str(cause.toString()).splitlines() if line.strip()]
    return " ".join(lines[-1 if "Traceback" in cause.toString() else 0].split())

"""The floor of the job's speed: the same source and parsing, to nowhere. For benchmarks only."""

from jobs.flink.environment import open_environment
from jobs.flink.hot_path import PARSING, open_hot_path
from jobs.flink.sections import name_section
from jobs.settings import Settings
from schemas.meter import Meter


def run_floor(settings: Settings, meters: tuple[Meter, ...]) -> None:
    """Submit a job that parses each record and drops it."""
    stream, tables = open_environment(settings)
    open_hot_path(tables, settings, meters, PARSING)
    name_section(tables, "floor")
    tables.execute_sql(
        "CREATE TEMPORARY TABLE nothing (event_id STRING, reason STRING, event_us BIGINT) "
        "WITH ('connector' = 'blackhole')"
    )
    statements = tables.create_statement_set()
    statements.add_insert_sql("INSERT INTO nothing SELECT event_id, reason, event_us FROM events")
    statements.attach_as_datastream()
    stream.execute("parse_only")

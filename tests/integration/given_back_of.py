"""Runs the plan from the first records of each identity to the keyed stage, and prints its rows.

Run as `given_back_of SETTINGS RECORDS` in the environment of a local Flink; without Kafka. Records
are lists of what `first_seen` selects, a JSON file; the account `known` is known from the start.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pyflink.common import Types
from pyflink.table import DataTypes, Schema, StreamTableEnvironment

from jobs.flink.environment import open_environment
from jobs.flink.hot_path import build_usage, open_sections
from jobs.flink.job import metering_rules
from jobs.flink.keying import account_bucket_sql, keyed_by_bucket
from jobs.flink.period_function import UNASSIGNED, MeterPeriods
from jobs.flink.rows import ACCOUNT, CLOSED_USAGE, USAGE
from jobs.settings import Settings, load_meters, load_settings

TERMS = {
    "account_id": "known",
    "terms": [
        {
            "version": 1,
            "effective_from": "2000-01-01T00:00:00Z",
            "timezone": "UTC",
            "cadence": "month",
            "anchor": "2000-01-01T00:00:00",
            "plan": "standard",
        }
    ],
}
_TEXT, _LONG, _INT = DataTypes.STRING(), DataTypes.BIGINT(), DataTypes.INT()
_COLUMNS = {
    "kafka_partition": _INT,
    "kafka_offset": _LONG,
    "batch_index": _INT,
    "log_ms": _LONG,
    "event_id": _TEXT,
    "event_source": _TEXT,
    "event_type": _TEXT,
    "account_id": _TEXT,
    "event_us": _LONG,
    "shares": DataTypes.ARRAY(_TEXT),
    "retracted_source": _TEXT,
    "retracted_id": _TEXT,
}


def main() -> None:
    """Print usage, closed rows and unassigned usage, one JSON list a line."""
    settings = load_settings(Path(sys.argv[1]), {})
    _, tables = open_environment(settings)
    _read_records(tables, json.loads(Path(sys.argv[2]).read_text()))
    meters = load_meters(settings.metering.meters_file)
    open_sections(tables, settings, meters, ("metered", "asked_back", "taken_back"))
    usage = build_usage(tables, settings)
    rules = metering_rules(settings, meters)
    stage = MeterPeriods(rules, False, settings.metering.dedupe_ttl_days)
    closed = (
        keyed_by_bucket(usage, USAGE)
        .connect(keyed_by_bucket(_accounts(tables, settings), ACCOUNT))
        .process(stage, CLOSED_USAGE)
    )
    tells: list[tuple[str, Any]] = [
        ("closed", closed),
        ("unassigned", closed.get_side_output(UNASSIGNED)),
    ]
    told = [_told(name, rows) for name, rows in tells]
    windows = tables.to_data_stream(tables.sql_query("SELECT * FROM all_usage"))
    told.append(_told("usage", windows))
    for line in told[0].union(*told[1:]).execute_and_collect():
        print(line, flush=True)


def _told(name: str, rows: Any) -> Any:
    return rows.map(lambda row: json.dumps([name, *map(str, row)]), output_type=Types.STRING())


def _read_records(tables: StreamTableEnvironment, records: list[list[Any]]) -> None:
    row_type = DataTypes.ROW([DataTypes.FIELD(name, kind) for name, kind in _COLUMNS.items()])
    values = tables.from_elements([tuple(record) for record in records], row_type)
    stream = tables.to_data_stream(values)
    schema = (
        Schema.new_builder()
        .column_by_expression("row_time", "TO_TIMESTAMP_LTZ(log_ms, 3)")
        .watermark("row_time", "row_time - INTERVAL '5' SECOND")
        .build()
    )
    tables.create_temporary_view("first_seen", stream, schema)


def _accounts(tables: StreamTableEnvironment, settings: Settings) -> Any:
    """Return the one record of the accounts topic, as `accounts.sql` selects it."""
    bucket = account_bucket_sql(settings.metering.account_buckets)
    values = f"'known', '{json.dumps(TERMS)}', CAST(0 AS INT), CAST(0 AS BIGINT)"
    names = "account_id, terms, kafka_partition, kafka_offset, log_ms"
    told = f"(VALUES ({values}, CAST(0 AS BIGINT))) AS told ({names})"
    select = f"SELECT {bucket}, ROW({names}) FROM {told}"  # noqa: S608 - texts of ours
    return tables.to_data_stream(tables.sql_query(select))


if __name__ == "__main__":
    main()

"""Tables as the metering job leaves them, of as many usage rows as are asked for, to be priced."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml
from pyiceberg.catalog import Catalog

from iceberg.account_tables import ACCOUNTS
from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.cutting import CUT_TABLES
from iceberg.pricing_tables import CONTRACTS
from iceberg.table import Table
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS, USAGE_CORRECTIONS
from iceberg.writing import append_tables
from jobs import VERSION
from jobs.load_rate_cards import load_prices
from jobs.settings import Settings, load_settings
from schemas.contract import Contract
from schemas.instant import to_us
from schemas.manual_act import Decision
from schemas.plain_form import content_fingerprint, encode_shape

ROWS_PER_ACCOUNT = 20
"""Two months of ten rows: calls in five regions, tokens of three models, storage and peak."""

_FIRST = datetime(2026, 9, 1, 4, tzinfo=UTC)
_UNTIL = datetime(2026, 11, 10, tzinfo=UTC)
_LOADED = datetime(2026, 8, 1, tzinfo=UTC)
_BATCH_ROWS = 500_000
_CHECKPOINT = "flink.max-committed-checkpoint-id"
_SETTINGS = {
    "kafka": {"bootstrap_servers": "broker:9092", "partitions": 1},
    "catalog": {"uri": "catalog.db", "warehouse": "warehouse"},
    "metering": {"meters_file": "meters.yaml"},
    "flink": {"checkpoint_dir": "checkpoints"},
}
_UNITS = {"calls": "call", "tokens": "token", "storage": "GB-hour", "peak": "GB"}
_DIMENSIONS = {"calls": ["region"], "tokens": ["kind"]}
_METERS = [
    {
        "meter": meter,
        "event_type": f"{meter}.used",
        "aggregation": "max" if meter == "peak" else "sum",
        "unit": unit,
        "property": "quantity",
        "dimensions": _DIMENSIONS.get(meter, []),
    }
    for meter, unit in _UNITS.items()
]
_PRICES = [
    {
        "price_id": "calls",
        "meter_id": "calls",
        "product": "api",
        "model": {
            "type": "graduated",
            "tiers": [{"up_to": 10000, "unit_price": "0.002"}, {"unit_price": "0.0015"}],
        },
        "free_units": 1000,
    },
    {
        "price_id": "tokens",
        "meter_id": "tokens",
        "product": "models",
        "model": {
            "type": "matrix",
            "cells": [{"values": {"kind": "k0"}, "unit_price": "0.0000125"}],
            "default": "0.00000375",
        },
        "group_by": ["kind"],
    },
    {
        "price_id": "storage",
        "meter_id": "storage",
        "product": "storage",
        "model": {"type": "per_unit", "unit_price": "0.000031"},
    },
    {
        "price_id": "peak",
        "meter_id": "peak",
        "product": "storage",
        "model": {"type": "package", "size": 100, "price": "4.50"},
    },
]
_CARDS = {
    "rate_cards": [
        {
            "card_id": "standard",
            "currency": "USD",
            "version": 1,
            "effective_from": "2026-01-01T00:00:00Z",
            "prices": _PRICES,
            "fees": [{"fee_id": "platform", "product": "platform", "amount": 29}],
        }
    ]
}
_CONTRACT = {
    "account_id": "a00000000",
    "version": 1,
    "effective_from": "2026-09-01T04:00:00Z",
    "currency": "USD",
}
_TERMS = {
    "version": 1,
    "effective_from": "2026-09-01T04:00:00Z",
    "timezone": "America/New_York",
    "cadence": "month",
    "anchor": "2026-09-01",
    "plan": "standard",
}
# The ten rows of an account and month; the months are those of New York.
_USAGE = """
    SELECT format('a{:08d}', row // 20) AS account_id, row % 20 // 10 AS month, row % 10 AS place,
        CASE WHEN place < 5 THEN 'calls' WHEN place < 8 THEN 'tokens'
            WHEN place = 8 THEN 'storage' ELSE 'peak' END AS meter_id,
        CASE WHEN place < 5 THEN format('{{"region":"r{}"}}', place)
            WHEN place < 8 THEN format('{{"kind":"k{}"}}', place - 5) ELSE '{}' END AS dimensions,
        make_timestamptz(2026, 9 + month::INT, 1, 0, 0, 0, 'America/New_York') AS period_start,
        make_timestamptz(2026, 10 + month::INT, 1, 0, 0, 0, 'America/New_York') AS period_end,
        'America/New_York' AS timezone,
        CASE WHEN place = 9 THEN 'max' ELSE 'sum' END AS aggregation,
        ((hash(row) % 10000000)::DECIMAL(20, 0)
            * CASE WHEN place = 9 THEN 0.0001 ELSE 0.001 END)::DECIMAL(38, 9) AS quantity,
        CASE WHEN place < 5 THEN 'call' WHEN place < 8 THEN 'token'
            WHEN place = 8 THEN 'GB-hour' ELSE 'GB' END AS unit,
        100 AS event_count, 0 AS revision, period_end + INTERVAL 2 DAY AS cut,
        period_start AS first_event_time, period_start AS last_event_time,
        period_start AS first_log_time, period_start AS last_log_time,
        1 AS terms_version, ? AS job_version, md5(row::VARCHAR) AS row_id
    FROM range(?, ?) AS rows(row)
"""
# One row in a hundred was corrected once, by one unit more.
_CORRECTED = """
    SELECT * REPLACE (1 AS revision, quantity + 1 AS quantity, 101 AS event_count,
            md5(row_id) AS row_id),
        row_id AS corrected_row_id, 1::DECIMAL(38, 9) AS quantity_delta, 1 AS event_count_delta,
        cut + INTERVAL 1 HOUR AS correction_end
    FROM usage WHERE hash(row_id) % 100 = 0 AND aggregation = 'sum'
"""


def make_world(folder: Path, rows: int) -> Path:
    """Make tables with usage, contracts and prices; return the path of the settings.

    Args:
        folder: Everything goes into it.
        rows: Of closed usage; one account has `ROWS_PER_ACCOUNT`.
    """
    folder.mkdir(parents=True)
    for name, content in (
        ("settings", _SETTINGS),
        ("meters", {"meters": _METERS}),
        ("cards", _CARDS),
        ("contracts", {"contracts": [_CONTRACT]}),
    ):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    settings = load_settings(folder / "settings.yaml", {})
    catalog = open_catalog(settings.catalog)
    make_tables(catalog, settings.catalog.namespace)
    files = str(folder / "cards.yaml"), str(folder / "contracts.yaml")
    load_prices(settings, *files, Decision("benchmark", "its world"), lambda: to_us(_LOADED))
    _fill(catalog, settings, rows)
    return folder / "settings.yaml"


def _fill(catalog: Catalog, settings: Settings, rows: int) -> None:
    namespace = settings.catalog.namespace
    accounts = rows // ROWS_PER_ACCOUNT
    for number in (1, 2):
        for table in CUT_TABLES:
            _checkpoint(catalog, namespace, table, number)
        if number == 1:
            _append(catalog, namespace, RAW_EVENTS, iter([[_last_event()]]))
    _append(catalog, namespace, ACCOUNTS, _batches(0, accounts, _account_row))
    # The first account's stands in the file.
    _append(catalog, namespace, CONTRACTS, _batches(1, accounts, _contract_row))
    with duckdb.connect() as usage:
        usage.execute("SET TimeZone = 'UTC'")
        for table, sql in ((CLOSED_USAGE, "FROM usage"), (USAGE_CORRECTIONS, _CORRECTED)):
            existing = catalog.load_table((namespace, table.name))
            schema = existing.schema().as_arrow()
            append_tables(existing, table, _usage_batches(usage, sql, rows, schema))


def _usage_batches(
    usage: duckdb.DuckDBPyConnection, sql: str, rows: int, schema: pa.Schema
) -> Iterator[pa.Table]:
    for first in range(0, rows, _BATCH_ROWS):
        until = min(first + _BATCH_ROWS, rows)
        usage.execute(f"CREATE OR REPLACE TABLE usage AS {_USAGE}", [VERSION, first, until])
        found = usage.sql(sql).to_arrow_table()
        columns = [
            found.column(field.name).cast(field.type)
            if field.name in found.column_names
            else pa.nulls(len(found), field.type)
            for field in schema
        ]
        yield pa.Table.from_arrays(columns, schema=schema)


def _batches(since: int, until: int, row_of: Any) -> Iterator[list[dict[str, object]]]:
    for first in range(since, until, _BATCH_ROWS):
        yield [row_of(number) for number in range(first, min(first + _BATCH_ROWS, until))]


def _account_row(number: int) -> dict[str, object]:
    account_id = f"a{number:08d}"
    return {
        "account_id": account_id,
        "kafka_partition": 0,
        "kafka_offset": number,
        "log_time": _LOADED,
        "terms": json.dumps({"account_id": account_id, "terms": [_TERMS]}),
        "job_version": VERSION,
    }


def _contract_row(number: int) -> dict[str, object]:
    contract = Contract(f"a{number:08d}", 1, to_us(_FIRST), None, "USD")
    content = encode_shape(contract)
    return {
        "account_id": contract.account_id,
        "version": 1,
        "effective_from": _FIRST,
        "content": content,
        "fingerprint": content_fingerprint(content),
        "loaded_at": _LOADED,
        "job_version": VERSION,
    }


def _last_event() -> dict[str, object]:
    """Return the record up to whose log time all usage is complete."""
    place = {"kafka_partition": 0, "kafka_offset": 0, "log_time": _UNTIL, "payload": b"{}"}
    return {name: place.get(name) for name in RAW_EVENTS.names} | {"job_version": VERSION}


def _append(
    catalog: Catalog, namespace: str, table: Table, batches: Iterator[list[dict[str, object]]]
) -> None:
    existing = catalog.load_table((namespace, table.name))
    schema = existing.schema().as_arrow()
    append_tables(existing, table, (pa.Table.from_pylist(rows, schema=schema) for rows in batches))


def _checkpoint(catalog: Catalog, namespace: str, table: Table, number: int) -> None:
    """Commit as a sink without rows does at a checkpoint."""
    with (
        catalog.load_table((namespace, table.name)).transaction() as transaction,
        transaction.update_snapshot(snapshot_properties={_CHECKPOINT: str(number)}).fast_append(),
    ):
        pass

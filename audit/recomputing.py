"""Works out from the archive alone what the tables must hold: in SQL, with exact numbers.

A second code path beside the job: records are read by `audit.judging`, periods by `audit.periods`,
and all that brings events together (repeats, retractions, log windows, cuts, correction buckets,
limits of dimensions, ten of eleven aggregations) is DuckDB's SQL in `audit/sql`. Levels over time
come from `audit.levels`: their rows depend on all periods before, for which SQL is no good.
Quantities are whole billionths in HUGEINT, instants whole microseconds; nothing is ever a float.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa

from audit.alerting import add_alerts
from audit.budgets import OracleBudget
from audit.counting import Clocks
from audit.judging import EPOCH, Limits
from audit.loading import insert_rows
from audit.periods import stretches_of
from audit.reading import read_archive
from audit.recomputing_levels import add_level_rows
from audit.shapes import OracleMeter, OracleTerms

_SQL = Path(__file__).parent / "sql"
_US = timedelta(microseconds=1)
_LIFE = timedelta(days=3 * 366)
_ACCOUNTS = pa.schema([("account_id", pa.string()), ("known_us", pa.int64())])
_STRETCHES = pa.schema(
    [
        ("account_id", pa.string()),
        ("start_us", pa.int64()),
        ("end_us", pa.int64()),
        ("timezone", pa.string()),
        ("terms_version", pa.int32()),
        ("why_not", pa.string()),
    ]
)


@dataclass(frozen=True)
class Rules:
    """What usage is metered by.

    Attributes:
        meters: The configured ones.
        accounts: Each with the terms that were accepted.
        clocks: The settings about log time, and how far it got.
        limits: What is refused.
        known_at: Log time at which an account became known; those that are missing always were.
        budgets: By account.
    """

    meters: Sequence[OracleMeter]
    accounts: Mapping[str, Sequence[OracleTerms]]
    clocks: Clocks
    limits: Limits = field(default_factory=Limits)
    known_at: Mapping[str, datetime] | None = None
    budgets: Mapping[str, Sequence[OracleBudget]] = field(default_factory=dict)


def recompute(
    rows: duckdb.DuckDBPyConnection,
    archive: Iterable[pa.RecordBatch],
    rules: Rules,
    buckets: int = 1,
) -> None:
    """Leave what the tables must hold in the connection.

    Tables: `audit_records`, the fate of each record and event; `audit_usage`, where each counted
    event and meter ended; `audit_rows`, the closed rows and corrections; `audit_shares`, what each
    meter reads of each event, refusals included; `audit_windows`, usage by log window, and whether
    it ended in a period, expired or unassigned; `audit_overflows` and `audit_alerts`, which limits
    of dimensions and thresholds of budgets were reached; `audit_repeated_places`, places that the
    archive has more than once. Columns: `audit/sql/tables.sql`, `audit/sql/records.sql`.

    Args:
        rows: A DuckDB connection; one with a file and a memory limit holds more than fits.
        archive: Batches of raw_events, in any order: kafka_partition, kafka_offset, log_time and
            payload.
        rules: What usage is metered by.
        buckets: In how many lots of accounts usage is worked out: one lot's is held at a time.
    """
    judge_records(rows, archive, rules)
    meter_usage(rows, rules, buckets)


def judge_records(
    rows: duckdb.DuckDBPyConnection, archive: Iterable[pa.RecordBatch], rules: Rules
) -> None:
    """Read the archive: `audit_records`, `audit_shares`, `audit_repeated_places`."""
    rows.execute("SET TimeZone = 'UTC'")
    rows.execute(sql_of("tables"))
    read_archive(rows, archive, rules.meters, rules.limits)
    rows.execute(sql_of("records"))


def meter_usage(rows: duckdb.DuckDBPyConnection, rules: Rules, buckets: int = 1) -> None:
    """Work out `audit_usage` and `audit_rows` from `audit_records` and `audit_shares`."""
    _load_rules(rows, rules)
    rows.execute(sql_of("retracted"))
    for bucket in range(buckets):
        rows.execute(sql_of("units"), {"buckets": buckets, "bucket": bucket})
        _load_stretches(rows, rules)
        for name in ("placed", "states", "rows"):
            rows.execute(sql_of(name))
        add_level_rows(rows, rules.meters, rules.accounts, rules.clocks)
        rows.execute(sql_of("usage"))
    rows.execute(sql_of("windows"))
    add_alerts(rows, rules.budgets)


def sql_of(name: str) -> str:
    """Return one of the texts in `audit/sql`."""
    return (_SQL / f"{name}.sql").read_text()


def _load_rules(rows: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    clocks = rules.clocks
    instants = (
        clocks.watermark - EPOCH,
        clocks.log_window,
        clocks.event_window,
        clocks.correction_bucket,
        clocks.unknown_account_wait,
    )
    for name in ("clocks", "meters", "accounts", "rows", "usage", "overflows", "alerts"):
        rows.execute(f"TRUNCATE audit_{name}")
    rows.execute("INSERT INTO audit_clocks VALUES (?, ?, ?, ?, ?)", [i // _US for i in instants])
    for meter in rules.meters:
        names = dict.fromkeys(meter.dimensions, "__overflow__")
        rows.execute(
            "INSERT INTO audit_meters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                meter.meter_id,
                meter.event_type,
                meter.aggregation,
                meter.unit,
                meter.grace_s * 1_000_000,
                meter.horizon_s * 1_000_000,
                meter.max_dimensions,
                meter.retractable,
                int(Decimal(meter.percentile) * 10**9) if meter.percentile else None,
                [*meter.bounds],
                json.dumps(names, separators=(",", ":"), ensure_ascii=False),
            ],
        )
    known_at = rules.known_at or {}
    known = [
        (account_id, (known_at.get(account_id, EPOCH) - EPOCH) // _US)
        for account_id in sorted(rules.accounts)
    ]
    insert_rows(rows, "audit_accounts", _ACCOUNTS, known)


def _load_stretches(rows: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Put the life of each account with usage into `audit_stretches`, as far as usage goes."""
    used = rows.execute(
        "SELECT account_id, max(window_start_us) FROM units GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    found = []
    for account_id, last_us in used:
        if not rules.accounts.get(account_id):
            continue
        # By whole years, so that accounts of the same terms ask for the same.
        last = EPOCH + last_us * _US + _LIFE
        until = datetime(last.year, 1, 1, tzinfo=UTC)
        found += [
            (
                account_id,
                (each.start - EPOCH) // _US,
                (each.end - EPOCH) // _US,
                each.terms.timezone,
                each.terms.version,
                each.why_not,
            )
            for each in stretches_of(rules.accounts[account_id], until)
        ]
    rows.execute("TRUNCATE audit_stretches")
    insert_rows(rows, "audit_stretches", _STRETCHES, found)

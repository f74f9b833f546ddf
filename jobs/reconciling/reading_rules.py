"""The audit's rules, from the settings and from the accounts as the job took them."""

import json
from datetime import datetime, timedelta
from typing import Any

from duckdb import DuckDBPyConnection

from audit.budgets import OracleBudget, budgets_of
from audit.counting import Clocks
from audit.judging import EPOCH, Limits
from audit.recomputing import Rules
from audit.shapes import read_meters, read_terms
from jobs.settings import Settings

_LAST_TERMS = """
    SELECT account_id, arg_max(terms, (kafka_partition, kafka_offset)) FROM accounts
    GROUP BY ALL ORDER BY ALL
"""
# When a waiting event's account was told of is no matter of the usage log alone: the job may have
# been started later than both, and then it read the accounts first. Where the log leaves it open,
# what the job says of unknown accounts decides; usage must then be in its rows, to the last event.
_KNOWN_AT = """
    WITH told AS (
        SELECT account_id, epoch_us(min(log_time)) AS told_us FROM accounts GROUP BY ALL
    ), waited AS (
        SELECT account_id, epoch_us(max(log_window_end)) + $1 AS waited_us
        FROM unassigned_usage
        WHERE reason = 'unknown_account' AND NOT ifnull(is_retraction, false) GROUP BY ALL
    )
    SELECT account_id, least(told_us, waited_us) FROM told JOIN waited USING (account_id)
    ORDER BY ALL
"""


def read_rules(rows: DuckDBPyConnection, settings: Settings) -> Rules:
    """Return what usage is metered by; the watermark is yet to be found.

    Args:
        rows: With the tables accounts and unassigned_usage as they were found.
        settings: The job's.
    """
    metering = settings.metering
    clocks = Clocks(
        watermark=EPOCH,
        log_window=timedelta(seconds=metering.log_window_s),
        event_window=timedelta(seconds=metering.event_window_s),
        correction_bucket=timedelta(seconds=metering.correction_bucket_s),
        unknown_account_wait=timedelta(seconds=metering.unknown_account_wait_s),
    )
    limits = Limits(
        max_record_bytes=metering.max_record_bytes,
        max_age=timedelta(days=metering.max_event_age_days),
        max_skew=timedelta(seconds=metering.max_event_skew_s),
    )
    known = rows.execute(_KNOWN_AT, [metering.unknown_account_wait_s * 1_000_000]).fetchall()
    records = _read_accounts(rows)
    return Rules(
        meters=read_meters(metering.meters_file),
        accounts={name: read_terms(record["terms"]) for name, record in records.items()},
        clocks=clocks,
        limits=limits,
        known_at={account_id: instant_of(at_us) for account_id, at_us in known},
        budgets={name: budgets_of(record) for name, record in records.items()}
        if metering.running_totals
        else {},
    )


def read_unjudged(rows: DuckDBPyConnection, settings: Settings) -> list[tuple[str, str]]:
    """Return the accounts and meters whose alerts the usage log alone does not tell.

    A budget that changes is judged with the next usage that the job takes, which is no matter of
    one log. Without running totals there are no alerts but those of before.

    Args:
        rows: With the tables accounts and budget_alerts as they were found.
        settings: The job's.
    """
    if not settings.metering.running_totals:
        return rows.execute("SELECT DISTINCT account_id, meter_id FROM budget_alerts").fetchall()
    told: dict[str, list[dict[str, OracleBudget]]] = {}
    for account_id, terms in rows.execute("SELECT account_id, terms FROM accounts").fetchall():
        own = {each.meter_id: each for each in budgets_of(json.loads(terms))}
        told.setdefault(account_id, []).append(own)
    return sorted(
        (account_id, meter_id)
        for account_id, each in told.items()
        for meter_id in {name for own in each for name in own}
        if len({own.get(meter_id) for own in each}) > 1
    )


def _read_accounts(rows: DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """Return each account's last record."""
    found = rows.execute(_LAST_TERMS).fetchall()
    return {account_id: json.loads(terms) for account_id, terms in found}


def read_watermark(rows: DuckDBPyConnection, settings: Settings) -> datetime:
    """Return the log time that the job can have reached: that of the partition least far on.

    Args:
        rows: With `audit_read`, which `audit.recomputing.judge_records` leaves.
        settings: The job's.
    """
    found = rows.execute(
        "SELECT kafka_partition, max(log_us) FROM audit_read GROUP BY ALL"
    ).fetchall()
    last_us = [at_us for _, at_us in found]
    if len(last_us) < settings.kafka.partitions:
        return EPOCH
    return instant_of(min(last_us) - settings.metering.watermark_slack_ms * 1000)


def instant_of(at_us: int) -> datetime:
    """Return an instant of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at_us)

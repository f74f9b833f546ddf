"""Holds the tables of a run against the oracle's recompute of its raw_events, to the last bit."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from audit.budgets import read_budgets
from audit.shapes import (
    Closed,
    Correction,
    Expired,
    Overflow,
    RawRecord,
    RetractedUsage,
    Retraction,
    Unassigned,
    Window,
    read_accounts,
    read_meters,
)
from tests.oracle.budgets import Alert
from tests.oracle.recompute import Clocks, Expected, final_watermark, recompute

Rows = list[dict[str, Any]]

_SHAPES = {
    "closed_usage": Closed,
    "usage_corrections": Correction,
    "expired_usage": Expired,
    "unassigned_usage": Unassigned,
    "metering_windows": Window,
    "dimension_overflows": Overflow,
    "retractions": Retraction,
    "retracted_usage": RetractedUsage,
    "budget_alerts": Alert,
}


def records_of(raw_events: Rows) -> list[RawRecord]:
    """Return the rows of raw_events as the oracle reads them."""
    return [
        RawRecord(
            row["kafka_partition"],
            row["kafka_offset"],
            round(row["log_time"].timestamp() * 1000),
            row["payload"],
        )
        for row in raw_events
    ]


def expected_of(
    records: list[RawRecord],
    config: Path,
    *,
    partitions: int = 4,
    slack_ms: int = 5000,
    event_window_s: int = 60,
    log_window_s: int = 10,
) -> Expected:
    """Return what the tables must hold once the job has read all records."""
    clocks = Clocks(
        final_watermark(records, partitions, slack_ms),
        log_window=timedelta(seconds=log_window_s),
        event_window=timedelta(seconds=event_window_s),
    )
    meters, accounts = read_meters(config / "meters.yaml"), config / "accounts.yaml"
    budgets = read_budgets(accounts)
    return recompute(records, meters, read_accounts(accounts), clocks, budgets=budgets)


def find_differences(tables: Mapping[str, Rows], expected: Expected) -> dict[str, list[str]]:
    """Return each row that is in the tables and not expected, or the reverse.

    Args:
        tables: All rows of each table by its name.
        expected: The oracle's answer.

    Returns:
        Lines that begin with `unexpected` or `missing`, by table; empty if all is equal.
    """
    wanted: dict[str, Counter[Any]] = {
        "closed_usage": Counter(expected.closed),
        "usage_corrections": Counter(expected.corrections),
        "expired_usage": Counter(expected.expired),
        "unassigned_usage": Counter(expected.unassigned),
        "metering_windows": Counter(expected.windows),
        "dimension_overflows": Counter(expected.overflows),
        "retractions": Counter(expected.retractions),
        "retracted_usage": Counter(expected.retracted),
        "budget_alerts": Counter(expected.alerts),
        "rejected_events": Counter(
            [
                (f.partition, f.offset, f.index, None, f.reason, f.payload)
                for f in expected.fates
                if f.reason
            ]
            + [
                (r.partition, r.offset, r.index, r.meter_id, r.reason, None)
                for r in expected.meter_rejects
            ]
        ),
        "raw_events": Counter((f.partition, f.offset) for f in expected.fates if f.index is None),
    }
    found: dict[str, Counter[Any]] = {
        name: Counter(shape(**{f.name: row[f.name] for f in fields(shape)}) for row in tables[name])
        for name, shape in _SHAPES.items()
    }
    found["rejected_events"] = Counter(
        tuple(
            row[name]
            for name in (
                *("kafka_partition", "kafka_offset", "batch_index"),
                *("meter_id", "reason", "payload"),
            )
        )
        for row in tables["rejected_events"]
    )
    found["raw_events"] = Counter(
        (row["kafka_partition"], row["kafka_offset"]) for row in tables["raw_events"]
    )
    return {
        name: lines
        for name in wanted
        if (
            lines := [f"unexpected {row}" for row in (found[name] - wanted[name]).elements()]
            + [f"missing {row}" for row in (wanted[name] - found[name]).elements()]
        )
    }

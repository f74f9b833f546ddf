"""Wires the second opinion: archive, meters and accounts in, recomputed usage out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import duckdb

from audit.counting import Clocks
from audit.judging import EPOCH, Limits
from audit.recomputing import Rules, judge_records, meter_usage
from audit.shapes import OracleTerms, read_meters, read_terms
from iceberg.archives import Archive
from jobs.pricing.pricing_rules import late_us
from jobs.settings import Settings, load_meters

_US = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Usage as the archive has it, beside the tables of usage at the same cut.

    Attributes:
        rows: Has `audit_records`, `audit_usage`, `audit_rows`, and the tables of usage.
        snapshot_ids: What was read, by name of table.
        until: Log time up to which both are complete: what is due later is not looked at.
    """

    rows: duckdb.DuckDBPyConnection
    snapshot_ids: dict[str, int]
    until: datetime


@contextmanager
def recomputed_usage(
    catalog: Any, settings: Settings, as_of: int | None = None
) -> Iterator[Recomputed]:
    """Work out all usage again, as of a cut.

    Args:
        catalog: Has the tables.
        settings: Name meters and clocks.
        as_of: Snapshot of `raw_events`, or a checkpoint; None: the newest cut.

    Raises:
        SettingsError: The meters file is wrong.
        BrokenRowsError: Two rows of one identity differ.
        UnknownSnapshotError: There is no such snapshot.
    """
    load_meters(settings.metering.meters_file)  # the audit takes the file as right
    archive = Archive(catalog, settings.catalog.namespace, settings.kafka.partitions, as_of)
    with duckdb.connect() as rows:
        archive.load_usage(rows)
        rules = _rules(archive, settings)
        judge_records(rows, archive.batches(), rules)
        until = _until(archive, rows, settings)
        meter_usage(rows, replace(rules, clocks=replace(rules.clocks, watermark=until)))
        yield Recomputed(rows, dict(sorted(archive.snapshot_ids.items())), until)


def _rules(archive: Archive, settings: Settings) -> Rules:
    """Return what usage is metered by; how far log time got is not known yet."""
    metering = settings.metering
    clocks = Clocks(
        EPOCH,
        timedelta(seconds=metering.log_window_s),
        timedelta(seconds=metering.event_window_s),
        timedelta(seconds=metering.correction_bucket_s),
        timedelta(seconds=metering.unknown_account_wait_s),
    )
    limits = Limits(
        max_record_bytes=metering.max_record_bytes,
        max_age=timedelta(days=metering.max_event_age_days),
        max_skew=timedelta(seconds=metering.max_event_skew_s),
    )
    accounts: dict[str, list[OracleTerms]] = {}
    known_at: dict[str, datetime] = {}
    for row in archive.account_records():
        accounts[row["account_id"]] = read_terms(json.loads(row["terms"])["terms"])
        known_at.setdefault(row["account_id"], row["log_time"])
    return Rules(read_meters(metering.meters_file), accounts, clocks, limits, known_at)


def _until(archive: Archive, rows: duckdb.DuckDBPyConnection, settings: Settings) -> datetime:
    """Return the log time up to which rows are complete, in the tables as in the recompute.

    Without checkpoints, it is what the watermark comes to when all records are read.
    """
    if archive.has_cut:
        received_us = archive.received_until_us
        return EPOCH if received_us is None else EPOCH + (received_us - late_us(settings)) * _US
    last = rows.execute("SELECT max(log_us) FROM audit_records GROUP BY kafka_partition").fetchall()
    if len(last) < settings.kafka.partitions:
        return EPOCH
    slack = timedelta(milliseconds=settings.metering.watermark_slack_ms)
    least_us: int = min(instant_us for (instant_us,) in last)
    return EPOCH + least_us * _US - slack

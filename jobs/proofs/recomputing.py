"""Wires the second opinion: archive, meters and accounts in, recomputed usage out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import duckdb

from audit.judging import EPOCH
from audit.recomputing import judge_records, meter_usage
from iceberg.archives import Archive
from jobs.pricing.pricing_rules import late_us
from jobs.reconciling.reading_rules import read_rules, read_watermark
from jobs.settings import Settings, load_meters

_US = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Usage as the archive has it, beside the tables of usage at the same cut.

    Attributes:
        rows: Has `audit_records`, `audit_usage`, `audit_rows`, and the tables of usage.
        snapshot_ids: What was read, by name of table.
        until: Log time up to which both are complete: what is due later is not looked at.
        archive: What was read.
    """

    rows: duckdb.DuckDBPyConnection
    snapshot_ids: dict[str, int]
    until: datetime
    archive: Archive

    def load_windows(self, account_ids: Collection[str], span: tuple[int, int]) -> None:
        """Add running usage of accounts from an instant to before another: `metering_windows`.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        self.archive.load_windows(self.rows, account_ids, span)


@contextmanager
def recomputed_usage(
    catalog: Any, settings: Settings, as_of: int | None = None, is_repaired: bool = False
) -> Iterator[Recomputed]:
    """Work out all usage again, as of a cut.

    Args:
        catalog: Has the tables.
        settings: Name meters and clocks.
        as_of: Snapshot of `raw_events`, or a checkpoint; None: the newest cut.
        is_repaired: Whether records count that were read again from Kafka. Rows of the job are
            proved without them: it never had them.

    Raises:
        SettingsError: The meters file is wrong.
        BrokenRowsError: Two rows of one identity differ.
        UnknownSnapshotError: There is no such snapshot.
    """
    load_meters(settings.metering.meters_file)  # the audit takes the file as right
    place = (settings.catalog.namespace, settings.kafka.partitions)
    archive = Archive(catalog, *place, as_of, is_repaired)
    with duckdb.connect() as rows:
        archive.load_usage(rows)
        rules = read_rules(rows, settings)
        judge_records(rows, archive.batches(), rules)
        until = _until(archive, rows, settings)
        meter_usage(rows, replace(rules, clocks=replace(rules.clocks, watermark=until)))
        yield Recomputed(rows, dict(sorted(archive.snapshot_ids.items())), until, archive)


def _until(archive: Archive, rows: duckdb.DuckDBPyConnection, settings: Settings) -> datetime:
    """Return the log time up to which rows are complete, in the tables as in the recompute.

    Without checkpoints, it is what the watermark comes to when all records are read.
    """
    if archive.has_cut:
        received_us = archive.received_until_us
        return EPOCH if received_us is None else EPOCH + (received_us - late_us(settings)) * _US
    return read_watermark(rows, settings)

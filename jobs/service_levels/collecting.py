"""Measures service levels from the tables, and keeps what was measured."""

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from iceberg.catalog import open_to_read
from iceberg.commit_times import last_checkpoint_us
from iceberg.creating import check_tables
from iceberg.cutting import common_cut
from iceberg.explained_gaps import read_explained_gaps
from iceberg.journal_rows import read_journal
from iceberg.last_reconciliations import (
    last_charge_reconciliation,
    last_usage_reconciliation,
)
from iceberg.payloads import load_payloads
from iceberg.service_rows import open_service_rows
from jobs.invoices.changing import Tables
from jobs.invoices.holding import Holding, held_invoices
from jobs.reporting.conflicts import read_conflicts
from jobs.reporting.fates import REPEATED, tell_fates
from jobs.service_levels.reading_business import BusinessFigure, read_business
from jobs.service_levels.reading_charges import read_charge_facts, read_ledger_facts
from jobs.service_levels.reading_received import MeteringFacts, read_delay_bins, read_received
from jobs.service_levels.reading_usage import (
    CLOSE_COLUMNS,
    CLOSES,
    ClosedDay,
    read_closed_days,
    read_usage_facts,
)
from jobs.settings import Settings, TimestampType, load_meters
from schemas.instant import SECOND_US
from schemas.service_facts import ChargeFacts, ProofFacts, Reconciled, ServiceFacts
from schemas.service_level import MeasuredWindow, ServiceLevel
from udfs.measuring_service import measure_service


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one run measured.

    Attributes:
        window: What it looked at.
        is_live: Whether the broker stamps the records on receipt.
        levels: All levels, in the order of the closed list.
        delay_bins: Counted events by delay, for a plot (`reading_received.DELAY_BOUNDS_US`).
        closed_days: Closed rows by the day on which their periods ended, for a plot.
        business: What was used and charged in all, whatever the window.
    """

    window: MeasuredWindow
    is_live: bool
    levels: tuple[ServiceLevel, ...]
    delay_bins: tuple[int, ...]
    closed_days: Sequence[ClosedDay]
    business: tuple[BusinessFigure, ...]


def measure(settings: Settings, window: MeasuredWindow) -> Measurement:
    """Measure all levels from the tables of the settings.

    Raises:
        SettingsError: The meters file is wrong.
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError: Rows contradict each other.
    """
    catalog, namespace = open_to_read(settings.catalog), settings.catalog.namespace
    check_tables(catalog, namespace)
    # Before the rows are read: what a cut tells of is then in them.
    metering = _metering(settings, catalog)
    last_commit_us = last_checkpoint_us(catalog, namespace)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.duckdb"
        with closing(open_service_rows(catalog, namespace, file, CLOSES, CLOSE_COLUMNS)) as rows:
            facts = ServiceFacts(
                received=read_received(
                    rows, metering, window, _conflict_times_us(rows, catalog, namespace)
                ),
                usage=read_usage_facts(rows, metering.is_live, window, last_commit_us),
                charges=_read_charges(rows, Tables(catalog, namespace), window),
                ledger=read_ledger_facts(rows, read_journal(catalog, namespace)),
                proofs=_read_proofs(catalog, namespace),
            )
            return Measurement(
                window,
                metering.is_live,
                measure_service(facts, window),
                read_delay_bins(rows, window),
                read_closed_days(rows, metering.is_live, window),
                read_business(rows),
            )


def _read_charges(rows: DuckDBPyConnection, tables: Tables, window: MeasuredWindow) -> ChargeFacts:
    held_ids = [each.invoice_id for each in held_invoices(tables)]
    return read_charge_facts(rows, window, Holding(tables), held_ids)


def _read_proofs(catalog: Any, namespace: str) -> ProofFacts:
    usage = last_usage_reconciliation(catalog, namespace)
    charges = last_charge_reconciliation(catalog, namespace)
    return ProofFacts(
        usage=None if usage is None else Reconciled(usage.at_us, usage.differences),
        charges=None if charges is None else Reconciled(charges.at_us, charges.differences),
        priced_lines=0 if charges is None else charges.lines,
        differing_lines=0 if charges is None else charges.differing_lines,
    )


def _metering(settings: Settings, catalog: Any) -> MeteringFacts:
    metering = settings.metering
    cut = common_cut(catalog, settings.catalog.namespace, settings.kafka.partitions)
    read_us = None if cut is None else cut.received_until_us
    return MeteringFacts(
        is_live=settings.kafka.timestamp_type is TimestampType.LOG_APPEND_TIME,
        keeps_windows=metering.keep_windows,
        log_window_us=metering.log_window_s * SECOND_US,
        meters=load_meters(metering.meters_file),
        settled_us=None if read_us is None else read_us - metering.watermark_slack_ms * 1000,
        explained=read_explained_gaps(catalog, settings.catalog.namespace),
    )


def _conflict_times_us(rows: DuckDBPyConnection, catalog: Any, namespace: str) -> tuple[int, ...]:
    tell_fates(rows)
    load_payloads(rows, catalog, namespace, REPEATED)
    return tuple(each.ignored.log_time_us for each in read_conflicts(rows))

"""Lets the audit price the accounts again, from what each run of pricing has read."""

from collections.abc import Mapping
from contextlib import closing
from functools import cache, partial
from typing import Any

import duckdb

from audit.prices.agreements import Agreements
from audit.prices.charges import Comparison
from audit.prices.reading_tables import read_agreed
from audit.prices.recomputing import recompute, window_span
from audit.prices.waiting import PricedRun, Waiting
from iceberg.account_tables import ACCOUNTS
from iceberg.decided_tables import FREEZES
from iceberg.loading_as_is import load_as_is, load_windows_as_is
from iceberg.pricing_tables import PRICING_TABLES
from iceberg.reconciled_cut import PricedOnce, ReconciledCut
from iceberg.tables import METERING_WINDOWS
from schemas.instant import DAY_US, EPOCH, MICROSECOND, to_us

_DECIDING = (ACCOUNTS, FREEZES, *PRICING_TABLES)


def price_again(
    catalog: Any,
    namespace: str,
    cut: ReconciledCut,
    rows: duckdb.DuckDBPyConnection,
    agreed: Agreements,
    waiting: Waiting,
) -> Comparison:
    """Compare all charges with an independent pricing as of the last run.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        cut: What is read.
        rows: Has it, but for running usage.
        agreed: As of the last run.
        waiting: The runs, and what the last one has left out.
    """
    if not cut.runs:
        return Comparison()
    span = window_span(rows, agreed)
    load_windows_as_is(
        rows,
        catalog,
        namespace,
        cut.snapshot_ids.get(METERING_WINDOWS.name),
        # A row that was rolled up to a day may begin before the period.
        None if span is None else (to_us(span[0]) - DAY_US, to_us(span[1])),
    )
    return recompute(rows, waiting)


def find_waiting(
    catalog: Any,
    namespace: str,
    cut: ReconciledCut,
    rows: duckdb.DuckDBPyConnection,
    agreed: Agreements,
    grace_s: int,
) -> Waiting:
    """Return the runs that have charged, and which periods the last one has left out.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        cut: What is read.
        rows: Has it, but for running usage.
        agreed: As of the last run, and the freezes that stood.
        grace_s: The greatest of all meters.
    """

    @cache
    def agreed_at(ids: tuple[tuple[str, int], ...]) -> Agreements | None:
        return agreed if ids == last else _read(catalog, namespace, dict(ids), grace_s)

    last = _deciding(cut.runs[-1].snapshot_ids) if cut.runs else ()
    return Waiting(rows, [_run(each, agreed_at) for each in cut.runs])


def _run(run: PricedOnce, agreed_at: Any) -> PricedRun:
    until = EPOCH + run.until_us * MICROSECOND
    return PricedRun(run.run_id, until, partial(agreed_at, _deciding(run.snapshot_ids)))


def _deciding(snapshot_ids: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Return the snapshots of what decides prices."""
    names = [table.name for table in _DECIDING if table.name in snapshot_ids]
    return tuple((name, snapshot_ids[name]) for name in names)


def _read(
    catalog: Any, namespace: str, snapshot_ids: Mapping[str, int], grace_s: int
) -> Agreements | None:
    """Return what was agreed as of an earlier run; None: a snapshot of it has expired."""
    with closing(duckdb.connect()) as rows:
        rows.execute("SET TimeZone = 'UTC'")
        for table in _DECIDING:
            snapshot_id = snapshot_ids.get(table.name)
            existing = catalog.load_table((namespace, table.name))
            if snapshot_id is not None and existing.snapshot_by_id(snapshot_id) is None:
                return None
            load_as_is(rows, catalog, namespace, table, snapshot_id)
        return read_agreed(rows, grace_s)

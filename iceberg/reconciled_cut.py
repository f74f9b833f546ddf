"""What a reconciliation of charges reads: the tables as they are, or as a pricing run left them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pyiceberg.catalog import Catalog
from pyiceberg.table.snapshots import ancestors_of

from iceberg.account_tables import ACCOUNTS
from iceberg.charge_history import ChargeHistory
from iceberg.charge_tables import CHARGES, RUNS
from iceberg.decided_tables import BROUGHT_BACK_USAGE, FREEZES
from iceberg.invoice_tables import INVOICES
from iceberg.kept_snapshots import UnknownSnapshotError, check_kept
from iceberg.ledger_tables import JOURNAL
from iceberg.pricing_inputs import until_of
from iceberg.pricing_tables import PRICING_TABLES
from iceberg.table import Table
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, USAGE_CORRECTIONS
from schemas.pricing_run import PricingRun

_WRITTEN_AFTER = (CHARGES, RUNS, JOURNAL, INVOICES)
_STREAMED = (CLOSED_USAGE, USAGE_CORRECTIONS, METERING_WINDOWS)
_NOTED = (BROUGHT_BACK_USAGE, FREEZES, ACCOUNTS, *PRICING_TABLES)
RECONCILED: tuple[Table, ...] = (*_STREAMED, *_NOTED, *_WRITTEN_AFTER)
"""All that is read."""


@dataclass(frozen=True, slots=True)
class PricedOnce:
    """What one run of pricing read.

    Attributes:
        run_id: The run.
        until_us: Log time up to which it priced.
        snapshot_ids: By name of table; one that is not named was empty.
    """

    run_id: str
    until_us: int
    snapshot_ids: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReconciledCut:
    """What is read, and which runs have charged until then.

    Attributes:
        runs: Up to that which is looked at, the oldest commit first; none: nothing was priced.
        snapshot_ids: By name of table, ordered; one that is not named is empty.
        not_kept: Names of tables whose snapshot of the last run has expired: they are read as they
            are now.
    """

    runs: tuple[PricedOnce, ...]
    snapshot_ids: Mapping[str, int]
    not_kept: tuple[str, ...] = ()


def reconciled_cut(catalog: Catalog, namespace: str, as_of: str | None) -> ReconciledCut:
    """Return what to read.

    Without a run everything is read as it is now, but what decides prices and what waits as the
    last run has read it. As of a run, usage and prices are read as it has read them; charges,
    ledger and invoices as they stood when the next run committed its charges.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        as_of: Id of a run that has charges; None: now.

    Raises:
        UnknownSnapshotError: No run of that id has charges, or a snapshot of it has expired.
        BrokenRowsError: Two rows of one run differ.
    """
    history = ChargeHistory(catalog, namespace)
    ids = [run.run_id for run in history.runs]
    if as_of is not None and as_of not in ids:
        known = f"one of the {len(ids)} runs that have charges"
        raise UnknownSnapshotError(f"run, --as-of: expected {known}, found {as_of!r}")
    if as_of is None or not ids:
        return _newest(catalog, namespace, history)
    place = ids.index(as_of)
    runs = tuple(map(_priced, history.runs[: place + 1]))
    later = history.runs[place + 1 :]
    found = dict(runs[-1].snapshot_ids)
    for table in (*_STREAMED, *_NOTED):
        existing = catalog.load_table((namespace, table.name))
        check_kept(existing, table, found.get(table.name))
    before_ms = _committed_ms(catalog, namespace, history, later[0]) if later else None
    for table in _WRITTEN_AFTER:
        snapshot_id = _last_before(catalog, namespace, table, before_ms)
        if snapshot_id is not None:
            found[table.name] = snapshot_id
    return ReconciledCut(runs, _named(found))


def _priced(run: PricingRun) -> PricedOnce:
    return PricedOnce(run.run_id, until_of(run), json.loads(run.input_snapshots)["snapshots"])


def _newest(catalog: Catalog, namespace: str, history: ChargeHistory) -> ReconciledCut:
    runs = tuple(map(_priced, history.runs))
    found: dict[str, int] = {}
    not_kept = []
    for table in RECONCILED:
        existing = catalog.load_table((namespace, table.name))
        snapshot = existing.current_snapshot()
        if snapshot is not None:
            found[table.name] = snapshot.snapshot_id
        if table in _NOTED and runs:
            noted = runs[-1].snapshot_ids.get(table.name)
            if noted is None:
                found.pop(table.name, None)
            elif existing.snapshot_by_id(noted) is not None:
                found[table.name] = noted
            else:
                not_kept.append(table.name)
    # Of a run that has come since the history was read nothing is known.
    if history.current_id is not None:
        found[CHARGES.name] = history.current_id
    return ReconciledCut(runs, _named(found), tuple(not_kept))


def _named(found: Mapping[str, int]) -> dict[str, int]:
    names = {table.name for table in RECONCILED}
    return {name: found[name] for name in sorted(found) if name in names}


def _committed_ms(catalog: Catalog, namespace: str, history: ChargeHistory, run: PricingRun) -> int:
    charges = catalog.load_table((namespace, CHARGES.name))
    snapshot = charges.snapshot_by_id(history.snapshot_of(run))
    assert snapshot is not None
    return snapshot.timestamp_ms


def _last_before(
    catalog: Catalog, namespace: str, table: Table, before_ms: int | None
) -> int | None:
    """Return the newest snapshot of a table that was there before an instant; None: none was."""
    existing = catalog.load_table((namespace, table.name))
    line = list(ancestors_of(existing.current_snapshot(), existing.metadata))
    for snapshot in line:
        if before_ms is None or snapshot.timestamp_ms < before_ms:
            return snapshot.snapshot_id
    if line and line[-1].parent_snapshot_id is not None:
        raise UnknownSnapshotError(
            f"snapshot, table {table.name}: expected one of before the next run, found that it has"
            " expired"
        )
    return None

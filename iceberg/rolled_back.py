"""What a rewind takes out of the tables, and what others have made of it since."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import ALWAYS_TRUE, FileScanTask
from pyiceberg.table import Table as IcebergTable

from iceberg.charge_rows import read_runs
from iceberg.charge_tables import CHARGES
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.pricing_inputs import snapshots_of
from iceberg.reading import load_once, read_once
from iceberg.rewinding import TableRewind
from iceberg.scratch import open_scratch
from iceberg.tables import (
    CLOSED_USAGE,
    EXPIRED_USAGE,
    RAW_EVENTS,
    UNASSIGNED_USAGE,
    USAGE_CORRECTIONS,
)

_PRICED = (CLOSED_USAGE.name, USAGE_CORRECTIONS.name)
_DECIDED = (EXPIRED_USAGE.name, UNASSIGNED_USAGE.name)


@dataclass(frozen=True, slots=True)
class PricedCharge:
    """A charge that was priced from rows that a rewind takes out, in minor units."""

    charge_id: str
    account_id: str
    amount_minor: int
    currency: str
    run_id: str


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rewind takes out; all of it comes again when the job has read the log again.

    Attributes:
        rows: Number of distinct rows by name of table.
        first_offsets: By partition of the usage topic, the first record that has to be read again.
        run_ids: Pricing runs that have read a snapshot that is taken out, ordered.
        charges: Those that were priced from such rows, ordered by account and id.
        brought_back: Rows that people brought back whose source is taken out, by id, ordered.
    """

    rows: Mapping[str, int]
    first_offsets: Mapping[int, int]
    run_ids: tuple[str, ...]
    charges: tuple[PricedCharge, ...]
    brought_back: tuple[str, ...]


def find_rolled_back(catalog: Catalog, namespace: str, plans: Sequence[TableRewind]) -> RolledBack:
    """Return what a rewind takes out; nothing is changed.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        plans: Of the rewind.

    Raises:
        BrokenRowsError: Rows contradict each other.
    """
    with open_scratch() as rows:
        counts = {
            plan.table.name: _load(rows, catalog.load_table((namespace, plan.table.name)), plan)
            for plan in plans
        }
        offsets: dict[int, int] = {}
        if RAW_EVENTS.name in counts:
            offsets = dict(
                rows.execute(
                    "SELECT kafka_partition, min(kafka_offset) FROM raw_events GROUP BY ALL"
                    " ORDER BY ALL"
                ).fetchall()
            )
        run_ids = _runs_of(catalog, namespace, plans)
        return RolledBack(
            counts,
            offsets,
            run_ids,
            _charges_of(rows, catalog, namespace, [name for name in _PRICED if name in counts]),
            _brought_back(rows, catalog, namespace, [name for name in _DECIDED if name in counts]),
        )


def _load(rows: duckdb.DuckDBPyConnection, existing: IcebergTable, plan: TableRewind) -> int:
    """Copy the identities that only the newer snapshot has under the table's name; count them.

    Files that both snapshots have need not be read. A file written anew has older rows, too: they
    stand in the files that it took the place of.
    """
    columns = plan.table.identity
    newer = _files(existing, plan.head_id)
    older = {} if plan.target_id is None else _files(existing, plan.target_id)
    added = _rows(existing, columns, (newer[path] for path in sorted(newer.keys() - older.keys())))
    rows.register("added", added)
    gone = _rows(existing, columns, (older[path] for path in sorted(older.keys() - newer.keys())))
    rows.register("gone", gone)
    rows.execute(f"CREATE TABLE {plan.table.name} AS FROM added EXCEPT FROM gone")
    rows.unregister("added")
    rows.unregister("gone")
    (count,) = rows.execute(f"SELECT count(*) FROM {plan.table.name}").fetchall()[0]  # noqa: S608
    return int(count)


def _files(existing: IcebergTable, snapshot_id: int) -> dict[str, FileScanTask]:
    tasks = existing.scan(snapshot_id=snapshot_id).plan_files()
    return {task.file.file_path: task for task in tasks}


def _rows(
    existing: IcebergTable, columns: Sequence[str], tasks: Iterable[FileScanTask]
) -> pa.RecordBatchReader:
    schema = existing.schema().select(*columns)
    scan = ArrowScan(existing.metadata, existing.io, schema, ALWAYS_TRUE)
    batches = (batch for task in tasks for batch in scan.to_record_batches([task]))
    return pa.RecordBatchReader.from_batches(schema.as_arrow(), batches).cast(schema.as_arrow())


def _runs_of(catalog: Catalog, namespace: str, plans: Sequence[TableRewind]) -> tuple[str, ...]:
    undone = {plan.table.name: set(plan.undone_ids) for plan in plans}
    found = set()
    for run in read_runs(catalog, namespace):
        read = snapshots_of(run).items()
        if any(snapshot_id in undone.get(name, ()) for name, snapshot_id in read):
            found.add(run.run_id)
    return tuple(sorted(found))


def _charges_of(
    rows: duckdb.DuckDBPyConnection, catalog: Catalog, namespace: str, names: Sequence[str]
) -> tuple[PricedCharge, ...]:
    """Return the charges that name a row that is taken out, whatever their run had read."""
    if not any(rows.execute(f"FROM {name} LIMIT 1").fetchall() for name in names):
        return ()
    load_once(rows, catalog.load_table((namespace, CHARGES.name)), CHARGES)
    sources = " UNION ALL ".join(f"SELECT row_id FROM {name}" for name in names)  # noqa: S608
    found = rows.execute(
        "WITH named AS ("  # noqa: S608 - no outside text
        " SELECT *, unnest(usage_row_ids::JSON::VARCHAR[]) AS row_id FROM charges)"
        f" SELECT DISTINCT charge_id, account_id, amount_minor, currency, run_id FROM named"
        f" SEMI JOIN ({sources}) USING (row_id) ORDER BY account_id, charge_id"
    ).fetchall()
    return tuple(PricedCharge(*row) for row in found)


def _brought_back(
    rows: duckdb.DuckDBPyConnection, catalog: Catalog, namespace: str, names: Sequence[str]
) -> tuple[str, ...]:
    existing = catalog.load_table((namespace, BROUGHT_BACK_USAGE.name))
    taken = {row_id for name in names for (row_id,) in rows.execute(f"FROM {name}").fetchall()}
    return tuple(
        sorted(
            row["row_id"]
            for row in read_once(existing, BROUGHT_BACK_USAGE).to_pylist()
            if row["source_row_id"] in taken
        )
    )

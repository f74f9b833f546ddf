"""Charges and runs of pricing in Iceberg: what stands there, and how a run adds to it once.

The commit of charges is the one point at which a run takes place. Before it stands a row of `runs`
that says what is about to be written; after it come the journal and the row that says that the run
is finished. So a run that died has either charges, and is finished by the next, or none, and never
took place. Two at once cannot both commit charges: each appends only to what it has read.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

import duckdb
import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import BooleanExpression
from pyiceberg.table import Table as IcebergTable

from iceberg.charge_rows import read_run, run_row
from iceberg.charge_tables import CHARGES, RUNS
from iceberg.reading import is_in, load_once, read_once
from iceberg.row_shapes import read_shapes
from iceberg.scanning import batch_reader
from iceberg.writing import append_rows, append_tables
from schemas.charge import Charge
from schemas.pricing_run import PricingRun, RunStatus

_BATCH_ROWS = 10_000
_FILE_ROWS = 200_000
_account_id = attrgetter("account_id")
_ORDERED = f"FROM {CHARGES.name} ORDER BY account_id, charge_id"
_SIZES = f"SELECT account_id, count(*) FROM {CHARGES.name} GROUP BY ALL ORDER BY ALL"  # noqa: S608


class ChargeStore:
    """The tables `charges` and `runs`, as they were when this was opened; close it when done."""

    def __init__(
        self, catalog: Catalog, namespace: str, folder: str, snapshot_id: int | None = None
    ) -> None:
        """Load both.

        Args:
            catalog: Has the tables.
            namespace: Theirs.
            folder: An empty folder for a database of the charges, which are read when asked for.
            snapshot_id: Charges are read as of this snapshot, and none is appended; None: as they
                are now.
        """
        self._charges: IcebergTable = catalog.load_table((namespace, CHARGES.name))
        self._runs: IcebergTable = catalog.load_table((namespace, RUNS.name))
        self._snapshot_id = snapshot_id
        self._folder = folder
        self.path = f"{folder}/charges.duckdb"
        """Of the database, for `iceberg.account_ranges`."""
        self._rows = duckdb.connect(self.path)
        self._is_read = False

    @property
    def snapshot_id(self) -> int | None:
        """Snapshot of the charges that were read; None: there are none."""
        snapshot = self._charges.current_snapshot()
        return None if snapshot is None else snapshot.snapshot_id

    def close(self) -> None:
        """Give the database up."""
        self._rows.close()

    def runs(self) -> tuple[PricingRun, ...]:
        """Return all rows of runs, in the order of their time, a started one first."""
        found = [read_run(row) for row in read_once(self._runs, RUNS).to_pylist()]
        order = {status: place for place, status in enumerate(RunStatus)}
        return tuple(sorted(found, key=lambda run: (run.at_us, run.run_id, order[run.status])))

    def finished(self) -> tuple[PricingRun, ...]:
        """Return the runs that are finished, the oldest first."""
        return tuple(run for run in self.runs() if run.status is RunStatus.FINISHED)

    def unfinished(self) -> tuple[PricingRun, ...]:
        """Return the runs that have charges and are not finished, the oldest first.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        runs = self.runs()
        finished = {run.run_id for run in runs if run.status is RunStatus.FINISHED}
        started = [run for run in runs if run.run_id not in finished]
        if not started:
            return ()
        written = _written_by(self._charges, [run.run_id for run in started])
        return tuple(run for run in started if run.run_id in written)

    def by_account(self) -> Iterator[tuple[str, tuple[Charge, ...]]]:
        """Yield each account that has charges, with all of them, ordered by account.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        for account_id, charges in groupby(_read(self._read_charges(), _ORDERED), key=_account_id):
            yield account_id, tuple(charges)

    def of_run(self, run_id: str) -> Iterator[Charge]:
        """Yield the charges of a run, ordered by account and id; no others are read.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        with duckdb.connect(f"{self._folder}/{run_id}.duckdb") as rows:
            load_once(rows, self._charges, CHARGES, wanted=_by_runs([run_id]))
            yield from _read(rows, _ORDERED)

    def _read_charges(self) -> duckdb.DuckDBPyConnection:
        """Return the database with the charges, each once: they are read the first time."""
        if not self._is_read:
            load_once(self._rows, self._charges, CHARGES, self._snapshot_id)
            self._is_read = True
        return self._rows

    def sizes(self) -> list[tuple[str, int]]:
        """Return how many charges each account has, ordered by account.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        return self._read_charges().execute(_SIZES).fetchall()

    def write_run(self, run: PricingRun) -> None:
        """Append a row of runs.

        Raises:
            CommitConflictError: Another program wrote one since this was opened.
            UnknownCommitError: The catalog gave no clear answer.
        """
        append_rows(self._runs, RUNS, [run_row(run)])
        self._runs.refresh()

    def append(self, batches: Iterable[pa.Table]) -> None:
        """Append charges in one commit, if nobody else has since this was opened.

        Args:
            batches: Rows of charges (`iceberg.charge_rows`); what they raise, or a stop, leaves the
                table as it was.

        Raises:
            CommitConflictError: Another program did.
            UnknownCommitError: The catalog gave no clear answer.
        """
        assert self._snapshot_id is None, "charges of the past are only read"
        append_tables(self._charges, CHARGES, _gathered(batches))


def _by_runs(run_ids: Sequence[str]) -> BooleanExpression:
    return is_in("run_id", set(run_ids))


def _written_by(charges: IcebergTable, run_ids: Sequence[str]) -> set[str]:
    """Return those runs that have charges; a file has those of one run, so few are read."""
    scan = charges.scan(_by_runs(run_ids), ("run_id",))
    return {
        run_id for batch in batch_reader(scan) for run_id in batch["run_id"].unique().to_pylist()
    }


def _read(rows: duckdb.DuckDBPyConnection, sql: str) -> Iterator[Charge]:
    cursor = rows.cursor()
    cursor.execute("SET TimeZone = 'UTC'")
    for batch in cursor.sql(sql).to_arrow_reader(_BATCH_ROWS):
        yield from read_shapes(Charge, batch)


def _gathered(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the rows of batches in tables that are worth a file."""
    waiting: list[pa.Table] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= _FILE_ROWS:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)

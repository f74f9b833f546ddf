"""Which snapshot of `charges` each run has committed, and which runs have charges."""

from pyiceberg.catalog import Catalog
from pyiceberg.conversions import from_bytes
from pyiceberg.table.snapshots import Operation, ancestors_of
from pyiceberg.types import StringType

from iceberg.charge_rows import read_runs
from iceberg.charge_tables import CHARGES
from iceberg.kept_snapshots import check_kept
from schemas.pricing_run import PricingRun, RunStatus


class ChargeHistory:
    """The runs of a namespace, in the order in which their charges were committed."""

    def __init__(self, catalog: Catalog, namespace: str) -> None:
        """Read runs, and the manifests of charges; no charge is read.

        Args:
            catalog: Has the tables.
            namespace: Theirs.

        Raises:
            BrokenRowsError: Two rows of one run and status differ.
        """
        self._charges = catalog.load_table((namespace, CHARGES.name))
        rows = read_runs(catalog, namespace)
        self._finished = {run.run_id for run in rows if run.status is RunStatus.FINISHED}
        by_id = {run.run_id: run for run in rows}
        found = []
        for prefix, snapshot_ids in self._commits().items():
            run = next((by_id[name] for name in sorted(by_id) if name.startswith(prefix)), None)
            if run is not None:
                # A run's last snapshot has all that it charged.
                last = max(snapshot_ids, key=lambda each: (self._place(each), each))
                found.append((self._place(last), run, last))
        found.sort(key=lambda each: (each[0], each[1].at_us, each[1].run_id))
        self._snapshots = {run.run_id: snapshot_id for _, run, snapshot_id in found}
        self.runs: tuple[PricingRun, ...] = tuple(run for _, run, _ in found)
        """Those that have charges, the oldest commit first."""

    @property
    def finished(self) -> tuple[PricingRun, ...]:
        """The runs that are finished, the oldest commit first."""
        return tuple(run for run in self.runs if run.run_id in self._finished)

    @property
    def unfinished(self) -> tuple[PricingRun, ...]:
        """The runs that have charges and died before they were finished."""
        return tuple(run for run in self.runs if run.run_id not in self._finished)

    @property
    def current_id(self) -> int | None:
        """The snapshot that charges have now."""
        current = self._charges.current_snapshot()
        return None if current is None else current.snapshot_id

    def snapshot_of(self, run: PricingRun) -> int:
        """Return the snapshot of charges that a run committed.

        Raises:
            UnknownSnapshotError: It has expired.
        """
        snapshot_id = self._snapshots[run.run_id]
        check_kept(self._charges, CHARGES, snapshot_id)
        return snapshot_id

    def run_of(self, snapshot_id: int) -> PricingRun | None:
        """Return the run that committed a snapshot of charges; None: no run did.

        Raises:
            UnknownSnapshotError: It has expired or never was.
        """
        check_kept(self._charges, CHARGES, snapshot_id)
        return next((run for run in self.runs if self._snapshots[run.run_id] == snapshot_id), None)

    def _commits(self) -> dict[str, set[int]]:
        """Return the snapshots that added charges, by how the ids of their runs begin.

        A file has charges of one run, so its bounds tell of which. Files that another program has
        written anew tell nothing of a run's commit.
        """
        current = self._charges.current_snapshot()
        field_id = self._charges.schema().find_field("run_id").field_id
        found: dict[str, set[int]] = {}
        for manifest in current.manifests(self._charges.io) if current else ():
            for entry in manifest.fetch_manifest_entry(self._charges.io):
                lower, upper = (
                    from_bytes(StringType(), bounds.get(field_id, b""))
                    for bounds in (entry.data_file.lower_bounds, entry.data_file.upper_bounds)
                )
                is_of_one = bool(lower) and lower[:-1] == upper[: len(lower) - 1]
                if (
                    is_of_one
                    and entry.snapshot_id is not None
                    and self._is_append(entry.snapshot_id)
                ):
                    found.setdefault(lower, set()).add(entry.snapshot_id)
        return found

    def _is_append(self, snapshot_id: int) -> bool:
        """Return whether a snapshot appended; of one that has expired nothing else is known."""
        snapshot = self._charges.snapshot_by_id(snapshot_id)
        summary = None if snapshot is None else snapshot.summary
        return summary is None or summary.operation is Operation.APPEND

    def _place(self, snapshot_id: int) -> int:
        """Return how late a snapshot came; -1: it has expired."""
        line = [
            each.snapshot_id
            for each in ancestors_of(self._charges.current_snapshot(), self._charges.metadata)
        ]
        return len(line) - 1 - line.index(snapshot_id) if snapshot_id in line else -1

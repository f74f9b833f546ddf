"""What a person decides on, and what was decided: reads the one, appends the other."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table as IcebergTable

from iceberg.account_tables import REJECTED_ACCOUNTS
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.reading import read_once
from iceberg.row_shapes import read_shape, write_shape
from iceberg.table import Table
from iceberg.tables import CLOSED_USAGE, EXPIRED_USAGE, UNASSIGNED_USAGE, USAGE_CORRECTIONS
from iceberg.writing import append_rows
from schemas.brought_back_usage import BroughtBackUsage, PeriodKey, SourceRow
from schemas.instant import to_us
from schemas.usage_row import ExpiredUsage, UnassignedUsage


@dataclass(frozen=True)
class BroughtBack:
    """What was brought back, as of one snapshot.

    Attributes:
        existing: The table as it was loaded.
        rows: By source_row_id.
    """

    existing: IcebergTable
    rows: dict[str, BroughtBackUsage]


class DecisionTables:
    """The tables around decisions, in one namespace."""

    def __init__(self, catalog: Catalog, namespace: str) -> None:
        """Keep where the tables are.

        Args:
            catalog: Has them all.
            namespace: Theirs.
        """
        self._catalog = catalog
        self._namespace = namespace

    def read_sources(self, row_ids: Collection[str] | None = None) -> tuple[SourceRow, ...]:
        """Return expired rows, then unassigned ones, each ordered by row_id.

        Args:
            row_ids: Which; None: all of them.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        within = None if row_ids is None else {"row_id": row_ids}
        expired = read_once(self._load(EXPIRED_USAGE), EXPIRED_USAGE, within).to_pylist()
        unassigned = read_once(self._load(UNASSIGNED_USAGE), UNASSIGNED_USAGE, within).to_pylist()
        return (
            *(read_shape(ExpiredUsage, row) for row in expired),
            *(read_shape(UnassignedUsage, row) for row in unassigned),
        )

    def read_brought_back(self) -> BroughtBack:
        """Return what was brought back up to now.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        existing = self._load(BROUGHT_BACK_USAGE)
        found = read_once(existing, BROUGHT_BACK_USAGE).to_pylist()
        rows = [read_shape(BroughtBackUsage, row) for row in found]
        return BroughtBack(existing, {row.source_row_id: row for row in rows})

    def read_counted_as(self, account_ids: Collection[str]) -> dict[PeriodKey, tuple[str, str]]:
        """Return aggregation and unit of what is metered of some accounts.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        counted_as = {}
        for table in (CLOSED_USAGE, USAGE_CORRECTIONS):
            rows = read_once(self._load(table), table, {"account_id": account_ids}).to_pylist()
            for row in rows:
                bounds = to_us(row["period_start"]), to_us(row["period_end"])
                names = row["account_id"], row["meter_id"], row["dimensions"]
                counted_as[PeriodKey(*names, *bounds)] = row["aggregation"], row["unit"]
        return counted_as

    def read_refused_places(self, account_ids: Collection[str]) -> set[tuple[int, int]]:
        """Return partition and offset of the records of accounts that the job refused.

        Raises:
            BrokenRowsError: Two rows of one identity differ.
        """
        within = {"account_id": account_ids}
        rows = read_once(self._load(REJECTED_ACCOUNTS), REJECTED_ACCOUNTS, within).to_pylist()
        return {(row["kafka_partition"], row["kafka_offset"]) for row in rows}

    def append(
        self, before: BroughtBack, rows: Sequence[BroughtBackUsage], job_version: str
    ) -> None:
        """Append rows in one commit, if nothing was brought back since `before` was read.

        Raises:
            CommitConflictError: Something was; nothing is appended.
            UnknownCommitError: The catalog gave no clear answer.
        """
        written = [write_shape(row, job_version) for row in rows]
        append_rows(before.existing, BROUGHT_BACK_USAGE, written)

    def _load(self, table: Table) -> IcebergTable:
        return self._catalog.load_table((self._namespace, table.name))

"""Lets the product's own audit look at a run's tables: what it tells is part of the verdict."""

from pyiceberg.catalog import Catalog

from audit.difference import Difference
from iceberg.auditing import AuditedTables
from iceberg.catalog import open_catalog
from iceberg.cutting import CUT_TABLES, Cut
from iceberg.reading import BrokenRowsError
from iceberg.tables import RAW_EVENTS, STREAM_TABLES
from jobs.reconciling.reconciliation import Wanted
from jobs.reconciling.running import NoCutError, reconcile
from jobs.reconciling.telling import event_text, subject_text
from jobs.settings import Settings
from schemas.instant import to_us


class EndedTables(AuditedTables):
    """The tables when all is read, metered and committed: their newest snapshots are one cut.

    While a job runs on, the audit goes back to a checkpoint that all tables tell of, and asks for
    no row that may be on its way. At the end of a run nothing is, so nothing is left out; and what
    stands in a table by another's hand is looked at, too.
    """

    def __init__(self, catalog: Catalog, namespace: str) -> None:
        """Keep where the tables are."""
        super().__init__(catalog, namespace)
        self._tables = {
            table.name: catalog.load_table((namespace, table.name)) for table in STREAM_TABLES
        }

    def find_cut(self, partitions: int) -> Cut | None:
        """Return the newest snapshots; None where a job has not committed to each table."""
        newest = {name: table.current_snapshot() for name, table in self._tables.items()}
        if any(newest[table.name] is None for table in CUT_TABLES):
            return None
        scan = self._tables[RAW_EVENTS.name].scan(selected_fields=("kafka_partition", "log_time"))
        last_us: dict[int, int] = {}
        for row in scan.to_arrow().to_pylist():
            partition = row["kafka_partition"]
            last_us[partition] = max(last_us.get(partition, 0), to_us(row["log_time"]))
        until_us = min(last_us.values()) if len(last_us) >= partitions else None
        found = {name: each.snapshot_id for name, each in newest.items() if each is not None}
        return Cut(0, dict(sorted(found.items())), until_us)


def audit_lines(settings: Settings) -> list[str]:
    """Return each difference that `python -m jobs.reconcile_usage` would tell, as a line.

    A row that stands twice is one row to it, as to all readers: whether it may stand twice is for
    the judge to say, who asks the history.

    Args:
        settings: Of the run.
    """
    tables = EndedTables(open_catalog(settings.catalog), settings.catalog.namespace)
    try:
        found = reconcile(settings, tables, Wanted())
    except (NoCutError, BrokenRowsError) as error:
        return [f"audit: {error}"]
    lines = [_line(each) for each in found.differences]
    untold = found.difference_count - len(lines)
    return [*lines, *([f"audit: {untold} more differences"] if untold > 0 else [])]


def _line(each: Difference) -> str:
    words = " ".join(word for word in (each.kind, subject_text(each)) if word)
    line = f"audit: {each.table}: {words}: expected {each.expected}, found {each.found}"
    return f"{line} ({event_text(each.events[0])})" if each.events else line

"""Reads how far the commits of the metering job have come."""

from iceberg.catalog import open_to_read
from iceberg.commit_ages import TableAge, read_ages
from iceberg.creating import check_tables
from iceberg.table import Table
from iceberg.tables import BUDGET_ALERTS, METERING_WINDOWS
from jobs.settings import Settings


def read_commit_ages(
    settings: Settings, now_ms: int, reads_files: bool = False
) -> tuple[TableAge, ...]:
    """Return the ages of the tables that the job is configured to write.

    Raises:
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
    """
    catalog, namespace = open_to_read(settings.catalog), settings.catalog.namespace
    check_tables(catalog, namespace)
    left_out: list[Table] = []
    if not settings.metering.keep_windows:
        left_out.append(METERING_WINDOWS)
    if not settings.metering.running_totals:
        left_out.append(BUDGET_ALERTS)
    return read_ages(catalog, namespace, now_ms, left_out, reads_files)

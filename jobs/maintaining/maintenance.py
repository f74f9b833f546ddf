"""Maintenance of the tables, step by step: each step leaves them whole, and can be done again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from iceberg.catalog import open_catalog, open_to_read
from iceberg.compacting import MERGED_TABLES, Merged, MergeSize, merge_files
from iceberg.creating import check_tables
from iceberg.expiring import Expired, expire_snapshots, what_to_keep
from iceberg.orphans import FLOOR_HOURS, Removed, check_age, remove_orphans
from iceberg.table import Table
from iceberg.tables import TABLES
from iceberg.tagging import ClosedTag, tag_closed
from jobs import VERSION
from jobs.pricing.pricing_rules import greatest_grace_us, late_us
from jobs.settings import Settings, SettingsError

Step: TypeAlias = ClosedTag | Merged | Expired | Removed
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class AskedMaintenance:
    """What is to be done.

    Attributes:
        tags: Whether months that have closed are tagged.
        merge_size: What files are merged; None: none.
        expire_days: How old snapshots may become, in days; None: none expires.
        orphan_hours: How old files are that no snapshot leads to, in hours; None: none is removed.
        runs_days: For how long what pricing runs have read is kept.
        table_names: Which tables; none: all of them.
        is_dry: Whether to change nothing.
        floor_hours: What `orphan_hours` is at least.
    """

    tags: bool = False
    merge_size: MergeSize | None = None
    expire_days: float | None = None
    orphan_hours: float | None = None
    runs_days: float = 90
    table_names: Sequence[str] = ()
    is_dry: bool = False
    floor_hours: float = FLOOR_HOURS


def maintain(settings: Settings, asked: AskedMaintenance, now_ms: int) -> Iterator[Step]:
    """Tag, merge, expire and remove, in this order; yield each step that found something.

    Args:
        settings: Name catalog, topic and meters file.
        asked: What is to be done.
        now_ms: The instant of the run.

    Raises:
        SettingsError: A table is not known.
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        YoungOrphansError: Files are too young to be removed; nothing was done before.
        TagConflictError, CompactionConflictError, ExpiryConflictError: Other writers committed
            before each attempt. What was done before stays.
    """
    tables = _tables(asked.table_names)
    if asked.orphan_hours is not None:
        check_age(asked.orphan_hours, asked.floor_hours)
    catalog = (open_to_read if asked.is_dry else open_catalog)(settings.catalog)
    namespace = settings.catalog.namespace
    check_tables(catalog, namespace)
    if asked.tags:
        partitions = settings.kafka.partitions
        late, grace = late_us(settings), greatest_grace_us(settings)
        yield from tag_closed(catalog, namespace, partitions, late, grace, asked.is_dry)
    if asked.merge_size is not None:
        for table in (each for each in tables if each in MERGED_TABLES):
            existing = catalog.load_table((namespace, table.name))
            yield from merge_files(existing, table, asked.merge_size, VERSION, asked.is_dry)
    if asked.expire_days is not None:
        yield from _expire(catalog, namespace, tables, asked, now_ms)
    if asked.orphan_hours is not None:
        for table in tables:
            existing = catalog.load_table((namespace, table.name))
            removed = remove_orphans(
                existing, table, now_ms, asked.orphan_hours, asked.is_dry, asked.floor_hours
            )
            if removed.files:
                yield removed


def _expire(
    catalog: Any, namespace: str, tables: Sequence[Table], asked: AskedMaintenance, now_ms: int
) -> Iterator[Expired]:
    before_ms = now_ms - round((asked.expire_days or 0) * _DAY_MS)
    runs_before_ms = now_ms - round(asked.runs_days * _DAY_MS)
    kept = what_to_keep(catalog, namespace, before_ms, runs_before_ms)
    for table in tables:
        existing = catalog.load_table((namespace, table.name))
        expired = expire_snapshots(existing, table, kept, asked.is_dry)
        if expired.snapshots:
            yield expired


def _tables(names: Sequence[str]) -> tuple[Table, ...]:
    known = {table.name: table for table in TABLES}
    for name in names:
        if name not in known:
            raise SettingsError("bad value", "--table", f"one of {', '.join(known)}", repr(name))
    return tuple(table for table in TABLES if not names or table.name in names)

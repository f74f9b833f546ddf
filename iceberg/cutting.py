"""The consistent cut: of each table the snapshot that tells of the same records as the others.

Every sink of the metering job commits with the job's checkpoints and writes the checkpoint's number
into the snapshot (docs/how-it-works.md). So the newest snapshots up to one number that all tables
have reached are one cut through the log. A sink without rows commits each tenth checkpoint: an idle
table holds the cut back by as many, unless `commit_each_checkpoint` was asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pyiceberg.catalog import Catalog
from pyiceberg.conversions import from_bytes
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.expressions.parser import parse
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.types import TimestamptzType

from iceberg.flink_commits import numbered
from iceberg.scanning import batch_reader
from iceberg.scratch import open_scratch
from iceberg.table import Table
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, RAW_EVENTS, USAGE_CORRECTIONS
from schemas.instant import DAY_US, EPOCH, MICROSECOND, to_us

CUT_TABLES: tuple[Table, ...] = (CLOSED_USAGE, USAGE_CORRECTIONS, METERING_WINDOWS, RAW_EVENTS)
"""What is read at one cut."""

EMPTY_COMMITS = "flink.max-continuous-empty-commits"
"""Property of a table: each how many checkpoints a sink without rows commits, 10 unless set."""

_LOG_TIME = "log_time"
_RECENT_US = 2 * DAY_US


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut through the log.

    Attributes:
        checkpoint_id: Number of the job's checkpoint that all tables have reached.
        snapshot_ids: Snapshot by name of table; a table without any is left out.
        received_until_us: Log time up to which every partition was read when the checkpoint before
            this one was made; None: a partition has no records.
    """

    checkpoint_id: int
    snapshot_ids: Mapping[str, int]
    received_until_us: int | None


def common_cut(
    catalog: Catalog,
    namespace: str,
    partitions: int,
    tables: Sequence[Table] = CUT_TABLES,
    at_most: int | None = None,
) -> Cut | None:
    """Return the newest cut that all tables have reached; None before the first checkpoint.

    What the stream has emitted by a checkpoint it decided on with the watermark of records that it
    read before; so the log time of the cut is that of the checkpoint before, which the watermark
    has passed.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        partitions: Of the usage topic.
        tables: Which; all but `RAW_EVENTS` may stay without rows for ever.
        at_most: Number of a checkpoint that the cut is not to go beyond; None: none is.
    """
    loaded = {table.name: catalog.load_table((namespace, table.name)) for table in tables}
    reached = {name: next(numbered(table), None) for name, table in loaded.items()}
    if any(newest is None for newest in reached.values()):
        return None
    checkpoint_id = min(newest[0] for newest in reached.values() if newest is not None)
    checkpoint_id = checkpoint_id if at_most is None else min(checkpoint_id, at_most)
    chosen = {
        name: next(
            snapshot for number, snapshot in numbered(table) if number <= checkpoint_id
        ).snapshot_id
        for name, table in loaded.items()
        if any(number <= checkpoint_id for number, _ in numbered(table))
    }
    archive = loaded[RAW_EVENTS.name]
    before = next((each for number, each in numbered(archive) if number < checkpoint_id), None)
    until_us = None if before is None else _received_until_us(archive, before, partitions)
    return Cut(checkpoint_id, dict(sorted(chosen.items())), until_us)


def snapshots_at(
    catalog: Catalog, namespace: str, checkpoint_id: int, tables: Sequence[Table]
) -> dict[str, int]:
    """Return of each table its newest snapshot up to a checkpoint, by name; of none, nothing.

    For tables that may hold no cut back, as they have rows so seldom. While the job runs, the last
    checkpoint's rows may still be on their way into them.
    """
    found = {}
    for table in tables:
        for number, snapshot in numbered(catalog.load_table((namespace, table.name))):
            if number <= checkpoint_id:
                found[table.name] = snapshot.snapshot_id
                break
    return found


def commit_each_checkpoint(catalog: Catalog, namespace: str) -> None:
    """Have sinks commit with each checkpoint, without rows too: no idle table holds the cut back.

    For a job that is stopped soon: of one that runs on, each checkpoint adds a snapshot to each
    table. A sink reads it when it starts.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
    """
    for table in CUT_TABLES:
        with catalog.load_table((namespace, table.name)).transaction() as change:
            change.set_properties({EMPTY_COMMITS: "1"})


def checkpoint_of(table: IcebergTable, snapshot_id: int) -> int | None:
    """Return the number of the checkpoint that a snapshot in the table's history tells of."""
    found = (number for number, each in numbered(table) if each.snapshot_id == snapshot_id)
    return next(found, None)


def _received_until_us(table: IcebergTable, snapshot: Snapshot, partitions: int) -> int | None:
    """Return the least, over all partitions, of the last log time in the archive.

    Each partition has a heartbeat, so the last days of the archive are enough, as a rule.
    """
    newest_us = _newest_us(table, snapshot)
    if newest_us is None:
        return None
    since = EPOCH + (newest_us - _RECENT_US) * MICROSECOND
    for wanted in (parse(f"{_LOG_TIME} >= '{since.isoformat()}'"), AlwaysTrue()):
        last = _last_log_times(table, snapshot, wanted)
        if len(last) >= partitions:
            return min(map(to_us, last))
    return None


def _newest_us(table: IcebergTable, snapshot: Snapshot) -> int | None:
    """Return the newest log time that the bounds of a snapshot's files tell of."""
    field = table.schema().find_field(_LOG_TIME)
    files = table.scan(snapshot_id=snapshot.snapshot_id).plan_files()
    bounds = [each.file.upper_bounds.get(field.field_id) for each in files]
    found = [int(from_bytes(TimestamptzType(), each)) for each in bounds if each]
    return max(found, default=None)


def _last_log_times(
    table: IcebergTable, snapshot: Snapshot, wanted: BooleanExpression
) -> list[datetime]:
    fields = ("kafka_partition", _LOG_TIME)
    scan = table.scan(wanted, fields, snapshot_id=snapshot.snapshot_id)
    with open_scratch() as rows:
        rows.register("archive", batch_reader(scan))
        found = rows.execute(
            "SELECT max(log_time) FROM archive GROUP BY kafka_partition"
        ).fetchall()
    return [last for (last,) in found]

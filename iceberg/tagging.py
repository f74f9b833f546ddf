"""Tags the tables when a calendar month has closed, so that they can be read as of then for ever.

A tag `closed-2026-10` stands in each table of usage, at the snapshots of one cut in which every
period that ended in October 2026 has its closed rows. Expiry keeps what a tag names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException

from iceberg.cutting import common_cut
from iceberg.decided_tables import BACKFILLED_EVENTS, REPAIRED_USAGE
from iceberg.flink_commits import numbered
from iceberg.kept_snapshots import UnknownSnapshotError
from iceberg.tables import RAW_EVENTS, STREAM_TABLES, USAGE_TABLES
from iceberg.writing import once
from schemas.instant import EPOCH, HOUR_US, MICROSECOND

CLOSED_TAG = "closed-"
# A month ends last where the wall clock is 12 hours behind UTC.
_LAST_ZONE_US = 12 * HOUR_US
_ATTEMPTS = 20


class TagConflictError(Exception):
    """Other writers committed before each attempt; run it again."""


@dataclass(frozen=True, slots=True)
class ClosedTag:
    """A month that was tagged.

    Attributes:
        tag: Its name.
        checkpoint_id: Of the cut.
        snapshot_ids: What was tagged by this run, by name of table.
    """

    tag: str
    checkpoint_id: int
    snapshot_ids: Mapping[str, int]


def tag_closed(
    catalog: Catalog,
    namespace: str,
    partitions: int,
    late_us: int,
    grace_us: int,
    is_dry: bool = False,
) -> tuple[ClosedTag, ...]:
    """Tag the months that have closed since the last tag; the first run tags the last one.

    The archive is tagged last: a month is tagged when it is there. So a run that was stopped is
    done again by the next one, at the cut of then.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        partitions: Of the usage topic.
        late_us: How long after its instant, in log time, a row of usage is emitted at most.
        grace_us: How long after a period's end usage of all meters has closed.
        is_dry: Whether to change nothing.

    Raises:
        TagConflictError: Other writers committed before each of many attempts.
    """
    cut = common_cut(catalog, namespace, partitions)
    if cut is None or cut.received_until_us is None:
        return ()
    archive = catalog.load_table((namespace, RAW_EVENTS.name))
    last = max((each for each in archive.metadata.refs if each.startswith(CLOSED_TAG)), default="")
    closed_us = cut.received_until_us - late_us - grace_us - _LAST_ZONE_US
    tagged = []
    for month in _months(last.removeprefix(CLOSED_TAG), closed_us):
        tag = f"{CLOSED_TAG}{month}"
        snapshot_ids = _snapshots_at(catalog, namespace, cut.checkpoint_id)
        if not is_dry:
            for name, snapshot_id in snapshot_ids.items():
                _set_tag(catalog, (namespace, name), tag, snapshot_id)
        tagged.append(ClosedTag(tag, cut.checkpoint_id, snapshot_ids))
    return tuple(tagged)


def tagged_snapshots(catalog: Catalog, namespace: str, tag: str) -> dict[str, int]:
    """Return the snapshots that a tag names, by name of table of usage; others had no rows.

    Raises:
        UnknownSnapshotError: There is no such tag.
    """
    found = {}
    for table in (*USAGE_TABLES, BACKFILLED_EVENTS):
        ref = catalog.load_table((namespace, table.name)).metadata.refs.get(tag)
        if ref is not None:
            found[table.name] = ref.snapshot_id
    if RAW_EVENTS.name not in found:
        raise UnknownSnapshotError(f"tag, table {RAW_EVENTS.name}: expected {tag}, found none")
    return found


def _months(last: str, closed_us: int) -> Iterator[str]:
    """Yield the months behind the last one that was tagged, as far as they have closed."""
    closed = EPOCH + closed_us * MICROSECOND
    month = closed.year * 12 + closed.month - 2
    first = month
    if last:
        year, _, of_year = last.partition("-")
        first = int(year) * 12 + int(of_year)
    for each in range(first, month + 1):
        yield f"{each // 12:04}-{each % 12 + 1:02}"


def _snapshots_at(catalog: Catalog, namespace: str, checkpoint_id: int) -> dict[str, int]:
    """Return what is tagged at a cut, by name of table; the archive stands last."""
    found = {}
    for table in (*(each for each in STREAM_TABLES if each is not RAW_EVENTS), RAW_EVENTS):
        existing = catalog.load_table((namespace, table.name))
        for number, snapshot in numbered(existing):
            if number <= checkpoint_id:
                found[table.name] = snapshot.snapshot_id
                break
    decided = {
        table.name: catalog.load_table((namespace, table.name)).current_snapshot()
        for table in REPAIRED_USAGE
    }
    return {name: each.snapshot_id for name, each in decided.items() if each} | found


def _set_tag(catalog: Catalog, identifier: tuple[str, str], tag: str, snapshot_id: int) -> None:
    """Set a tag; one that a run has left which was stopped moves on."""
    for _ in range(_ATTEMPTS):
        existing = once(catalog.load_table(identifier))
        ref = existing.metadata.refs.get(tag)
        if ref is not None and ref.snapshot_id == snapshot_id:
            return
        try:
            with existing.manage_snapshots() as change:
                change.create_tag(snapshot_id, tag)
        except CommitFailedException:
            continue
        return
    raise TagConflictError(
        f"table {identifier[1]}, tag {tag}: expected a commit within {_ATTEMPTS} attempts, found"
        " another writer's before each; run it again"
    )

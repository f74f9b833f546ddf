"""Months are tagged once they have closed everywhere, at one cut, and never again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg import tagging
from iceberg.cutting import CUT_TABLES
from iceberg.decided_tables import BROUGHT_BACK_USAGE, REPAIRED_USAGE
from iceberg.kept_snapshots import UnknownSnapshotError
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS, STREAM_TABLES
from iceberg.tagging import ClosedTag, tag_closed, tagged_snapshots
from tests.iceberg.filling import append, flink_summary
from tests.iceberg.maintained import load, open_some
from tests.iceberg.rows import brought_back, correction, row_of

# Log time by which the last zone's January has closed, with 5 s of slack and an hour of grace.
CLOSED = datetime(2013, 2, 1, 13, 0, 5, tzinfo=UTC)
_LATE_US, _GRACE_US = 5_000_000, 3_600_000_000


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """The tables of usage, empty."""
    return open_some(tmp_path, [*STREAM_TABLES, *REPAIRED_USAGE])


def _come_to(catalog: Catalog, checkpoint_id: int, log_time: datetime) -> None:
    """Let all tables of the cut come to a checkpoint, and the one before to an instant."""
    for number in (checkpoint_id - 1, checkpoint_id):
        for table in CUT_TABLES:
            own: dict[str, object] = {}
            if table is RAW_EVENTS:
                own = {"kafka_partition": 0, "kafka_offset": number, "log_time": log_time}
            elif table.name == "usage_corrections":
                own = correction(1, 5, 2)
            elif table.name == "metering_windows":
                own = {"event_window_s": 60}
            append(catalog, table, [row_of(table, **own)], flink_summary(number))


def _tag(catalog: Catalog, is_dry: bool = False) -> list[str]:
    return [each.tag for each in _tags(catalog, is_dry)]


def _tags(catalog: Catalog, is_dry: bool = False) -> tuple[ClosedTag, ...]:
    return tag_closed(catalog, "billing", 1, _LATE_US, _GRACE_US, is_dry)


def test_a_month_is_tagged_when_it_has_closed_everywhere(catalog: Catalog) -> None:
    """Where the wall clock is last, after the grace; once, in all tables that have rows."""
    assert _tag(catalog) == []
    _come_to(catalog, 2, CLOSED - timedelta(microseconds=1))
    assert _tag(catalog) == ["closed-2012-12"]
    append(catalog, BROUGHT_BACK_USAGE, [brought_back("e0")])
    _come_to(catalog, 4, CLOSED)
    assert _tag(catalog, is_dry=True) == ["closed-2013-01"]
    (tagged,) = _tags(catalog)
    assert (tagged.tag, tagged.checkpoint_id) == ("closed-2013-01", 4)
    names = {table.name for table in (*CUT_TABLES, BROUGHT_BACK_USAGE)}
    assert tagged.snapshot_ids.keys() == names
    assert tagged_snapshots(catalog, "billing", tagged.tag) == tagged.snapshot_ids
    ref = load(catalog).metadata.refs[tagged.tag]
    assert (ref.snapshot_ref_type, ref.max_ref_age_ms) == ("tag", None)
    _come_to(catalog, 6, CLOSED + timedelta(days=20))
    assert _tag(catalog) == []
    assert tagged_snapshots(catalog, "billing", tagged.tag) == tagged.snapshot_ids


def test_months_that_were_missed_are_tagged_later(catalog: Catalog) -> None:
    """At the cut of then, in which they have closed, too."""
    _come_to(catalog, 2, CLOSED - timedelta(days=3))
    assert _tag(catalog) == ["closed-2012-12"]
    _come_to(catalog, 4, CLOSED + timedelta(days=60))
    assert _tag(catalog) == ["closed-2013-01", "closed-2013-02", "closed-2013-03"]


def test_a_run_that_was_stopped_is_done_again(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reads a tag before the archive has it; what was set moves to the cut of then."""
    _come_to(catalog, 2, CLOSED)
    set_tag = tagging._set_tag

    def stop_at_the_archive(*arguments: object) -> None:
        identifier = arguments[1]
        if identifier == ("billing", "raw_events"):
            raise KeyboardInterrupt
        set_tag(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(tagging, "_set_tag", stop_at_the_archive)
        with pytest.raises(KeyboardInterrupt):
            _tag(catalog)
    assert "closed-2013-01" in load(catalog, CLOSED_USAGE).metadata.refs
    with pytest.raises(UnknownSnapshotError, match="expected closed-2013-01, found none"):
        tagged_snapshots(catalog, "billing", "closed-2013-01")
    _come_to(catalog, 4, CLOSED)
    (tagged,) = _tags(catalog)
    assert tagged.checkpoint_id == 4
    current = load(catalog, CLOSED_USAGE).current_snapshot()
    assert current is not None
    found = tagged_snapshots(catalog, "billing", "closed-2013-01")
    assert found["closed_usage"] == current.snapshot_id

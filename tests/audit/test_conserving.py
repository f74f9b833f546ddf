"""The conservation law on a log small enough to count by hand, and what breaks it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pytest

from audit.conservation import Gap
from audit.conserving import (
    count_ranges,
    find_broken_laws,
    find_conflicts,
    find_contradictions,
    find_gaps,
)
from audit.counting import Clocks
from audit.recomputing import Rules, recompute
from audit.shapes import OracleMeter, OracleTerms, RawRecord
from tests.audit.archives import batches_of

JANUARY = datetime(2013, 1, 5, tzinfo=UTC)
TERMS = OracleTerms(1, datetime(2013, 1, 1, tzinfo=UTC), "UTC", "month", datetime(2013, 1, 1))
METERS = [
    OracleMeter("uses", "used", "count", None, "use", (), 0, 86_400, retractable=True),
    OracleMeter("gb", "used", "sum", "units", "GB", (), 0, 86_400, retractable=True),
]
_WAITED = "row_id VARCHAR, account_id VARCHAR, meter_id VARCHAR, dimensions VARCHAR"
_WINDOW = "event_window_start TIMESTAMPTZ, part VARCHAR, log_window_end TIMESTAMPTZ"


def sent(offset: int, event_id: str, units: object = 1, **other: object) -> bytes:
    """Return an event of account A."""
    shape = {
        "specversion": "1.0",
        "id": event_id,
        "source": "s",
        "type": "used",
        "subject": "A",
        "time": "2013-01-05T00:00:00Z",
        "data": {"units": units},
        **other,
    }
    return json.dumps(shape).encode()


def _records() -> list[RawRecord]:
    undo = {"type": "meterclose.retraction", "data": {"source": "s", "id": "b"}}
    values: dict[int, bytes] = {
        0: sent(0, "a"),
        1: sent(1, "a"),
        2: sent(2, "a", 2),
        3: b"[" + sent(3, "b") + b"," + sent(3, "c", "far") + b"," + sent(3, "b") + b"]",
        4: b"no json",
        7: sent(7, "undo", **undo),
        8: sent(8, "beat", type="meterclose.heartbeat"),
        9: sent(9, "x", subject="X"),
    }
    log_ms = int(JANUARY.timestamp() * 1000)
    return [RawRecord(0, offset, log_ms, value) for offset, value in values.items()]


@pytest.fixture
def rows() -> Iterator[duckdb.DuckDBPyConnection]:
    """The recompute, with nothing that expired or was unassigned in the tables."""
    with duckdb.connect() as rows:
        clocks = Clocks(datetime(2013, 3, 1, tzinfo=UTC))
        recompute(rows, batches_of(_records()), Rules(METERS, {"A": [TERMS]}, clocks))
        for table in ("expired_usage", "unassigned_usage"):
            rows.execute(f"CREATE TABLE {table} ({_WAITED}, {_WINDOW}, is_retraction BOOLEAN)")
        rows.execute("CREATE TABLE brought_back_usage (source_row_id VARCHAR)")
        yield rows


def test_every_record_and_event_is_counted_once(rows: duckdb.DuckDBPyConnection) -> None:
    """By range of offsets: what became of records, and where their events ended."""
    counts = count_ranges(rows, 2)
    assert [(each.begin_offset, each.end_offset, each.records) for each in counts] == [
        (0, 5, 5),
        (5, 10, 3),
    ]
    first, last = counts
    assert dict(first.fates) == {
        "batch": 1,
        "conflict": 1,
        "counted": 3,
        "duplicate": 2,
        "rejected": 1,
    }
    assert (dict(first.rejected), first.batch_events) == ({"malformed_json": 1}, 3)
    ends = {each.meter_id: (each.events, dict(each.ends)) for each in first.meters}
    assert ends == {
        "uses": (3, {"closed": 2, "taken_back": 1}),
        "gb": (3, {"closed": 1, "rejected": 1, "taken_back": 1}),
    }
    assert dict(last.fates) == {"counted": 1, "heartbeat": 1, "retraction": 1}
    assert [dict(each.ends) for each in last.meters] == [{"unassigned": 1}] * 2
    assert [*find_broken_laws(counts)] == []
    assert sum(each.records for each in count_ranges(rows, None)) == len(_records())


def test_what_a_person_brought_back_is_an_end_of_its_own(rows: duckdb.DuckDBPyConnection) -> None:
    """The row of unassigned usage that was brought back, and no other."""
    rows.execute(
        "INSERT INTO unassigned_usage SELECT 'u', account_id, meter_id, dimensions,"
        " event_window_start, part, log_window_end, false FROM audit_windows"
        " WHERE ended = 'unassigned' AND meter_id = 'gb'"
    )
    rows.execute("INSERT INTO brought_back_usage VALUES ('u')")
    ends = {each.meter_id: dict(each.ends) for each in count_ranges(rows, 2)[1].meters}
    assert ends == {"uses": {"unassigned": 1}, "gb": {"brought_back": 1}}


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM audit_records WHERE kafka_offset = 0",
        "INSERT INTO audit_records FROM audit_records WHERE kafka_offset = 4",
        "DELETE FROM audit_usage WHERE kafka_offset = 9 AND meter_id = 'gb'",
        "INSERT INTO audit_usage FROM audit_usage WHERE kafka_offset = 0 AND meter_id = 'gb'",
    ],
)
def test_a_broken_law_is_told(harm: str, rows: duckdb.DuckDBPyConnection) -> None:
    """A record or an event with no end, or with two."""
    rows.execute(harm)
    broken = [*find_broken_laws(count_ranges(rows, 2))]
    assert {each.kind for each in broken} == {"broken_law"}


def test_gaps_and_conflicts(rows: duckdb.DuckDBPyConnection) -> None:
    """Offsets that are not there; the record that says something else, with the one that counts."""
    count_ranges(rows, None)
    assert find_gaps(rows) == (Gap(0, 5, 7),)
    (conflict,) = find_conflicts(rows)
    assert (conflict.event_id, conflict.counted_offset, conflict.ignored_offset) == ("a", 0, 2)
    assert conflict.counted_fingerprint != conflict.ignored_fingerprint
    assert [*find_contradictions(rows)] == []

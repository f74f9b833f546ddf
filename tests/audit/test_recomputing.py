"""The recompute in SQL against the oracle's lists and loops: the same rows, to the last digit."""

import json
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from audit.counting import Clocks
from audit.recomputing import Rules, meter_usage, recompute
from audit.shapes import (
    Closed,
    Correction,
    Expired,
    OracleMeter,
    OracleTerms,
    RawRecord,
    Unassigned,
    Window,
    read_accounts,
    read_meters,
)
from tests.audit.archives import batches_of, shapes_of
from tests.oracle import recompute as oracle
from tests.oracle.recompute import Expected, final_watermark
from tests.simulation.path import SLACK_MS
from tests.simulation.simulated_job import records_of
from tests.simulation.world import PARTITIONS, make_world

_TIMED = "SELECT *, 60 AS event_window_s FROM audit_windows"
KINDS: tuple[tuple[str, type, str], ...] = (
    ("closed", Closed, "FROM audit_rows WHERE revision = 0"),
    ("corrections", Correction, "FROM audit_rows WHERE revision > 0"),
    ("windows", Window, _TIMED),
    ("expired", Expired, f"{_TIMED} WHERE ended = 'expired'"),
    ("unassigned", Unassigned, f"{_TIMED} WHERE ended = 'unassigned'"),
)


def differences(rows: duckdb.DuckDBPyConnection, expected: Expected) -> list[str]:
    """Return what one of the two has and the other lacks, as lines."""
    lines = []
    for name, shape, query in KINDS:
        found: Counter[Any] = shapes_of(rows, shape, query)
        wanted: Counter[Any] = Counter(getattr(expected, name))
        lines += [f"unexpected {row}" for row in (found - wanted).elements()]
        lines += [f"missing {row}" for row in (wanted - found).elements()]
    return lines


def fates_of(rows: duckdb.DuckDBPyConnection) -> "Counter[tuple[Any, ...]]":
    """Return the fates of all records as the oracle tells them: a conflict is a duplicate."""
    query = """
        SELECT kafka_partition, kafka_offset, batch_index,
            replace(fate, 'conflict', 'duplicate'), reason FROM audit_records
    """
    return Counter(rows.sql(query).fetchall())


_MORE = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(6, 60)]


@pytest.mark.parametrize("seed", [2, 3, 4, 5, *_MORE])
def test_rows_are_those_of_the_oracle(seed: int, tmp_path: Path) -> None:
    """All aggregations, late, repeated and taken back, at any watermark, in lots of accounts."""
    world = make_world(seed, tmp_path)
    records = records_of(world)
    random.Random(seed).shuffle(records)  # noqa: S311
    clocks = Clocks(final_watermark(records, PARTITIONS, SLACK_MS))
    if seed % 3 == 0:
        clocks = Clocks(datetime(2013, 3, 2 * seed % 28 + 1, 3, tzinfo=UTC))
    meters, accounts = read_meters(world.meters), read_accounts(world.accounts)
    known_at = {"A": datetime(2013, 3, 5, tzinfo=UTC)} if seed % 4 == 0 else {}
    expected = oracle.recompute(records, meters, accounts, clocks, known_at=known_at)
    with duckdb.connect() as rows:
        rules = Rules(meters, accounts, clocks, known_at=known_at)
        recompute(rows, batches_of(records), rules, buckets=1 + seed % 3)
        assert differences(rows, expected) == []
        fates = [(f.partition, f.offset, f.index, f.fate, f.reason) for f in expected.fates]
        assert fates_of(rows) == Counter(fates)


def test_what_is_taken_back_goes_where_its_event_went(tmp_path: Path) -> None:
    """Accounts become known a week too late: of unassigned usage some is taken back later."""
    taken_back = 0
    for seed in (5, 8):
        folder = tmp_path / str(seed)
        folder.mkdir()
        world = make_world(seed, folder)
        records = records_of(world)
        clocks = Clocks(final_watermark(records, PARTITIONS, SLACK_MS))
        meters, accounts = read_meters(world.meters), read_accounts(world.accounts)
        known_at = dict.fromkeys(accounts, datetime(2013, 3, 2, tzinfo=UTC))
        expected = oracle.recompute(records, meters, accounts, clocks, known_at=known_at)
        with duckdb.connect() as rows:
            recompute(rows, batches_of(records), Rules(meters, accounts, clocks, known_at=known_at))
            assert differences(rows, expected) == [], seed
        taken_back += sum(
            row.is_retraction and row.log_window_end > known_at[row.account_id]
            for row in expected.unassigned
            if row.account_id in known_at
        )
    assert taken_back > 0


def test_a_billionth_is_a_difference(tmp_path: Path) -> None:
    """The comparison above finds a billionth more of each event."""
    world = make_world(2, tmp_path)
    records = records_of(world)
    clocks = Clocks(final_watermark(records, PARTITIONS, SLACK_MS))
    meters, accounts = read_meters(world.meters), read_accounts(world.accounts)
    expected = oracle.recompute(records, meters, accounts, clocks)
    with duckdb.connect() as rows:
        rules = Rules(meters, accounts, clocks)
        recompute(rows, batches_of(records), rules)
        rows.execute("UPDATE audit_shares SET billionths = billionths + 1")
        meter_usage(rows, rules)
        assert differences(rows, expected) != []


TERMS = OracleTerms(1, datetime(2013, 1, 1, tzinfo=UTC), "UTC", "month", datetime(2013, 1, 1))
GREAT = 99_999_999_999_999_999_999


def sent(offset: int, units: object) -> RawRecord:
    """Return a record of account A in January 2013."""
    shape = {
        "specversion": "1.0",
        "id": str(offset),
        "source": "s",
        "type": "used",
        "subject": "A",
        "time": "2013-01-05T00:00:00Z",
        "data": {"units": units},
    }
    log_ms = int(datetime(2013, 1, 5, tzinfo=UTC).timestamp() * 1000)
    return RawRecord(0, offset, log_ms, json.dumps(shape).encode())


def test_the_largest_units_stay_exact() -> None:
    """Twenty digits before the point and nine after it; half a billionth is rounded away from 0."""
    kinds = ("sum", "average", "max", "min", "latest", "percentile")
    meters = [
        OracleMeter(kind, "used", kind, "units", "u", (), 0, 86_400, percentile="50")
        for kind in kinds
    ]
    records = [sent(0, f"-{GREAT}.999999999"), sent(1, f"{GREAT}.999999999")]
    records += [sent(2, "-0.000000001"), sent(3, f"-{GREAT}.999999998")]
    clocks = Clocks(datetime(2013, 3, 1, tzinfo=UTC))
    for some in (records, records[:1], records[1:3]):
        expected = oracle.recompute(some, meters, {"A": [TERMS]}, clocks)
        with duckdb.connect() as rows:
            recompute(rows, batches_of(some), Rules(meters, {"A": [TERMS]}, clocks))
            assert differences(rows, expected) == []


def test_a_place_that_comes_twice_counts_once() -> None:
    """A repeated commit of the archive is told, and changes no row; nor does another content."""
    meter = OracleMeter("m", "used", "sum", "units", "u", (), 0, 86_400)
    clocks = Clocks(datetime(2013, 3, 1, tzinfo=UTC))
    records = [sent(0, 1), sent(1, 2), sent(0, 1), replace(sent(1, 3), offset=1)]
    with duckdb.connect() as rows:
        recompute(rows, batches_of(records[:3]), Rules([meter], {"A": [TERMS]}, clocks))
        assert rows.sql("SELECT event_count FROM audit_rows").fetchall() == [(2,)]
        repeated = "SELECT kafka_offset, copies, contents FROM audit_repeated_places ORDER BY ALL"
        assert rows.sql(repeated).fetchall() == [(0, 2, 1)]
        recompute(rows, batches_of(records), Rules([meter], {"A": [TERMS]}, clocks))
        assert rows.sql(repeated).fetchall() == [(0, 2, 1), (1, 2, 2)]

"""Readers take each row once, and say when rows contradict each other."""

from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.payloads import load_payloads
from iceberg.reading import (
    BrokenRowsError,
    open_rows,
    read_once,
    usage_totals,
)
from iceberg.table import Table
from iceberg.tables import (
    CLOSED_USAGE,
    RAW_EVENTS,
    REJECTED_EVENTS,
    USAGE_CORRECTIONS,
    USAGE_TABLES,
)
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import correction, row_of

NOON = datetime(2013, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with every table, all empty."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    return catalog


def _read(catalog: Catalog, table: Table) -> pa.Table:
    return read_once(catalog.load_table(("billing", table.name)), table)


def _totals(catalog: Catalog) -> list[dict[str, object]]:
    with closing(open_rows(catalog, "billing")) as rows:
        totals: list[dict[str, object]] = usage_totals(rows).to_pylist()
        return totals


def test_a_row_comes_back_as_it_was_written(catalog: Catalog) -> None:
    """Instants stay in UTC to the microsecond, decimals exact, bytes as they are."""
    cut = datetime(2013, 2, 2, 0, 0, 0, 1, tzinfo=UTC)
    row = row_of(CLOSED_USAGE, cut=cut, quantity=Decimal("12345678901234567890.123456789"))
    append(catalog, CLOSED_USAGE, [row])
    assert _read(catalog, CLOSED_USAGE).to_pylist() == [row]
    raw = row_of(RAW_EVENTS, kafka_partition=0, kafka_offset=7, log_time=NOON, payload=b"\xff\0")
    append(catalog, RAW_EVENTS, [raw])
    assert _read(catalog, RAW_EVENTS).to_pylist() == [raw]


def test_charges_are_no_usage(catalog: Catalog) -> None:
    """Who reads usage loads none of what pricing wrote."""
    with closing(open_rows(catalog, "billing")) as rows:
        found = {
            name for (name,) in rows.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        }
    assert found == {table.name for table in USAGE_TABLES}


def test_an_empty_table_has_its_columns(catalog: Catalog) -> None:
    """No row, every column."""
    found = _read(catalog, CLOSED_USAGE)
    assert found.num_rows == 0
    assert tuple(found.column_names) == CLOSED_USAGE.names


def test_a_repeated_commit_counts_once(catalog: Catalog) -> None:
    """The same rows in two snapshots, one of them by another version of the program."""
    rows = [row_of(CLOSED_USAGE), row_of(CLOSED_USAGE, row_id="c1", account_id="B")]
    append(catalog, CLOSED_USAGE, rows)
    append(catalog, CLOSED_USAGE, [rows[0] | {"job_version": "2"}, rows[1]])
    found = _read(catalog, CLOSED_USAGE)
    assert found.column("row_id").to_pylist() == ["c0", "c1"]
    assert found.column("job_version").to_pylist() == ["1", "1"]


def test_records_are_known_by_their_place(catalog: Catalog) -> None:
    """A record refused by two meters has two rows, and each of them counts once."""
    place = {"kafka_partition": 0, "kafka_offset": 7, "log_time": NOON, "reason": "missing_units"}
    rows = [row_of(REJECTED_EVENTS, meter_id=meter, **place) for meter in ("air", "miles", None)]
    append(catalog, REJECTED_EVENTS, rows)
    append(catalog, REJECTED_EVENTS, rows)
    meters = _read(catalog, REJECTED_EVENTS).column("meter_id").to_pylist()
    assert meters == ["air", "miles", None]


def test_one_id_with_two_contents_is_broken(catalog: Catalog) -> None:
    """Nobody may choose between two rows that claim to be the same."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE, quantity=Decimal(4))])
    with pytest.raises(BrokenRowsError, match=r"closed_usage: rows of one identity differ.*c0"):
        _read(catalog, CLOSED_USAGE)


def test_totals_are_closed_usage_and_corrections(catalog: Catalog) -> None:
    """The last revision is the total, with or without a closed row before it."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    late = [
        row_of(USAGE_CORRECTIONS, **correction(1, 4, 1)),
        row_of(USAGE_CORRECTIONS, **correction(2, 6, 2)),
        row_of(
            USAGE_CORRECTIONS,
            **correction(1, 1, 1, row_id="d1", corrected_row_id=None, account_id="B"),
        ),
    ]
    append(catalog, USAGE_CORRECTIONS, late)
    append(catalog, USAGE_CORRECTIONS, late[1:2])
    found = [
        (row["account_id"], row["quantity"], row["event_count"], row["revision"])
        for row in _totals(catalog)
    ]
    assert found == [("A", Decimal(6), 6, 2), ("B", Decimal(1), 1, 1)]


def test_no_usage_has_no_totals(catalog: Catalog) -> None:
    """Empty tables are no error."""
    assert _totals(catalog) == []


@pytest.mark.parametrize(
    "late",
    [
        correction(2, 6, 3),
        correction(1, 5, 1),
    ],
    ids=["a revision is missing", "the deltas do not add up"],
)
def test_revisions_must_add_up(catalog: Catalog, late: dict[str, object]) -> None:
    """A total that its corrections do not explain is not reported."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    append(catalog, USAGE_CORRECTIONS, [row_of(USAGE_CORRECTIONS, **late)])
    with pytest.raises(BrokenRowsError, match=r"do not add up: .'A', 'flights'"):
        _totals(catalog)


def test_records_show_their_identity(catalog: Catalog) -> None:
    """The envelope is read from the payload; what is no JSON object shows nothing."""
    payloads = [
        b'{"type":"t","source":"s","id":"\\u0041"}',
        b'{"type":"t","source":"s"}',
        b'{"type":"t"} and more',
        b"\xff",
        b"[1]",
        b"",
        None,
    ]
    rows = [
        row_of(RAW_EVENTS, kafka_partition=0, kafka_offset=i, log_time=NOON, payload=payload)
        for i, payload in enumerate(payloads)
    ]
    append(catalog, RAW_EVENTS, rows)
    with closing(open_rows(catalog, "billing")) as opened:
        found = opened.execute(
            "SELECT event_type, event_source, event_id FROM raw_events ORDER BY kafka_offset"
        ).fetchall()
    assert found == [("t", "s", "A"), ("t", "s", None), *[(None, None, None)] * 5]


def test_payloads_come_for_the_records_that_are_asked_for(catalog: Catalog) -> None:
    """Each once, whatever was committed twice; a tombstone has none."""
    payloads = {(0, 1): b"a", (0, 2): b"b", (1, 1): None, (1, 2): b"d"}
    raw = [
        row_of(RAW_EVENTS, kafka_partition=p, kafka_offset=o, log_time=NOON, payload=payload)
        for (p, o), payload in payloads.items()
    ]
    append(catalog, RAW_EVENTS, raw)
    append(catalog, RAW_EVENTS, raw)
    with closing(open_rows(catalog, "billing")) as opened:
        opened.execute("CREATE TEMP TABLE asked AS FROM raw_events WHERE kafka_offset = 1")
        for _ in range(2):
            load_payloads(opened, catalog, "billing", "asked")
            assert opened.execute("FROM payloads ORDER BY ALL").fetchall() == [
                (0, 1, b"a"),
                (1, 1, None),
            ]
        opened.execute("DELETE FROM asked")
        load_payloads(opened, catalog, "billing", "asked")
        assert opened.execute("FROM payloads").fetchall() == []

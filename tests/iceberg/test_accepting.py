"""A commit that came twice is accepted only where all of its rows are the same in each place."""

from decimal import Decimal
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.accepting import AcceptedStore, UnsafeAcceptError, count_repeated_rows
from iceberg.change_tables import ACCEPTED_COMMITS
from iceberg.checking import RepeatedCommit, repeated_commits
from iceberg.retraction_tables import RETRACTIONS
from iceberg.table import Table
from iceberg.tables import (
    CLOSED_USAGE,
    METERING_WINDOWS,
    REJECTED_EVENTS,
)
from schemas.accepted_commit import AcceptedCommit
from tests.iceberg.filling import append, flink_summary
from tests.iceberg.maintained import NOON, load, open_some
from tests.iceberg.rows import row_of

ROW = row_of(CLOSED_USAGE)
OTHER = {**ROW, "row_id": "other"}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """One table that the job writes, and the one of what was accepted."""
    return open_some(tmp_path, [CLOSED_USAGE, ACCEPTED_COMMITS])


def _found(catalog: Catalog) -> list[RepeatedCommit]:
    return repeated_commits(load(catalog, CLOSED_USAGE))


def _count(catalog: Catalog, repeat: RepeatedCommit) -> int:
    return count_repeated_rows(load(catalog, CLOSED_USAGE), CLOSED_USAGE, repeat)


def _accept(catalog: Catalog, repeat: RepeatedCommit) -> None:
    ids = ",".join(map(str, repeat.snapshot_ids))
    name = (CLOSED_USAGE.name, repeat.kind.value, repeat.name, ids)
    AcceptedStore(catalog, "billing").append([AcceptedCommit(*name, 1, "ops", "seen", 1)], "1")


def _open(catalog: Catalog) -> list[RepeatedCommit]:
    return AcceptedStore(catalog, "billing").open_repeats(
        CLOSED_USAGE.name, load(catalog, CLOSED_USAGE)
    )


def test_the_same_rows_are_counted(catalog: Catalog) -> None:
    """Two rows came twice; what another checkpoint brought is not theirs."""
    for number in (1, 1):
        append(catalog, CLOSED_USAGE, [ROW, OTHER], flink_summary(number, "job"))
    append(catalog, CLOSED_USAGE, [{**ROW, "row_id": "third"}], flink_summary(2, "job"))
    (repeat,) = _found(catalog)
    assert _count(catalog, repeat) == 2


def test_a_data_file_that_came_twice(catalog: Catalog) -> None:
    """Its rows are the same by themselves."""
    (path,) = append(catalog, CLOSED_USAGE, [ROW, OTHER])
    load(catalog, CLOSED_USAGE).add_files([path], check_duplicate_files=False)
    (repeat,) = _found(catalog)
    assert _count(catalog, repeat) == 2


def test_rows_that_differ_are_refused(catalog: Catalog) -> None:
    """In the second commit, or anywhere else in the table."""
    changed = {**ROW, "quantity": Decimal(77)}
    for row in (ROW, changed):
        append(catalog, CLOSED_USAGE, [row], flink_summary(1, "job"))
    (repeat,) = _found(catalog)
    with pytest.raises(UnsafeAcceptError, match="found rows that differ"):
        _count(catalog, repeat)


def test_a_copy_elsewhere_that_differs_is_refused(catalog: Catalog) -> None:
    """The twin of a row may have come with another checkpoint."""
    for number in (1, 1):
        append(catalog, CLOSED_USAGE, [ROW], flink_summary(number, "job"))
    append(catalog, CLOSED_USAGE, [{**ROW, "quantity": Decimal(77)}], flink_summary(2, "job"))
    (repeat,) = _found(catalog)
    with pytest.raises(UnsafeAcceptError, match="found rows that differ"):
        _count(catalog, repeat)


# Tables whose key has columns that may be empty, with one that is none of the key.
EMPTY_IN_KEY = (
    (METERING_WINDOWS, "event_count", 77),
    (REJECTED_EVENTS, "reason", "bad_time"),
    (RETRACTIONS, "account_id", "B"),
)


@pytest.mark.parametrize(
    ("table", "column", "value"), EMPTY_IN_KEY, ids=[table.name for table, _, _ in EMPTY_IN_KEY]
)
def test_rows_with_an_empty_column_in_their_key(
    tmp_path: Path, table: Table, column: str, value: object
) -> None:
    """They are found and counted, and one that differs is refused."""
    row = _filled(table)
    assert any(row[name] is None for name in table.identity)
    catalog = open_some(tmp_path, [table])
    for _ in range(2):
        append(catalog, table, [row], flink_summary(1, "job"))
    (repeat,) = repeated_commits(load(catalog, table))
    assert count_repeated_rows(load(catalog, table), table, repeat) == 1
    append(catalog, table, [{**row, column: value}], flink_summary(2, "job"))
    with pytest.raises(UnsafeAcceptError, match="found rows that differ"):
        count_repeated_rows(load(catalog, table), table, repeat)


def _filled(table: Table) -> dict[str, object]:
    """Return a row of which only the columns are empty that may be."""
    plain = {"long": 7, "int": 7, "string": "x", "boolean": False, "timestamptz": NOON}
    row = row_of(table)
    return {
        column.name: plain.get(column.type)
        if row[column.name] is None and column.required
        else row[column.name]
        for column in table.columns
    }


def test_another_version_of_the_job_makes_no_other_row(catalog: Catalog) -> None:
    """The job was restored with a newer version between both commits."""
    for version in ("1", "2"):
        append(catalog, CLOSED_USAGE, [{**ROW, "job_version": version}], flink_summary(1, "job"))
    (repeat,) = _found(catalog)
    assert _count(catalog, repeat) == 1


def test_two_jobs_at_once_are_refused(catalog: Catalog) -> None:
    """Their rows may be the same by chance, and the next ones differ."""
    for number, job_id in enumerate(("a", "b", "a"), start=1):
        append(catalog, CLOSED_USAGE, [ROW], flink_summary(number, job_id))
    (repeat,) = _found(catalog)
    with pytest.raises(UnsafeAcceptError, match="expected one job, found job b beside another"):
        _count(catalog, repeat)


def test_what_was_accepted_is_open_again_when_it_comes_once_more(catalog: Catalog) -> None:
    """A third commit of the same checkpoint was not looked at."""
    for _ in range(2):
        append(catalog, CLOSED_USAGE, [ROW], flink_summary(1, "job"))
    assert _open(catalog) == _found(catalog)
    _accept(catalog, _found(catalog)[0])
    assert _open(catalog) == []
    append(catalog, CLOSED_USAGE, [ROW], flink_summary(1, "job"))
    assert _open(catalog) == _found(catalog)


def test_an_expired_snapshot_opens_nothing_again(catalog: Catalog) -> None:
    """Of three commits that were accepted two are kept."""
    for _ in range(3):
        append(catalog, CLOSED_USAGE, [ROW], flink_summary(1, "job"))
    _accept(catalog, _found(catalog)[0])
    table = load(catalog, CLOSED_USAGE)
    first = table.snapshots()[0].snapshot_id
    table.maintenance.expire_snapshots().by_id(first).commit()
    assert len(_found(catalog)[0].snapshot_ids) == 2
    assert _open(catalog) == []

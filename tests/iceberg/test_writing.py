"""Rows are appended in one commit, and only where nothing came in between."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitStateUnknownException
from pyiceberg.table import Table as IcebergTable

from iceberg.catalog import open_catalog
from iceberg.creating import check_tables, make_table, make_tables
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.reading import read_once
from iceberg.writing import (
    CommitConflictError,
    RefusedFilesError,
    UnknownCommitError,
    append_batches,
    append_rows,
)
from tests.iceberg.filling import LocalCatalog
from tests.iceberg.rows import brought_back

DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with the one table that programs append to, empty."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    catalog.create_namespace("billing")
    make_table(catalog, "billing", BROUGHT_BACK_USAGE)
    return catalog


def load(catalog: Catalog) -> IcebergTable:
    """Load the table as it is now."""
    return catalog.load_table(("billing", BROUGHT_BACK_USAGE.name))


def rows_of(catalog: Catalog) -> list[dict[str, Any]]:
    """Return the rows of the table."""
    rows: list[dict[str, Any]] = read_once(load(catalog), BROUGHT_BACK_USAGE).to_pylist()
    return rows


def data_files(catalog: Catalog) -> list[Path]:
    """Return the data files in the table's folder, committed or not."""
    folder = Path(load(catalog).location().removeprefix("file://"))
    return sorted(folder.rglob("*.parquet"))


def test_rows_come_back_as_they_were_appended(catalog: Catalog) -> None:
    """Exact decimals, instants to the microsecond, null where there is none; a file, a snapshot."""
    rows = [
        brought_back("a", quantity=Decimal("-12345678901234567890.123456789")),
        brought_back("b", terms_version=None, last_log_time=datetime(2013, 1, 1, 0, 0, 0, 1, UTC)),
    ]
    append_rows(load(catalog), BROUGHT_BACK_USAGE, rows)
    assert rows_of(catalog) == rows
    append_rows(load(catalog), BROUGHT_BACK_USAGE, [brought_back("c", decided_at=DECEMBER)])
    assert len(rows_of(catalog)) == 3
    assert len(load(catalog).snapshots()) == len(data_files(catalog)) == 2


def test_the_partition_is_the_month(catalog: Catalog) -> None:
    """As Flink writes it, so that readers leave out other months."""
    append_rows(load(catalog), BROUGHT_BACK_USAGE, [brought_back("a", decided_at=DECEMBER)])
    ((file,),) = [[each.file for each in load(catalog).scan().plan_files()]]
    assert file.partition[0] == (2026 - 1970) * 12 + 11
    assert "decided_at_month=2026-12" in file.file_path


def test_the_table_stays_as_declared(tmp_path: Path) -> None:
    """Appending changes no property: the retries of others stay."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    before = load(catalog).properties
    append_rows(load(catalog), BROUGHT_BACK_USAGE, [brought_back("a")])
    assert load(catalog).properties == before
    check_tables(catalog, "billing")


@pytest.mark.parametrize("is_first", [True, False])
def test_a_commit_in_between_is_a_conflict(catalog: Catalog, is_first: bool) -> None:
    """What was decided without its rows is not appended behind it; no file is left."""
    if not is_first:
        append_rows(load(catalog), BROUGHT_BACK_USAGE, [brought_back("z")])
    read = load(catalog)
    append_rows(load(catalog), BROUGHT_BACK_USAGE, [brought_back("a")])
    files, rows = data_files(catalog), rows_of(catalog)
    with pytest.raises(CommitConflictError):
        append_rows(read, BROUGHT_BACK_USAGE, [brought_back("b")])
    assert rows_of(catalog) == rows
    assert data_files(catalog) == files


def test_no_answer_is_one_line(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows may be there, so their file stays, and the line says how to find out."""
    commit: Callable[..., object] = type(catalog).commit_table

    def lose_the_answer(*arguments: object) -> object:
        commit(*arguments)
        raise CommitStateUnknownException("503")

    read = load(catalog)
    monkeypatch.setattr(type(catalog), "commit_table", lose_the_answer)
    with pytest.raises(UnknownCommitError) as caught:
        append_rows(read, BROUGHT_BACK_USAGE, [brought_back("a")])
    assert str(caught.value) == (
        "commit, table brought_back_usage: expected the catalog to take it, found 503;"
        " run it again: what is there by now is not added again"
    )
    assert [row["source_row_id"] for row in rows_of(catalog)] == ["a"]


def _batches() -> Iterator[list[dict[str, object]]]:
    yield [brought_back("a"), brought_back("b", decided_at=DECEMBER)]
    yield []
    yield [brought_back("c")]


def test_batches_are_one_commit(catalog: Catalog) -> None:
    """A file for each batch and month, one snapshot; without a row there is none."""
    append_batches(load(catalog), BROUGHT_BACK_USAGE, [[], []])
    assert not load(catalog).snapshots()
    append_batches(load(catalog), BROUGHT_BACK_USAGE, _batches())
    assert sorted(row["source_row_id"] for row in rows_of(catalog)) == ["a", "b", "c"]
    assert (len(load(catalog).snapshots()), len(data_files(catalog))) == (1, 3)


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt])
def test_a_batch_that_cannot_be_had_leaves_the_table_as_it_was(
    catalog: Catalog, stop: type[BaseException]
) -> None:
    """Nothing is committed, and no file is left, whatever stopped it."""

    def batches() -> Iterator[list[dict[str, object]]]:
        yield from _batches()
        raise stop

    with pytest.raises(stop):
        append_batches(load(catalog), BROUGHT_BACK_USAGE, batches())
    assert not load(catalog).snapshots()
    assert not data_files(catalog)


def test_a_stop_after_the_commit_leaves_its_files(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table has them by then: whoever stops the program must not lose rows by it."""
    commit: Callable[..., object] = type(catalog).commit_table

    def stop(*arguments: object) -> object:
        commit(*arguments)
        raise KeyboardInterrupt

    read = load(catalog)
    monkeypatch.setattr(type(catalog), "commit_table", stop)
    with pytest.raises(KeyboardInterrupt):
        append_batches(read, BROUGHT_BACK_USAGE, _batches())
    assert len(rows_of(catalog)) == 3


def test_a_storage_that_takes_no_files_is_one_line(catalog: Catalog) -> None:
    """A folder that cannot be written to; the table stays as it is."""
    existing = load(catalog)
    (Path(existing.location().removeprefix("file://")) / "data").write_text("no folder")
    with pytest.raises(RefusedFilesError, match="expected a folder to write to"):
        append_rows(existing, BROUGHT_BACK_USAGE, [brought_back("a")])
    assert rows_of(catalog) == []

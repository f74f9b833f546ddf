"""Entries of the ledger become rows and come back, or their rows are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.creating import make_table
from iceberg.journal_rows import journal_table, read_entries, read_journal, read_last
from iceberg.ledger_tables import JOURNAL
from iceberg.reading import BrokenRowsError
from schemas.journal import ChainedEntry
from tests.iceberg.filling import LocalCatalog, append
from tests.udfs.ledgers import full_ledger
from udfs.chaining import START, chain, head_of, verify

CHAINED = tuple(chain(full_ledger(), START, "r1"))


def rows_of(chained: tuple[ChainedEntry, ...]) -> list[dict[str, Any]]:
    """Return the rows of entries."""
    rows: list[dict[str, Any]] = journal_table(chained).to_pylist()
    return rows


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with an empty journal."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    catalog.create_namespace("billing")
    make_table(catalog, "billing", JOURNAL)
    return catalog


def test_entries_come_back_as_they_were_written() -> None:
    """One row for each posting, with every column in its order."""
    rows = rows_of(CHAINED)
    assert len(rows) == sum(len(each.entry.postings) for each in CHAINED)
    assert {tuple(row) for row in rows} == {JOURNAL.names}
    assert tuple(read_entries(rows)) == CHAINED
    assert tuple(read_entries([])) == ()


def test_a_journal_comes_back_in_the_order_of_its_chain(catalog: Catalog) -> None:
    """Whatever the order of files and rows; what was committed twice counts once."""
    assert tuple(read_journal(catalog, "billing")) == ()
    append(catalog, JOURNAL, rows_of(CHAINED[7:])[::-1])
    append(catalog, JOURNAL, rows_of(CHAINED[:7]))
    append(catalog, JOURNAL, rows_of(CHAINED[5:9]))
    assert tuple(read_journal(catalog, "billing")) == CHAINED
    assert verify(read_journal(catalog, "billing")) == head_of(CHAINED[-1])


def test_the_last_entry_says_where_the_chain_goes_on(catalog: Catalog) -> None:
    """In any file, whatever was committed twice; nothing in an empty journal."""
    assert read_last(catalog, "billing") is None
    for part in (CHAINED[7:], CHAINED[:7], CHAINED[-2:]):
        append(catalog, JOURNAL, rows_of(part)[::-1])
    assert read_last(catalog, "billing") == CHAINED[-1]


def test_the_entries_of_one_run(catalog: Catalog) -> None:
    """What a run that died has booked, in the order of the chain."""
    second = tuple(chain([CHAINED[-1].entry], head_of(CHAINED[6]), "r2"))
    append(catalog, JOURNAL, rows_of((*second, *CHAINED[:7])))
    assert tuple(read_journal(catalog, "billing", "r2")) == second
    assert tuple(read_journal(catalog, "billing", "r1")) == CHAINED[:7]
    assert tuple(read_journal(catalog, "billing", "r3")) == ()


def test_an_instant_is_exact_to_the_microsecond(catalog: Catalog) -> None:
    """Or the hash would not be that of the entry."""
    odd = replace(CHAINED[0].entry, booked_us=-1)
    chained = tuple(chain([odd], START, "r1"))
    append(catalog, JOURNAL, rows_of(chained))
    assert tuple(read_journal(catalog, "billing")) == chained


def test_an_id_with_two_contents_is_refused(catalog: Catalog) -> None:
    """The same entry in two places of the chain was booked twice."""
    twice = tuple(chain([CHAINED[0].entry, CHAINED[0].entry], START, "r1"))
    append(catalog, JOURNAL, rows_of(twice))
    with pytest.raises(BrokenRowsError, match="journal: rows of one identity differ"):
        tuple(read_journal(catalog, "billing"))


@pytest.mark.parametrize(
    ("place", "changes", "complaint"),
    [
        (1, {"posting_no": 2}, "expected posting 1, found posting 2"),
        (0, {"posting_no": 1}, "expected posting 0, found posting 1"),
        (1, {"account_id": "B7"}, "expected account_id B6, as in posting 0, found B7"),
        (1, {"entry_hash": "0"}, "as in posting 0, found 0"),
        (0, {"source_kind": "gift"}, "expected source_kind gift, as in posting 0, found charge"),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    place: int, changes: dict[str, object], complaint: str
) -> None:
    """One line with the entry, what was expected and what was found."""
    rows = journal_table([CHAINED[3]]).to_pylist()
    rows[place] |= changes
    with pytest.raises(BrokenRowsError) as caught:
        tuple(read_entries(rows))
    assert str(caught.value).startswith("journal, entry 3: expected ")
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"source_kind": "gift"}, "source_kind as one of charge, grant, .*, found gift"),
        ({"currency": "XXX"}, "currency as a code of ISO 4217, found XXX"),
    ],
)
def test_what_is_in_no_closed_list_is_refused(changes: dict[str, object], complaint: str) -> None:
    """In all rows of an entry alike."""
    rows = [row | changes for row in journal_table([CHAINED[3]]).to_pylist()]
    with pytest.raises(BrokenRowsError, match=complaint):
        tuple(read_entries(rows))

# ruff: noqa: S608 - no outside text
"""What does not add up is found, and told as what it is; what does, is not told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import duckdb
import pytest

from audit.books.differences import DifferenceKind, Reconciled
from audit.books.reconciling import reconcile
from audit.prices.charges import Comparison
from audit.prices.covering import coverage
from audit.prices.reading_tables import read_agreed
from audit.prices.recomputing import recompute
from audit.prices.waiting import PricedRun, Waiting
from tests.audit.books.books_world import GRACE_S, UNTILS, make_books
from tests.audit.books.planted_errors import ERRORS, FEBRUARY, FURTHER_ERRORS


@pytest.fixture(scope="module")
def books() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of the world, in which all adds up."""
    with duckdb.connect() as rows:
        rows.execute("SET TimeZone = 'UTC'")
        for name, table in make_books().tables().items():
            rows.register("given", table)
            rows.execute(f"CREATE TABLE {name} AS FROM given")
            rows.unregister("given")
        yield rows


@contextmanager
def spoiled(books: duckdb.DuckDBPyConnection, spoil: Sequence[str]) -> Iterator[None]:
    """Change some rows; afterwards they are as before."""
    books.execute("BEGIN")
    try:
        for sql in spoil:
            books.execute(sql)
        yield
    finally:
        books.execute("ROLLBACK")


def look(books: duckdb.DuckDBPyConnection, *spoil: str) -> Reconciled:
    """Return what is told once some rows were changed."""
    with spoiled(books, spoil):
        cover = partial(coverage, read_agreed(books, GRACE_S))
        return reconcile(books, waiting_in(books), GRACE_S, cover)


def price(books: duckdb.DuckDBPyConnection, *spoil: str) -> Comparison:
    """Return how prices compare once some rows were changed."""
    with spoiled(books, spoil):
        return recompute(books, waiting_in(books))


def waiting_in(books: duckdb.DuckDBPyConnection) -> Waiting:
    """Return the two runs, and what the last one has left out."""
    agreed = read_agreed(books, GRACE_S)
    runs = [PricedRun(f"run of {each:%m-%d}", each, lambda: agreed) for each in UNTILS]
    return Waiting(books, runs)


@pytest.mark.parametrize("gone", ["nobody", "A"])
def test_what_an_earlier_run_has_read_may_be_gone(
    books: duckdb.DuckDBPyConnection, gone: str
) -> None:
    """With credit or without: what came to a period before is not judged then."""
    frozen = (
        "INSERT INTO freezes (freeze_id, action, account_ids, meter_ids)"
        """ VALUES ('f', 'freeze', '["A"]', '[]')"""
    )
    later = "DELETE FROM charges WHERE account_id = 'A' AND run_id = 'run of 03-02'"
    grants = f"DELETE FROM credit_grants WHERE account_id = '{gone}'"
    with spoiled(books, (frozen, later, grants)):
        agreed = read_agreed(books, GRACE_S)
        runs = [
            PricedRun("run of 02-04", UNTILS[0], lambda: None),
            PricedRun("run of 03-02", UNTILS[1], lambda: agreed),
        ]
        waiting = Waiting(books, runs)
        assert {(each.place, each.is_told) for each in waiting.periods} == {(0, False)}
        compared = recompute(books, waiting)
        assert compared.differences == []
        assert sum(compared.not_recomputed.values()) >= len(waiting.periods)
        found = reconcile(books, waiting, GRACE_S, partial(coverage, agreed))
    assert found.explained == {"behind a freeze": 2, "charged": 4, "free": 1}
    told = {DifferenceKind.CHARGED_WHILE_FROZEN, DifferenceKind.USAGE_NOT_CHARGED}
    assert not told & found.counts.keys()


def kinds_of(found: Reconciled) -> str:
    """Return the kinds of all differences."""
    return " ".join(found.counts)


def test_nothing_is_told_where_all_adds_up(books: duckdb.DuckDBPyConnection) -> None:
    """Every equation has two sides that are not nothing, or says so; every row is explained."""
    found, compared = look(books), price(books)
    assert found.differences == ()
    assert found.holds
    assert found.explained == {"charged": 6, "free": 1}
    sides = {(each.name, each.of): int(each.left) for each in found.equations}
    assert sides["assets:unbilled_usage", "USD"] != 0
    assert sides["revenue:breakage", "USD"] == -4150
    assert sides["liabilities:credits", "USD"] == 0
    assert sides["liabilities:tax_payable", "USD"] < 0
    assert sides["invoice numbers", "INV-2013"] == 5
    assert (compared.differences, compared.not_recomputed) == ([], {})
    assert compared.lines == 24
    covered, whole = compared.gross_minor["USD"]
    assert covered == whole > 0


def test_a_row_that_was_committed_twice_is_one(books: duckdb.DuckDBPyConnection) -> None:
    """As Iceberg's sink may do."""
    tables = ("closed_usage", "charges", "journal", "invoices", "credit_grants")
    repeat = [f"INSERT INTO {each} FROM {each}" for each in tables]
    assert look(books, *repeat).holds
    assert price(books, *repeat).differences == []


@pytest.mark.parametrize(("spoil", "kinds"), ERRORS)
def test_each_error_is_told_as_what_it_is(
    books: duckdb.DuckDBPyConnection, spoil: str, kinds: str
) -> None:
    """One row is changed, and what then does not add up is told by these kinds, no others."""
    found = look(books, spoil)
    assert kinds_of(found) == kinds
    assert not found.holds


@pytest.mark.slow
@pytest.mark.parametrize(("spoil", "kinds"), FURTHER_ERRORS)
def test_further_errors_are_told_as_what_they_are(
    books: duckdb.DuckDBPyConnection, spoil: str, kinds: str
) -> None:
    """The same for all other kinds, and other ways to the same."""
    found = look(books, spoil)
    assert kinds_of(found) == kinds
    assert not found.holds


def test_every_kind_is_planted() -> None:
    """But that of prices, which is not told by adding up."""
    planted = {kind for _, kinds in (*ERRORS, *FURTHER_ERRORS) for kind in kinds.split()}
    assert planted == {kind.value for kind in DifferenceKind} - {DifferenceKind.PRICE_DIFFERS.value}


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            f"UPDATE charges SET amount_minor = amount_minor + 1 WHERE {FEBRUARY}",
            ["amount_minor 1150 | amount_minor 1151"],
        ),
        (
            "UPDATE rate_cards SET content = replace(content, '\"1.5\"', '\"1.6\"')",
            [
                "amount_minor -25900; amount -259; amount_sum -259"
                " | amount_minor -25850; amount -517/2; amount_sum -517/2",
                "amount_minor 1800; amount 18; amount_sum 18; payouts {'Port': 540}"
                " | amount_minor 1750; amount 35/2; amount_sum 35/2; payouts {'Port': 525}",
                "amount_minor 1160; amount 58/5; amount_sum 58/5; payouts {'Port': 348}"
                " | amount_minor 1150; amount 23/2; amount_sum 23/2; payouts {'Port': 345}",
            ],
        ),
        (f"DELETE FROM charges WHERE {FEBRUARY}", ["amount_minor 1150 | no charge"]),
        (
            "INSERT INTO charges SELECT * REPLACE ('again' AS charge_id, 1 AS revision)"
            " FROM charges WHERE account_id = 'B' AND kind = 'credit'",
            ["amount_minor -500; amount_sum -5 | amount_minor -1000; amount_sum -10"],
        ),
    ],
)
def test_another_price_is_found(
    books: duckdb.DuckDBPyConnection, spoil: str, told: list[str]
) -> None:
    """Each line that differs, with both amounts."""
    compared = price(books, spoil)
    assert [" | ".join(each.sides) for each in compared.lines_that_differ] == told


def test_what_is_not_recomputed_is_no_agreement(books: duckdb.DuckDBPyConnection) -> None:
    """A card with something unknown: no line of it is compared, and none of its amounts covered."""
    spoil = 'UPDATE rate_cards SET content = replace(content, \'"prices":\', \'"x":1,"prices":\')'
    compared = price(books, spoil)
    assert (compared.lines, compared.not_recomputed) == (0, {"rate card: x": 6})
    assert compared.gross_minor["USD"][0] == 0

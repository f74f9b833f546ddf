# ruff: noqa: S608 - no outside text
"""What does not add up is found, and told as what it is; what does, is not told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import duckdb
import pytest

from audit.books.differences import Reconciled
from audit.books.reconciling import reconcile
from audit.prices.charges import Comparison
from audit.prices.covering import coverage
from audit.prices.reading_tables import read_agreed
from audit.prices.recomputing import PricedRun, recompute
from tests.audit.books.books_world import GRACE_S, UNTILS, make_books

FEBRUARY = "account_id = 'A' AND kind = 'usage' AND period_start = '2013-02-01 00:00:00Z'"
IN_FEBRUARY = "account_id = 'A' AND meter_id = 'flights' AND period_start = '2013-02-01 00:00:00Z'"
JANUARY = (
    "SELECT charge_id FROM charges WHERE account_id = 'A' AND kind = 'usage' AND revision = 0"
    " AND period_start = '2013-01-01 00:00:00Z'"
)


def numbered(place: int) -> str:
    """Return the query of an invoice's id by its number."""
    return f"SELECT any_value(invoice_id) FROM invoices WHERE number = 'INV-2013-00000{place}'"


def rewrite(replaced: str, place: int) -> str:
    """Return what changes an invoice in all its states, so that its hash holds."""
    text = f"replace(content, {replaced})"
    return (
        f"UPDATE invoices SET content = {text}, content_hash = sha256({text})"
        f" WHERE invoice_id = ({numbered(place)})"
    )


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
        return reconcile(books, UNTILS[-1], GRACE_S, cover)


def price(books: duckdb.DuckDBPyConnection, *spoil: str) -> Comparison:
    """Return how prices compare once some rows were changed."""
    with spoiled(books, spoil):
        agreed = read_agreed(books, GRACE_S)
        return recompute(books, [PricedRun(each, lambda: agreed) for each in UNTILS])


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


@pytest.mark.parametrize(
    ("spoil", "kinds"),
    [
        # Usage
        (
            f"DELETE FROM closed_usage WHERE {IN_FEBRUARY}",
            "quantity_differs usage_unknown",
        ),
        (
            f"INSERT INTO closed_usage SELECT * REPLACE ('more' AS row_id, 1 AS quantity,"
            f" 1 AS event_count) FROM closed_usage WHERE {IN_FEBRUARY}",
            "quantity_differs usage_not_charged",
        ),
        (
            f'UPDATE charges SET usage_row_ids = \'["A2","A2"]\' WHERE {FEBRUARY}',
            "usage_charged_twice",
        ),
        (
            f'UPDATE charges SET usage_row_ids = \'["A1","A2"]\' WHERE {FEBRUARY}',
            "usage_charged_twice usage_unknown",
        ),
        # Charges
        (
            f"DELETE FROM charges WHERE {FEBRUARY}",
            "balance_differs entry_differs entry_unknown line_differs quantity_differs"
            " usage_not_charged",
        ),
        (
            f"INSERT INTO charges SELECT * REPLACE ('twice' AS charge_id) FROM charges"
            f" WHERE {FEBRUARY}",
            "balance_differs entry_missing revisions_broken",
        ),
        (
            f"UPDATE charges SET amount_minor = amount_minor + 1 WHERE {FEBRUARY}",
            "balance_differs entry_differs line_differs revisions_broken",
        ),
        (
            f"UPDATE charges SET amount_minor = amount_minor + 1, total_minor = total_minor + 1"
            f" WHERE {FEBRUARY}",
            "balance_differs entry_differs line_differs",
        ),
        (
            f"UPDATE charges SET payouts_delta = '{{\"Port\":346}}' WHERE {FEBRUARY}",
            "balance_differs entry_differs",
        ),
        (
            "INSERT INTO charges SELECT * REPLACE ('again' AS charge_id) FROM charges"
            " WHERE account_id = 'B' AND kind = 'credit'",
            "balance_differs entry_missing revisions_broken",
        ),
        (
            f"INSERT INTO charges SELECT * REPLACE (1 AS quantity) FROM charges WHERE {FEBRUARY}",
            "balance_differs entry_differs line_differs revisions_broken rows_differ",
        ),
        (
            "DELETE FROM runs WHERE status = 'finished' AND run_id = 'run of 03-02'",
            "run_unfinished",
        ),
        # Ledger
        (
            "UPDATE journal SET amount_minor = amount_minor + 1 WHERE entry_no = 3"
            " AND posting_no = 0",
            "balance_differs chain_broken entry_differs entry_unbalanced",
        ),
        (
            "UPDATE journal SET ledger_account = 'expenses:rounding' WHERE entry_no = 3"
            " AND posting_no = 1",
            "balance_differs chain_broken entry_differs",
        ),
        (
            "DELETE FROM journal WHERE entry_no = 3",
            "balance_differs chain_broken entry_missing",
        ),
        ("UPDATE journal SET memo = 'gift' WHERE entry_no = 3", "chain_broken"),
        (
            "INSERT INTO journal SELECT * REPLACE (99 AS entry_no, 'again' AS entry_id)"
            " FROM journal WHERE entry_no = 3",
            "balance_differs chain_broken entry_differs entry_repeated",
        ),
        (
            "INSERT INTO journal SELECT * REPLACE (99 AS entry_no, 'more' AS entry_id,"
            " 'more' AS source_id) FROM journal WHERE entry_no = 3",
            "balance_differs chain_broken entry_unknown",
        ),
        (
            "DELETE FROM journal WHERE source_kind = 'expiry'",
            "balance_differs chain_broken entry_missing",
        ),
        (
            "UPDATE credit_grants SET content = replace(content, '\"300\"', '\"301\"')",
            "balance_differs entry_differs",
        ),
        (
            "DELETE FROM journal WHERE source_kind = 'reversal'",
            "balance_differs chain_broken entry_missing",
        ),
        # Invoices
        (
            f"DELETE FROM invoices WHERE invoice_id = ({numbered(3)})",
            "balance_differs entry_unknown invoice_missing number_missing",
        ),
        (
            rewrite("'INV-2013-000003', 'INV-2013-000001'", 3)
            + "; UPDATE invoices SET number = 'INV-2013-000001' WHERE number = 'INV-2013-000003'",
            "number_missing number_repeated",
        ),
        (
            "UPDATE invoices SET content_hash = 'none' WHERE number = 'INV-2013-000001'",
            "invoice_changed",
        ),
        (
            "UPDATE invoices SET tax_minor = tax_minor + 1 WHERE number = 'INV-2013-000001'",
            "balance_differs invoice_changed invoice_sum",
        ),
        (rewrite("'\"tax_minor\":275', '\"tax_minor\":276'", 1), "tax_share"),
        (rewrite("'0.08875', '0.09'", 1), "tax_differs"),
        (
            rewrite("'\"charged_minor\":28650', '\"charged_minor\":28651'", 1)
            + "; UPDATE invoices SET charged_minor = 28651 WHERE charged_minor = 28650",
            "invoice_sum",
        ),
        (
            rewrite("'\"amount_minor\":1450', '\"amount_minor\":1451'", 1),
            "balance_differs entry_differs invoice_sum line_differs",
        ),
        (
            rewrite('\'"corrected_number":"INV\', \'"corrected_number":"\'', 4),
            "correction_unnamed",
        ),
        (
            rewrite(f"(SELECT charge_id FROM charges WHERE {FEBRUARY}), ({JANUARY})", 4),
            "balance_differs charge_invoiced_twice correction_unnamed entry_differs line_differs",
        ),
    ],
)
def test_each_error_is_told_as_what_it_is(
    books: duckdb.DuckDBPyConnection, spoil: str, kinds: str
) -> None:
    """One row is changed, and what then does not add up is told by these kinds, no others."""
    found = look(books, spoil)
    assert kinds_of(found) == kinds
    assert not found.holds


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

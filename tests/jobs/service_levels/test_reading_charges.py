"""What is read of charges, invoices and the ledger, from small tables by hand."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

import duckdb
import pytest

from jobs.service_levels.reading_charges import Span, read_charge_facts, read_ledger_facts
from schemas.instant import DAY_US
from schemas.service_facts import ChargeFacts, CurrencyAmounts, LedgerFacts
from schemas.service_level import MeasuredWindow
from tests.udfs.ledgers import full_ledger
from udfs.chaining import START, chain

NOW_US = 100 * DAY_US
WINDOW = MeasuredWindow(10 * DAY_US, NOW_US, NOW_US)


class _Held:
    """Periods that wait, by account."""

    def __init__(self, **spans: set[Span]) -> None:
        self._spans = spans

    def spans(self, account_id: str, spans: Collection[Span]) -> set[Span]:
        return self._spans.get(account_id, set()) & set(spans)


@pytest.fixture
def rows() -> Iterator[duckdb.DuckDBPyConnection]:
    """Empty tables with the columns that are asked for."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            "CREATE TABLE charges (charge_id VARCHAR, account_id VARCHAR, period_start TIMESTAMPTZ,"
            ' period_end TIMESTAMPTZ, kind VARCHAR, line_id VARCHAR, "group" VARCHAR,'
            " segment_start TIMESTAMPTZ, segment_end TIMESTAMPTZ, product VARCHAR,"
            " amount_minor BIGINT, currency VARCHAR, due TIMESTAMPTZ, run_id VARCHAR);"
            " CREATE TABLE invoices (invoice_id VARCHAR, state VARCHAR, kind VARCHAR,"
            ' "at" TIMESTAMPTZ, content VARCHAR);'
            ' CREATE TABLE runs (run_id VARCHAR, status VARCHAR, "at" TIMESTAMPTZ);'
            " CREATE TABLE journal (entry_id VARCHAR, source_kind VARCHAR, source_id VARCHAR,"
            " currency VARCHAR, amount_minor BIGINT)"
        )
        yield connection


def _charge(rows: duckdb.DuckDBPyConnection, charge_id: str, amount: int, **own: Any) -> None:
    day = {"start": 20, "end": 50, "due": 50, **own}
    given = [charge_id, own.get("account", "A"), amount, own.get("currency", "USD")]
    instants = [day[name] * DAY_US for name in ("start", "end", "due")]
    rows.execute(
        "INSERT INTO charges SELECT $1, $2, make_timestamptz($5), make_timestamptz($6), 'usage',"
        " $8, '{}', make_timestamptz($5), make_timestamptz($6), 'p', $3, $4, make_timestamptz($7),"
        " 'r'",
        [*given, *instants, own.get("line", "l")],
    )


def _invoice(
    rows: duckdb.DuckDBPyConnection, invoice_id: str, states: dict[str, int], **own: Any
) -> None:
    content = {
        "lines": [{"charge_ids": own.get("charges", [])}],
        "credits": [{"charge_ids": own.get("credits", [])}],
    }
    for state, day in states.items():
        rows.execute(
            "INSERT INTO invoices VALUES ($1, $2, $3, make_timestamptz($4), $5)",
            [invoice_id, state, own.get("kind", "invoice"), day * DAY_US, json.dumps(content)],
        )


def test_of_nothing_nothing(rows: duckdb.DuckDBPyConnection) -> None:
    """Zeros, no currency, and no run of pricing."""
    assert read_charge_facts(rows, WINDOW, _Held()) == ChargeFacts(0, 0, (), 0, 0, 0, 0, 0, None)


def test_the_newest_run_that_finished(rows: duckdb.DuckDBPyConnection) -> None:
    """A newer one that only started is not one; the window does not matter."""
    for run_id, status, day in (
        ("a", "finished", 3),
        ("b", "finished", 200),
        ("c", "started", 300),
    ):
        rows.execute(
            "INSERT INTO runs VALUES ($1, $2, make_timestamptz($3))", [run_id, status, day * DAY_US]
        )
    assert read_charge_facts(rows, WINDOW, _Held()).last_priced_us == 200 * DAY_US


def test_corrections_are_what_is_due_after_its_period(rows: duckdb.DuckDBPyConnection) -> None:
    """A line of 500 that was priced twice, one of -80, corrections of 30 and -10; yen apart."""
    _charge(rows, "a0", 700)
    _charge(rows, "a1", -200)
    _charge(rows, "b0", -80, line="discount")
    _charge(rows, "a2", 30, due=80)
    _charge(rows, "a3", -10, due=80)
    _charge(rows, "y0", 9, currency="JPY")
    _charge(rows, "old", 1000, due=9)
    facts = read_charge_facts(rows, WINDOW, _Held())
    assert (facts.charges, facts.adjustments) == (6, 2)
    assert facts.amounts == (CurrencyAmounts("JPY", 9, 0), CurrencyAmounts("USD", 580, 40))


def test_invoices_that_are_due(rows: duckdb.DuckDBPyConnection) -> None:
    """One issued, one that waits too long, one that is young; void ones are left out."""
    _invoice(rows, "i1", {"draft": 51, "approved": 51, "issued": 52})
    _invoice(rows, "i2", {"draft": 51})
    _invoice(rows, "i3", {"draft": 98})
    _invoice(rows, "i4", {"draft": 51, "issued": 52, "void": 53})
    _invoice(rows, "c1", {"draft": 60, "issued": 60}, kind="credit_note")
    _invoice(rows, "old", {"draft": 5, "issued": 6})
    facts = read_charge_facts(rows, WINDOW, _Held())
    assert (facts.due_invoices, facts.issued_invoices) == (3, 2)
    assert (facts.invoices, facts.credit_notes) == (2, 1)


def test_accounts_that_were_never_invoiced(rows: duckdb.DuckDBPyConnection) -> None:
    """A is invoiced, by a line and by credit; B is not; C comes to nothing; D is due only now."""
    _charge(rows, "a0", 100)
    _charge(rows, "a1", -20, line="credit")
    _charge(rows, "b0", 100, account="B")
    _charge(rows, "b1", 100, account="B", currency="JPY")
    _charge(rows, "c0", 100, account="C")
    _charge(rows, "c1", -100, account="C", line="discount")
    _charge(rows, "d0", 100, account="D", due=98)
    _invoice(rows, "i1", {"draft": 51, "issued": 52}, charges=["a0"], credits=["a1"])
    assert read_charge_facts(rows, WINDOW, _Held()).due_accounts == 2


def test_what_a_person_froze_is_not_due(rows: duckdb.DuckDBPyConnection) -> None:
    """All of A's periods wait, one of B's two does not; and a draft that waits is left out."""
    _charge(rows, "a0", 100)
    _charge(rows, "b0", 100, account="B")
    _charge(rows, "b1", 100, account="B", start=10, end=20, due=20)
    _invoice(rows, "i1", {"draft": 51})
    _invoice(rows, "i2", {"draft": 51})
    span = (20 * DAY_US, 50 * DAY_US)
    facts = read_charge_facts(rows, WINDOW, _Held(A={span}, B={span}), ["i1"])
    assert (facts.due_accounts, facts.due_invoices) == (1, 1)


def test_a_void_invoice_has_invoiced_nothing(rows: duckdb.DuckDBPyConnection) -> None:
    """Its charges are due again."""
    _charge(rows, "a0", 100)
    _invoice(rows, "i1", {"draft": 51, "issued": 52, "void": 53}, charges=["a0"])
    facts = read_charge_facts(rows, WINDOW, _Held())
    assert (facts.due_invoices, facts.due_accounts) == (0, 1)


def test_the_ledger_holds(rows: duckdb.DuckDBPyConnection) -> None:
    """Two charges booked, one of nothing, one of a run that has not finished."""
    for charge_id, amount in (("a", 5), ("b", -5), ("c", 0)):
        _charge(rows, charge_id, amount)
    rows.execute("INSERT INTO runs VALUES ('r', 'started', NULL), ('r', 'finished', NULL)")
    for charge_id in "ab":
        rows.execute(
            "INSERT INTO journal SELECT $1, 'charge', $1, 'USD', unnest([5, -5])", [charge_id]
        )
    _charge(rows, "d", 7)
    rows.execute("UPDATE charges SET run_id = 'other' WHERE charge_id = 'd'")
    chained = list(chain(full_ledger(), START, "r"))
    assert read_ledger_facts(rows, chained) == LedgerFacts(2, 2, 0, 0, 0)


def test_faults_of_the_ledger_are_found(rows: duckdb.DuckDBPyConnection) -> None:
    """A chain without its second entry, a currency that does not sum to 0, a charge unbooked."""
    _charge(rows, "a", 5)
    rows.execute("INSERT INTO runs VALUES ('r', 'finished', NULL)")
    rows.execute("INSERT INTO journal VALUES ('e', 'charge', 'x', 'USD', 5)")
    chained = list(chain(full_ledger(), START, "r"))
    assert read_ledger_facts(rows, [chained[0], *chained[2:]]) == LedgerFacts(1, 1, 1, 1, 1)

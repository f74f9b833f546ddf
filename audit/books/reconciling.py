"""Every equation and check over usage, charges, ledger and invoices; the visible list of them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import duckdb
import pyarrow as pa

from audit.books import balancing, charging, invoicing, posting
from audit.books.chaining import read_chain
from audit.books.differences import (
    Difference,
    DifferenceKind,
    Equation,
    Reconciled,
    WaitingUsage,
)
from audit.books.leaving_out import lay_out_waiting
from audit.books.reading import lay_out
from audit.prices.waiting import Waiting

_MOST = 1_000
_MOST_IDS = 100

_INSTANT = pa.timestamp("us", tz="UTC")
_COVERED = pa.schema(
    [
        ("account_id", pa.string()),
        ("period_start", _INSTANT),
        ("period_end", _INSTANT),
        ("meter_id", pa.string()),
        ("coverage", pa.string()),
    ]
)

_Kind = DifferenceKind
_IDENTITIES = (
    ("used", "row_id"),
    ("charge", "charge_id"),
    ("posting", "entry_id, posting_no"),
    ("invoice_state", "invoice_id, state"),
    ("credit", "grant_id"),
)
CHECKS: tuple[tuple[DifferenceKind, str], ...] = (
    (_Kind.USAGE_NOT_CHARGED, charging.NOT_CHARGED),
    (_Kind.USAGE_CHARGED_TWICE, charging.CHARGED_TWICE),
    (_Kind.USAGE_UNKNOWN, charging.USAGE_UNKNOWN),
    (_Kind.QUANTITY_DIFFERS, charging.QUANTITY_DIFFERS),
    (_Kind.CHARGED_WHILE_FROZEN, charging.CHARGED_WHILE_FROZEN),
    (_Kind.REVISIONS_BROKEN, charging.REVISIONS_BROKEN),
    (_Kind.RUN_UNFINISHED, charging.RUN_UNFINISHED),
    (_Kind.ENTRY_MISSING, posting.of_kind("entry_missing")),
    (_Kind.ENTRY_UNKNOWN, posting.of_kind("entry_unknown")),
    (_Kind.ENTRY_DIFFERS, posting.of_kind("entry_differs")),
    (_Kind.ENTRY_REPEATED, posting.REPEATED),
    (_Kind.ENTRY_UNBALANCED, posting.UNBALANCED),
    (_Kind.BALANCE_DIFFERS, balancing.BALANCE_DIFFERS),
    (_Kind.INVOICE_CHANGED, invoicing.CHANGED),
    (_Kind.INVOICE_MISSING, invoicing.MISSING),
    (_Kind.INVOICE_SUM, invoicing.SUM_DIFFERS),
    (_Kind.LINE_DIFFERS, invoicing.LINE_DIFFERS),
    (_Kind.TAX_SHARE, invoicing.TAX_SHARE),
    (_Kind.TAX_DIFFERS, invoicing.TAX_DIFFERS),
    (_Kind.CHARGE_INVOICED_TWICE, invoicing.INVOICED_TWICE),
    (_Kind.CORRECTION_UNNAMED, invoicing.UNNAMED),
    (_Kind.NUMBER_MISSING, invoicing.NUMBER_MISSING),
    (_Kind.NUMBER_REPEATED, invoicing.NUMBER_REPEATED),
)
"""What each kind of difference is told by: a query of account, currency, period, ids and sides."""


class _Asked(NamedTuple):
    """An equation: its query says what it is of, the left side and the right one."""

    name: str
    left_is: str
    right_is: str
    sql: str
    parameters: Mapping[str, str] = {}


EQUATIONS: tuple[_Asked, ...] = (
    _Asked("usage rows", "rows", "charged or explained", charging.USAGE_ROWS),
    _Asked("usage", "used", "charged", charging.USED_QUANTITIES),
    _Asked("charges", "all revisions", "last totals", charging.CHARGED_AMOUNTS),
    _Asked("charges booked", "charges", "entries of charges", posting.CHARGED),
    _Asked("ledger", "debits", "credits", posting.IN_BALANCE),
    *(
        _Asked(name, "ledger", told, balancing.LEDGER, {"name": name})
        for name, told in balancing.LEDGER_ACCOUNTS
    ),
    _Asked("charges invoiced", "charges", "issued, drafted, on no invoice", invoicing.INVOICED),
    *(
        _Asked(f"invoices, {what}", f"sum of {what}", whole, invoicing.ADDED_UP, {"what": what})
        for what, whole in (
            ("lines", "charged"),
            ("net amounts", "net"),
            ("taxes", "tax"),
            ("net and taxes", "total"),
            ("total and credit", "to pay"),
        )
    ),
    _Asked("invoices, shares of taxes", "shares of lines", "tax", invoicing.SHARES),
    _Asked("invoice numbers", "numbers", "the last one", invoicing.SERIES),
)
"""In the order in which money goes; a new one is one query and one line."""


Cover = Callable[[str, datetime, datetime, str], str]
"""Says of a meter in an account's period what the cards do: `audit.prices.covering.coverage`."""


def reconcile(
    rows: duckdb.DuckDBPyConnection, waiting: Waiting, grace_s: int, cover: Cover
) -> Reconciled:
    """Return whether all adds up, and what does not.

    Args:
        rows: As `audit.books.reading.lay_out` asks for.
        waiting: The runs that have charged, and what they have left out.
        grace_s: The greatest of all meters.
        cover: Is asked where usage is not charged.
    """
    lay_out(rows, waiting.runs[-1].until if waiting.runs else None, grace_s)
    lay_out_waiting(rows, waiting)
    rows.execute(charging.NAMING)
    rows.execute(charging.DUE)
    rows.execute(charging.QUANTITIES)
    _ask_cards(rows, cover)
    for statement in (
        charging.NOT_COMPARED,
        charging.FATES,
        posting.CREDIT_LEFT,
        posting.EXPECTED,
        posting.REVERSED,
        posting.FOUND,
        posting.ENTRIES,
        balancing.BALANCES,
        invoicing.SUMS,
        invoicing.NUMBERS,
    ):
        rows.execute(statement)
    counts: dict[str, int] = {}
    differences: list[Difference] = []
    for kind, sql in (*_identity_checks(), *CHECKS):
        number, found = _differences(rows, kind, sql)
        if number:
            counts[kind] = counts.get(kind, 0) + number
        differences += found
    entries, broken = read_chain(rows)
    if broken:
        counts[DifferenceKind.CHAIN_BROKEN] = len(broken)
    chain = Equation(
        "hash chain",
        "",
        "entries that hold",
        "entries",
        Decimal(entries),
        Decimal(_count(rows, "SELECT DISTINCT entry_no FROM posting")),
    )
    return Reconciled(
        (*(each for asked in EQUATIONS for each in _equations(rows, asked)), chain),
        dict(rows.execute(charging.EXPLAINED).fetchall()),
        dict(sorted(counts.items())),
        (*differences, *broken),
        WaitingUsage(
            len({each.account_id for each in waiting.periods}),
            len(waiting.periods),
            {
                name: (number, used)
                for name, number, used in rows.execute(charging.WAITS).fetchall()
            },
        ),
    )


def _ask_cards(rows: duckdb.DuckDBPyConnection, cover: Cover) -> None:
    """Create the table `priced_meters`: what cards say of meters that are not charged in full."""
    asked = rows.execute(charging.COVERED).fetchall()
    told = [dict(zip(_COVERED.names, (*each, cover(*each)), strict=True)) for each in asked]
    rows.register("told", pa.Table.from_pylist(told, _COVERED))
    rows.execute("CREATE TABLE priced_meters AS FROM told")
    rows.unregister("told")


def _identity_checks() -> list[tuple[DifferenceKind, str]]:
    return [
        (
            DifferenceKind.ROWS_DIFFER,
            f"""SELECT min(account_id), NULL::VARCHAR, NULL::TIMESTAMPTZ, NULL::TIMESTAMPTZ,
                [concat_ws(' ', {identity})], '{table}: one row', count(*) || ' that differ'
            FROM {table} GROUP BY {identity} HAVING count(*) > 1""",  # noqa: S608 - names above
        )
        for table, identity in _IDENTITIES
    ]


def _differences(
    rows: duckdb.DuckDBPyConnection, kind: DifferenceKind, sql: str
) -> tuple[int, list[Difference]]:
    """Return how many there are, and the first of them."""
    named = f"({sql}) AS wrong(account_id, currency, starts, ends, ids, expected, found)"
    number = _count(rows, f"SELECT * FROM {named}")  # noqa: S608 - queries above
    if not number:
        return 0, []
    rows.execute(f"SELECT * FROM {named} ORDER BY ALL LIMIT {_MOST}")  # noqa: S608 - the same
    found = [
        Difference(
            kind, account_id, currency, starts, ends, tuple(ids[:_MOST_IDS]), wanted, is_there
        )
        for account_id, currency, starts, ends, ids, wanted, is_there in rows.fetchall()
    ]
    return number, found


def _equations(rows: duckdb.DuckDBPyConnection, asked: _Asked) -> list[Equation]:
    found = rows.execute(asked.sql, dict(asked.parameters)).fetchall()
    return [
        Equation(asked.name, of or "", asked.left_is, asked.right_is, Decimal(left), Decimal(right))
        for of, left, right in found
    ]


def _count(rows: duckdb.DuckDBPyConnection, sql: str) -> int:
    ((number,),) = rows.execute(f"SELECT count(*) FROM ({sql})").fetchall()  # noqa: S608 - above
    return int(number)

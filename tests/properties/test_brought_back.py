"""Totals with usage that was brought back: those of a plain recompute of all events, exactly.

The rows go into the very tables and views that readers open. What was counted by the stream is cut
into a closed row and a correction, the rest into rows that people bring back, in any order. The
recompute takes all events as one list and divides with fractions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given, settings
from hypothesis import strategies as st

from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.reading import open_rows, usage_totals
from iceberg.table import Table
from iceberg.tables import CLOSED_USAGE, USAGE_CORRECTIONS
from schemas.aggregation import Aggregation
from schemas.meter_state import Accumulator
from tests.iceberg.filling import LocalCatalog
from tests.iceberg.rows import brought_back, correction, row_of
from udfs.aggregating import Result, result_of

ADDED = (Aggregation.COUNT, Aggregation.SUM, Aggregation.AVERAGE)
EXTREMES = {Aggregation.MAX: max, Aggregation.MIN: min}

units = st.builds(
    lambda number, places: Decimal(number).scaleb(-places),
    st.integers(-(10**18), 10**18),
    st.integers(0, 9),
)
lists = st.lists(units, max_size=4)


@dataclass(frozen=True)
class Case:
    """One account's period: the units in its closed row, in its correction, and brought back.

    Attributes:
        closed: Units of the closed row; empty: none.
        late: Units that a correction added; empty: none.
        back: Units of each row that was brought back; negated where `is_negated` says so.
        is_negated: Whether the last of them took its events back.
    """

    aggregation: Aggregation
    closed: list[Decimal]
    late: list[Decimal]
    back: list[list[Decimal]]
    is_negated: bool


cases = st.builds(
    Case,
    st.sampled_from([*ADDED, *EXTREMES]),
    lists,
    lists,
    st.lists(st.lists(units, min_size=1, max_size=4), max_size=4),
    st.booleans(),
)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    """Every table and view as readers open them, all empty."""
    catalog = open_catalog(LocalCatalog(tmp_path_factory.mktemp("totals")))
    make_tables(catalog, "billing")
    with closing(open_rows(catalog, "billing")) as opened:
        yield opened


def folded(aggregation: Aggregation, amounts: list[Decimal]) -> Decimal:
    """Return what a row of usage says of these units: their extreme, or their sum."""
    if aggregation is Aggregation.COUNT:
        return Decimal(len(amounts))
    return EXTREMES[aggregation](amounts) if aggregation in EXTREMES else sum(amounts, Decimal(0))


def streamed(case: Case, amounts: list[Decimal]) -> Result:
    """Return what the job makes of units."""
    total = Accumulator(folded(case.aggregation, amounts), len(amounts), 0, 0, 0, 0)
    return result_of(case.aggregation, total)


def insert(rows: DuckDBPyConnection, table: Table, row: dict[str, Any]) -> None:
    """Insert a row of a test."""
    names = ", ".join(row)
    holes = ", ".join("?" * len(row))
    values = [str(each) if isinstance(each, Decimal | datetime) else each for each in row.values()]
    rows.execute(f"INSERT INTO {table.name} ({names}) VALUES ({holes})", values)  # noqa: S608


def fill(rows: DuckDBPyConnection, number: int, case: Case) -> None:
    """Insert the rows of one case, whose account is its number."""
    shared: dict[str, Any] = {"account_id": f"{number}", "aggregation": case.aggregation.value}
    if case.closed:
        result = streamed(case, case.closed)
        closed = {"quantity": result.quantity, "breakdown": result.breakdown}
        insert(
            rows,
            CLOSED_USAGE,
            row_of(
                CLOSED_USAGE, **shared, **closed, row_id=f"{number}", event_count=len(case.closed)
            ),
        )
    if case.late:
        before = streamed(case, case.closed).quantity if case.closed else Decimal(0)
        result = streamed(case, case.closed + case.late)
        changes = correction(1, 0, 0, row_id=f"{number}", **shared) | {
            "quantity": result.quantity,
            "quantity_delta": result.quantity - before,
            "breakdown": result.breakdown,
            "event_count": len(case.closed + case.late),
        }
        insert(rows, USAGE_CORRECTIONS, row_of(USAGE_CORRECTIONS, **changes))


def fill_back(rows: DuckDBPyConnection, number: int, case: Case, place: int) -> None:
    """Insert one row that a person brought back."""
    amounts = case.back[place]
    sign = -1 if negates(case) and place == len(case.back) - 1 else 1
    insert(
        rows,
        BROUGHT_BACK_USAGE,
        brought_back(
            f"{number}-{place}",
            account_id=f"{number}",
            aggregation=case.aggregation.value,
            quantity=sign * folded(case.aggregation, amounts),
            event_count=sign * len(amounts),
        ),
    )


def negates(case: Case) -> bool:
    """Return whether the case's last row takes events back: not where an extreme is asked for."""
    return case.is_negated and case.aggregation in ADDED


def expected(case: Case) -> tuple[Decimal, int] | None:
    """Return quantity and number of events by a plain recompute; None of nothing at all."""
    if not (case.closed or case.late or case.back):
        return None
    plus = [*case.closed, *case.late, *(each for amounts in case.back for each in amounts)]
    minus: list[Decimal] = []
    if negates(case) and case.back:
        minus = case.back[-1]
        plus = plus[: len(plus) - len(minus)]
    number = len(plus) - len(minus)
    if case.aggregation in EXTREMES:
        return EXTREMES[case.aggregation](plus), number
    if case.aggregation is Aggregation.COUNT:
        return Decimal(number), number
    total = sum(map(Fraction, plus), Fraction(0)) - sum(map(Fraction, minus), Fraction(0))
    if case.aggregation is Aggregation.AVERAGE:
        total = total / number if number else Fraction(0)
    whole = int(abs(total) * 10**9 + Fraction(1, 2))
    return Decimal(whole if total >= 0 else -whole).scaleb(-9), number


@settings(max_examples=50)
@given(st.lists(cases, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_totals_are_those_of_all_events(
    rows: DuckDBPyConnection, drawn: list[Case], chance: random.Random
) -> None:
    """Whatever was counted in time, late, or by the decision of a person, in any order."""
    for table in (CLOSED_USAGE, USAGE_CORRECTIONS, BROUGHT_BACK_USAGE):
        rows.execute(f"DELETE FROM {table.name}")  # noqa: S608
    for number, case in enumerate(drawn):
        fill(rows, number, case)
    back = [(number, place) for number, case in enumerate(drawn) for place in range(len(case.back))]
    chance.shuffle(back)
    for number, place in back:
        fill_back(rows, number, drawn[number], place)
    found = usage_totals(rows)
    assert str(found.schema.field("quantity").type) == "decimal128(38, 9)"
    totals = {int(row["account_id"]): row for row in found.to_pylist()}
    wanted = {number: expected(case) for number, case in enumerate(drawn)}
    assert {number: (row["quantity"], row["event_count"]) for number, row in totals.items()} == {
        number: total for number, total in wanted.items() if total is not None
    }
    for number, row in totals.items():
        case = drawn[number]
        last = 1 if case.late else 0 if case.closed else None
        assert row["revision"] == last

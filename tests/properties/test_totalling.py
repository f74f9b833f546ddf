"""Totals of one account from its rows are those of the views that hold all accounts in a database.

Whatever the rows are: what the views refuse is refused, and what a roll-up holds is left out alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given, settings
from hypothesis import strategies as st

from iceberg.catalog import open_catalog
from iceberg.covering import covered_sql, reach_sql
from iceberg.creating import make_tables
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.reading import BrokenRowsError, check_totals, open_rows
from iceberg.row_shapes import shape_values
from iceberg.table import Table
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, USAGE_CORRECTIONS
from schemas.aggregation import Aggregation
from schemas.brought_back_usage import BroughtBackUsage
from schemas.instant import HOUR_US
from schemas.usage_row import ClosedUsage, UsageCorrection
from schemas.usage_window import UsageWindow
from tests.iceberg.filling import LocalCatalog
from tests.iceberg.rows import row_of
from tests.udfs.account_usage import JANUARY, back, closed, corrected, window
from udfs.detailing import leave_out_rolled_up
from udfs.totalling import BrokenUsageError, check_revisions, total_usage

Row = ClosedUsage | UsageCorrection | BroughtBackUsage | UsageWindow

quantities = st.sampled_from(("0", "1", "-2.5", "7", "0.000000003", "10000000000000000000"))
# Mostly one key, aggregation and unit, so that rows meet; else some that do not fit.
shared = st.fixed_dictionaries(
    {
        "aggregation": st.sampled_from(
            [*[Aggregation.COUNT] * 3, Aggregation.MAX, Aggregation.MIN, Aggregation.LATEST]
        )
        | st.just(Aggregation.AVERAGE),
        "unit": st.sampled_from(["flight"] * 5 + ["mile"]),
        "meter_id": st.sampled_from(["flights"] * 3 + ["miles"]),
        "dimensions": st.sampled_from(["{}"] * 3 + ['{"a":1}']),
        "event_count": st.integers(-2, 3),
    }
)


@st.composite
def usages(
    draw: st.DrawFn,
) -> tuple[list[ClosedUsage], list[UsageCorrection], list[BroughtBackUsage]]:
    """Return rows of an account whose revisions mostly add up."""
    base = draw(shared)
    breakdown = draw(st.sampled_from([None, '{"sum":"10","count":3}', '{"sum":"-0.5","count":1}']))
    first = [closed(draw(quantities), breakdown=breakdown, **base)] if draw(st.booleans()) else []
    late, before = [], first[0].quantity if first else Decimal(0)
    for revision in range(1, draw(st.integers(0, 2)) + 1):
        delta = Decimal(draw(quantities))
        before += delta
        told = before + draw(st.sampled_from([0] * 9 + [1]))
        number = revision + draw(st.sampled_from([0] * 9 + [1]))
        more = {**base, "event_count": draw(st.integers(-1, 4)), "breakdown": breakdown}
        late.append(corrected(number, str(told), str(delta), **more))
    added = []
    for number in range(draw(st.integers(0, 3))):
        own: dict[str, Any] = base if draw(st.integers(0, 3)) else draw(shared)
        own = {**own, "event_count": draw(st.integers(-2, 3)), "row_id": f"b{number}"}
        added.append(back(draw(quantities), **own))
    return first, late, added


windows = st.lists(
    st.builds(
        lambda hour, width_s, log_hour, is_rolled_up, part, is_back: window(
            JANUARY + hour * HOUR_US // (width_s * 1_000_000) * (width_s * 1_000_000),
            event_window_s=width_s,
            log_window_end_us=JANUARY + log_hour * HOUR_US,
            is_rolled_up=is_rolled_up,
            part=part,
            is_retraction=is_back,
        ),
        st.integers(-3, 30),
        st.sampled_from([60, 3600, 86_400]),
        st.integers(0, 5),
        st.booleans(),
        st.sampled_from([None, None, "", "7"]),
        st.sampled_from([None, False, True]),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    """Every table and view as readers open them, all empty."""
    catalog = open_catalog(LocalCatalog(tmp_path_factory.mktemp("totals")))
    make_tables(catalog, "billing")
    with closing(open_rows(catalog, "billing")) as opened:
        yield opened


def insert(rows: DuckDBPyConnection, table: Table, shape: Row) -> None:
    """Insert a shape's row."""
    row: dict[str, Any] = row_of(table) | shape_values(shape)
    if row.pop("is_rolled_up", False):
        row["job_version"] = "roll-up 1"
    holes = ", ".join("?" * len(row))
    names = ", ".join(row)
    values = [str(each) if isinstance(each, Decimal) else each for each in row.values()]
    rows.execute(f"INSERT INTO {table.name} ({names}) VALUES ({holes})", values)  # noqa: S608


@settings(max_examples=100)
@given(usages())
def test_totals_are_those_of_the_views(
    views: DuckDBPyConnection,
    drawn: tuple[list[ClosedUsage], list[UsageCorrection], list[BroughtBackUsage]],
) -> None:
    """Each value of each total, in the same order; or the same line on what is broken."""
    closed_rows, late, added = drawn
    by_table: list[tuple[Table, Sequence[Row]]] = [
        (CLOSED_USAGE, closed_rows),
        (USAGE_CORRECTIONS, late),
        (BROUGHT_BACK_USAGE, added),
    ]
    for table, shapes in by_table:
        views.execute(f"DELETE FROM {table.name}")  # noqa: S608
        for shape in shapes:
            insert(views, table, shape)
    expected: Any
    try:
        check_totals(views)
        expected = views.execute(
            "SELECT account_id, epoch_us(period_start), epoch_us(period_end), timezone, meter_id,"
            " dimensions, unit, quantity, event_count, aggregation FROM usage_totals"
        ).fetchall()
    except BrokenRowsError as error:
        expected = str(error)
    found: Any
    try:
        check_revisions(*drawn[:2])
        found = [
            tuple(getattr(total, field.name) for field in fields(total))[:-1]
            for period in total_usage(*drawn)
            for total in period.totals
        ]
    except BrokenUsageError as error:
        found = str(error)
    assert found == expected


@settings(max_examples=100)
@given(windows)
def test_the_same_windows_are_left_out(views: DuckDBPyConnection, drawn: list[UsageWindow]) -> None:
    """As the condition in SQL leaves them out."""
    views.execute(f"DELETE FROM {METERING_WINDOWS.name}")  # noqa: S608
    for number, shape in enumerate(drawn):
        insert(views, METERING_WINDOWS, shape)
        views.execute(
            f"UPDATE {METERING_WINDOWS.name} SET event_count = {1000 + number}"  # noqa: S608
            " WHERE event_count = 1"
        )
    views.execute(f"CREATE OR REPLACE TEMP TABLE wide AS {reach_sql(METERING_WINDOWS.name)}")
    left = views.execute(
        f"SELECT event_count - 1000 FROM {METERING_WINDOWS.name}"  # noqa: S608
        f" WHERE NOT {covered_sql(METERING_WINDOWS.name, 'wide')}"
    ).fetchall()
    places = {id(shape): number for number, shape in enumerate(drawn)}
    found = [places[id(shape)] for shape in leave_out_rolled_up(drawn)]
    assert sorted(number for (number,) in left) == found

"""Percentiles in DuckDB, held against a naive recount."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.service_levels.ranking import rank
from schemas.service_facts import Ranks

# Beyond 2 to the 53rd a float would round.
_US = st.integers(-(2**62), 2**62)


@pytest.fixture(scope="module")
def rows() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that has nothing yet."""
    with duckdb.connect() as connection:
        yield connection


@settings(max_examples=30, deadline=None)
@given(durations=st.lists(_US, min_size=1, max_size=40), percent=st.integers(1, 100))
def test_percentiles_are_exact(
    rows: duckdb.DuckDBPyConnection, durations: list[int], percent: int
) -> None:
    """The first of the ordered durations that at least so many percent do not exceed."""
    rows.execute("CREATE OR REPLACE TABLE durations (us BIGINT)")
    rows.execute("INSERT INTO durations SELECT unnest($1)", [durations])
    found = rank(rows, "SELECT us FROM durations", (percent,))
    covering = (
        each
        for each in sorted(durations)
        if 100 * sum(other <= each for other in durations) >= percent * len(durations)
    )
    assert found == Ranks(len(durations), {percent: next(covering)})


def test_of_nothing_there_is_none(rows: duckdb.DuckDBPyConnection) -> None:
    """A count of 0 and no percentile."""
    assert rank(rows, "SELECT 1 WHERE false", (50, 95)) == Ranks(0, {})


def test_many_durations_keep_their_order(rows: duckdb.DuckDBPyConnection) -> None:
    """Over several of DuckDB's row groups, inserted the other way round."""
    found = rank(rows, "SELECT 300000 - range FROM range(300000)", (1, 50, 99, 100))
    assert found.by_percent_us == {1: 3_000, 50: 150_000, 99: 297_000, 100: 300_000}

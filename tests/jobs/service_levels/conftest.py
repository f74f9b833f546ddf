"""The small live world, opened once; each test changes its rows in a transaction of its own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection

from iceberg.service_rows import open_service_rows
from jobs.reporting.fates import tell_fates
from jobs.service_levels.reading_usage import CLOSE_COLUMNS, CLOSES
from tests.jobs.service_world import make_live_world, open_world


@pytest.fixture(scope="package")
def live_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of the small live world; tests only add runs to `service_levels`."""
    return make_live_world(tmp_path_factory.mktemp("live"))


@pytest.fixture(scope="package")
def kept_rows(
    live_world: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DuckDBPyConnection]:
    """Its rows in DuckDB, with the fates of all records."""
    file = tmp_path_factory.mktemp("rows") / "rows.duckdb"
    catalog = open_world(live_world)
    with closing(open_service_rows(catalog, "billing", file, CLOSES, CLOSE_COLUMNS)) as rows:
        tell_fates(rows)
        yield rows


@pytest.fixture
def rows(kept_rows: DuckDBPyConnection) -> Iterator[DuckDBPyConnection]:
    """The same; what a test changes is taken back."""
    kept_rows.execute("BEGIN")
    yield kept_rows
    kept_rows.execute("ROLLBACK")

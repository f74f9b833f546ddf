"""The product's audit as a judge of runs: over tables that the simulated job filled, no Kafka."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from iceberg.catalog import open_catalog
from iceberg.tables import CLOSED_USAGE
from jobs.settings import load_settings
from tests.faults.auditing import audit_lines
from tests.iceberg.filling import LocalCatalog, append
from tests.jobs.simulated_tables import Simulated, simulate

SEED = 7
_BOTH = {
    "flink.job-id": "job",
    "flink.operator-id": CLOSED_USAGE.name,
    "flink.max-committed-checkpoint-id": "1",
}


@pytest.fixture
def simulated(tmp_path: Path) -> Simulated:
    """Tables in which all is right, not written yet."""
    return simulate(SEED, tmp_path)


def lines_of(simulated: Simulated, folder: Path) -> list[str]:
    """Write the tables; return what the audit tells."""
    return audit_lines(load_settings(simulated.write(folder), {}))


def test_nothing_is_told_where_all_is_right(simulated: Simulated, tmp_path: Path) -> None:
    """Although everything is asked for: at the end of a run nothing is on its way."""
    assert lines_of(simulated, tmp_path) == []


def test_each_difference_is_a_line(simulated: Simulated, tmp_path: Path) -> None:
    """Of usage and of what is written beside it; with what was expected, and found."""
    rows = simulated.rows
    lost = rows["closed_usage"].pop()
    rows["expired_usage"][0]["quantity"] += Decimal("0.000000001")
    rows["retractions"].pop()
    rows["budget_alerts"][0]["reached"] += timedelta(seconds=10)
    lines = lines_of(simulated, tmp_path)
    told = [line.split(": ")[:3] for line in lines]
    assert [table for _, table, _ in told] == [
        "closed_usage",
        "expired_usage",
        "budget_alerts",
        "retractions",
    ]
    assert {word for word, _, _ in told} == {"audit"}
    assert lines[0].startswith(f"audit: closed_usage: missing {lost['account_id']} ")
    assert "found no row" in lines[0]


def test_a_repeated_commit_is_no_difference(simulated: Simulated, tmp_path: Path) -> None:
    """The same rows once more; whether that may be, the judge asks the history."""
    settings = load_settings(simulated.write(tmp_path), {})
    catalog = open_catalog(LocalCatalog(tmp_path))
    append(catalog, CLOSED_USAGE, simulated.rows["closed_usage"], _BOTH)
    assert audit_lines(settings) == []


def test_a_file_that_is_gone_is_found(simulated: Simulated, tmp_path: Path) -> None:
    """Although no commit of the job's has taken it out: the newest snapshot is looked at."""
    settings = load_settings(simulated.write(tmp_path), {})
    table = open_catalog(LocalCatalog(tmp_path)).load_table(("billing", CLOSED_USAGE.name))
    (first, *_) = [task.file for task in table.scan().plan_files()]
    with table.transaction() as change, change.update_snapshot().overwrite() as snapshot:
        snapshot.delete_data_file(first)
    lines = audit_lines(settings)
    assert lines
    assert all(line.startswith("audit: closed_usage: missing ") for line in lines)


def test_tables_without_a_commit_are_a_line(simulated: Simulated, tmp_path: Path) -> None:
    """A run whose job never committed has no excuse."""
    settings = load_settings(simulated.write(tmp_path), {})
    catalog = open_catalog(LocalCatalog(tmp_path))
    table = catalog.load_table(("billing", CLOSED_USAGE.name))
    schema, spec, properties = table.schema(), table.spec(), table.properties
    catalog.drop_table(("billing", CLOSED_USAGE.name))
    catalog.create_table(
        ("billing", CLOSED_USAGE.name), schema, partition_spec=spec, properties=properties
    )
    (line,) = audit_lines(settings)
    assert line.startswith("audit: billing: expected a checkpoint")

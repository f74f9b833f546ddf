"""The program that creates the tables: what it prints and how it ends."""

import json
from pathlib import Path

import pytest

from iceberg.catalog import open_catalog
from iceberg.tables import TABLES
from jobs.create_tables import main
from tests.iceberg.filling import LocalCatalog
from tests.jobs.metered_tables import write_settings

Output = pytest.CaptureFixture[str]


def test_tables_are_created_then_left_alone(tmp_path: Path, capsys: Output) -> None:
    """One line for each table; a second run says that nothing was to do."""
    settings = write_settings(tmp_path)
    for outcome in ("created", "unchanged"):
        assert main(["--settings", str(settings)], {}) == 0
        expected = [f"{table.name}: {outcome}" for table in TABLES]
        assert capsys.readouterr().out.splitlines() == expected


def test_changes_are_named(tmp_path: Path, capsys: Output) -> None:
    """As text and as JSON, what was done to a table that was not as declared."""
    settings = write_settings(tmp_path)
    main(["--settings", str(settings)], {})
    catalog = open_catalog(LocalCatalog(tmp_path))
    for arguments in ([], ["--json"]):
        with catalog.load_table(("billing", "raw_events")).update_schema() as schema:
            schema.delete_column("record_key")
        capsys.readouterr()
        assert main(["--settings", str(settings), *arguments], {}) == 0
        first, *_ = printed = capsys.readouterr().out.splitlines()
        if arguments:
            change = json.loads(printed[0])[0]
            assert change["outcome"] == "changed"
            assert change["details"] == ["added column record_key"]
        else:
            assert first == "raw_events: changed: added column record_key"


def test_a_conflict_is_one_line(tmp_path: Path, capsys: Output) -> None:
    """Exit code 2, nothing on standard output."""
    settings = write_settings(tmp_path)
    main(["--settings", str(settings)], {})
    catalog = open_catalog(LocalCatalog(tmp_path))
    with catalog.load_table(("billing", "raw_events")).update_schema() as schema:
        schema.rename_column("payload", "body")
    capsys.readouterr()
    assert main(["--settings", str(settings)], {}) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith("table raw_events: expected the columns kafka_partition")
    assert found.err.count("\n") == 1


def test_wrong_settings_are_one_line(tmp_path: Path, capsys: Output) -> None:
    """A catalog that does not open, and settings that do not read."""
    settings = write_settings(tmp_path)
    (tmp_path / "catalog.db").write_text("some other file " * 100)
    assert main(["--settings", str(settings)], {}) == 2
    assert "expected a sqlite catalog that opens" in capsys.readouterr().err
    assert main(["--settings", str(tmp_path / "none.yaml")], {}) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_warehouse_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: Output) -> None:
    """It is found out only when a table is made."""
    settings = write_settings(tmp_path)
    (tmp_path / "file").write_text("no folder")
    content = settings.read_text()
    assert "warehouse: warehouse" in content
    settings.write_text(content.replace("warehouse: warehouse", "warehouse: file/in-it"))
    assert main(["--settings", str(settings)], {}) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith("bad warehouse, catalog.warehouse file://")
    assert found.err.count("\n") == 1

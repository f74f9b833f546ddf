"""Creating and changing tables: idempotent, compatible changes only, one line otherwise."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from iceberg.catalog import open_catalog
from iceberg.creating import (
    Outcome,
    TableConflictError,
    check_tables,
    make_table,
    make_tables,
)
from iceberg.table import Column, Table
from iceberg.tables import CLOSED_USAGE, RAW_EVENTS, TABLES
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import row_of

NOTE = Column("note", "string", "Something new.", required=False)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with every table."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    make_tables(catalog, "billing")
    return catalog


def _with(table: Table, column: str, **changes: object) -> Table:
    return replace(
        table,
        columns=tuple(
            replace(each, **changes) if each.name == column else each  # type: ignore[arg-type]
            for each in table.columns
        ),
    )


def test_tables_are_created_as_declared(catalog: Catalog) -> None:
    """Columns, docs, partition and properties arrive; no identifier fields."""
    for table in TABLES:
        existing = catalog.load_table(("billing", table.name))
        fields = existing.schema().fields
        declared = [(column.name, column.required, column.doc) for column in table.columns]
        assert [(field.name, field.required, field.doc) for field in fields] == declared
        assert existing.schema().identifier_field_ids == []
        assert [field.name for field in existing.spec().fields] == [f"{table.partition_by}_month"]
        stored = {"format-version": "2", **existing.properties}
        assert table.properties.items() <= stored.items()
        assert existing.format_version == 2


def test_a_second_run_changes_nothing(catalog: Catalog) -> None:
    """Nothing is committed, not even new metadata."""
    before = [catalog.load_table(("billing", table.name)).metadata_location for table in TABLES]
    outcomes = [change.outcome for change in make_tables(catalog, "billing")]
    assert outcomes == [Outcome.UNCHANGED] * len(TABLES)
    after = [catalog.load_table(("billing", table.name)).metadata_location for table in TABLES]
    assert after == before
    check_tables(catalog, "billing")


def test_an_optional_column_docs_and_properties_are_added(catalog: Catalog) -> None:
    """A new column takes its declared place, old rows have no value there; all in one commit."""
    append(catalog, CLOSED_USAGE, [row_of(CLOSED_USAGE)])
    columns = (*CLOSED_USAGE.columns[:3], NOTE, *CLOSED_USAGE.columns[3:])
    newer = _with(replace(CLOSED_USAGE, columns=columns), "unit", doc="The unit.")
    newer = replace(newer, doc="Better said.")
    change = make_table(catalog, "billing", newer)
    assert change.outcome is Outcome.CHANGED
    assert change.details == ("added column note", "changed the doc of unit", "set comment")
    existing = catalog.load_table(("billing", "closed_usage"))
    assert tuple(existing.schema().column_names) == newer.names
    assert existing.schema().find_field("unit").doc == "The unit."
    assert existing.scan().to_arrow().column("note").to_pylist() == [None]
    assert make_table(catalog, "billing", newer).outcome is Outcome.UNCHANGED


def test_a_required_column_becomes_optional(catalog: Catalog) -> None:
    """Older rows stay; until then the job does not start."""
    older = _with(CLOSED_USAGE, "first_log_time", required=True)
    catalog.drop_table(("billing", "closed_usage"))
    make_table(catalog, "billing", older)
    append(catalog, older, [row_of(older)])
    with pytest.raises(TableConflictError, match="expected first_log_time optional, found requ"):
        check_tables(catalog, "billing")
    change = make_table(catalog, "billing", CLOSED_USAGE)
    assert change.details == ("made first_log_time optional",)
    check_tables(catalog, "billing")
    assert catalog.load_table(("billing", "closed_usage")).scan().to_arrow().num_rows == 1


def test_foreign_properties_stay(catalog: Catalog) -> None:
    """What an operator set is not ours to remove."""
    existing = catalog.load_table(("billing", "raw_events"))
    with existing.transaction() as transaction:
        transaction.set_properties({"owner": "billing team"})
    assert make_table(catalog, "billing", RAW_EVENTS).outcome is Outcome.UNCHANGED
    properties = catalog.load_table(("billing", "raw_events")).properties
    assert properties["owner"] == "billing team"


@pytest.mark.parametrize(
    ("declared", "line"),
    [
        (
            _with(RAW_EVENTS, "kafka_offset", type="int"),
            "expected kafka_offset as int, found long",
        ),
        (
            _with(RAW_EVENTS, "payload", required=True),
            "expected payload required, found optional",
        ),
        (
            replace(RAW_EVENTS, columns=(*RAW_EVENTS.columns, replace(NOTE, required=True))),
            "expected the required column note, found none",
        ),
        (
            replace(RAW_EVENTS, columns=RAW_EVENTS.columns[:-1]),
            "expected the columns kafka_partition, kafka_offset, log_time, record_key,"
            " found kafka_partition, kafka_offset, log_time, record_key, payload",
        ),
        (
            replace(CLOSED_USAGE, partition_by="period_end"),
            "expected partition month(period_end), found month(period_start)",
        ),
    ],
)
def test_what_would_need_a_rewrite_is_refused(catalog: Catalog, declared: Table, line: str) -> None:
    """One line with the table, expected and found; the table stays as it is."""
    with pytest.raises(TableConflictError) as caught:
        make_table(catalog, "billing", declared)
    assert str(caught.value) == f"table {declared.name}: {line}"
    check_tables(catalog, "billing")


def test_identifier_fields_are_refused(catalog: Catalog) -> None:
    """They would make Flink write delete files."""
    with catalog.load_table(("billing", "raw_events")).update_schema() as schema:
        schema.set_identifier_fields("kafka_partition", "kafka_offset")
    with pytest.raises(TableConflictError, match="expected no identifier fields, found kafka"):
        make_tables(catalog, "billing")


def test_a_conflict_leaves_every_table_alone(tmp_path: Path) -> None:
    """The check of all tables comes before the first change."""
    catalog = open_catalog(LocalCatalog(tmp_path))
    catalog.create_namespace("billing")
    make_table(catalog, "billing", replace(CLOSED_USAGE, partition_by="cut"))
    with pytest.raises(TableConflictError, match="closed_usage"):
        make_tables(catalog, "billing")
    assert catalog.list_tables("billing") == [("billing", "closed_usage")]


def test_a_missing_table_is_named_with_its_remedy(catalog: Catalog) -> None:
    """What starts the job can print the line as it is."""
    catalog.drop_table(("billing", "expired_usage"))
    with pytest.raises(TableConflictError) as caught:
        check_tables(catalog, "billing")
    assert str(caught.value) == (
        "table expired_usage, namespace billing: expected one, found none;"
        " run python -m jobs.create_tables"
    )


def test_a_missing_column_is_named_with_its_remedy(catalog: Catalog) -> None:
    """A table of an older release needs create_tables before the job may write it."""
    with catalog.load_table(("billing", "raw_events")).update_schema() as schema:
        schema.delete_column("record_key")
    with pytest.raises(TableConflictError) as caught:
        check_tables(catalog, "billing")
    assert str(caught.value) == (
        "table raw_events: expected the column record_key, found none;"
        " run python -m jobs.create_tables"
    )

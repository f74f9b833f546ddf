"""The declaration of the tables: what must hold for each of them."""

from dataclasses import fields

import pytest

from iceberg.charge_tables import CHARGES, RUNS
from iceberg.decided_tables import BROUGHT_BACK_USAGE, MANUAL_ACTS
from iceberg.invoice_tables import INVOICES
from iceberg.table import Table, sql_columns
from iceberg.tables import (
    BUDGET_ALERTS,
    CLOSED_USAGE,
    RAW_EVENTS,
    TABLES,
    USAGE_CORRECTIONS,
)
from schemas.brought_back_usage import BroughtBackUsage
from schemas.budget import BudgetAlert
from schemas.charge import Charge
from schemas.invoice_change import InvoiceChange
from schemas.manual_act import ActEntry
from schemas.pricing_run import PricingRun
from schemas.usage_row import (
    ClosedUsage,
    UsageCorrection,
    UsageRow,
)

every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (CLOSED_USAGE, ClosedUsage),
        (USAGE_CORRECTIONS, UsageCorrection),
        (BUDGET_ALERTS, BudgetAlert),
        (BROUGHT_BACK_USAGE, BroughtBackUsage),
        (CHARGES, Charge),
        (RUNS, PricingRun),
        (INVOICES, InvoiceChange),
        (MANUAL_ACTS, ActEntry),
    ],
)
def test_only_what_the_rules_leave_out_is_optional(
    table: Table,
    row: type[
        UsageRow | BudgetAlert | BroughtBackUsage | Charge | PricingRun | InvoiceChange | ActEntry
    ],
) -> None:
    """A column is optional exactly where the row's field may be None."""
    may_be_none = [field.name for field in fields(row) if "None" in str(field.type)]
    optional = {name.removesuffix("_us") for name in may_be_none}
    assert {column.name for column in table.columns if not column.required} == optional


def test_what_is_brought_back_has_a_column_for_each_field() -> None:
    """In their order; the program adds its version."""
    names = [field.name.removesuffix("_us") for field in fields(BroughtBackUsage)]
    assert list(BROUGHT_BACK_USAGE.names) == [*names, "job_version"]


@pytest.mark.parametrize(
    ("table", "row"), [(CHARGES, Charge), (RUNS, PricingRun), (INVOICES, InvoiceChange)]
)
def test_what_a_run_writes_has_a_column_for_each_field(
    table: Table, row: type[Charge | PricingRun | InvoiceChange]
) -> None:
    """In their order, and none besides: the run says which program it was."""
    assert list(table.names) == [field.name.removesuffix("_us") for field in fields(row)]


@every_table
def test_key_and_partition_name_columns(table: Table) -> None:
    """The key's columns exist, and the partition is an instant that every row has."""
    columns = {column.name: column for column in table.columns}
    assert len(columns) == len(table.columns)
    assert set(table.key) <= set(columns)
    assert columns[table.partition_by].type == "timestamptz"
    assert columns[table.partition_by].required


@every_table
def test_everything_is_documented(table: Table) -> None:
    """The table and each column say what they mean, in a sentence that fits a Markdown table."""
    docs = [table.doc, *(column.doc for column in table.columns)]
    assert all(doc.endswith(".") and "|" not in doc and "\n" not in doc for doc in docs)
    assert table.properties["comment"] == table.doc


def test_a_row_committed_twice_is_known_by_its_id_or_its_key() -> None:
    """Rows of the rules have an id; records have their place in the topic."""
    assert CLOSED_USAGE.identity == ("row_id",)
    assert RAW_EVENTS.identity == ("kafka_partition", "kafka_offset")


def test_sql_columns_give_flinks_types() -> None:
    """Each Iceberg type has its Flink SQL type, in the columns' order."""
    assert sql_columns(RAW_EVENTS) == (
        ("kafka_partition", "INT"),
        ("kafka_offset", "BIGINT"),
        ("log_time", "TIMESTAMP_LTZ(6)"),
        ("record_key", "STRING"),
        ("payload", "BYTES"),
    )
    assert dict(sql_columns(CLOSED_USAGE))["quantity"] == "DECIMAL(38,9)"
    assert dict(sql_columns(CHARGES))["amount"] == "DECIMAL(38,12)"


def test_opaque_bytes_have_no_statistics() -> None:
    """Bounds of payloads would fill the manifests."""
    assert RAW_EVENTS.properties["write.metadata.metrics.column.payload"] == "none"
    assert not any("metrics" in name for name in CLOSED_USAGE.properties)

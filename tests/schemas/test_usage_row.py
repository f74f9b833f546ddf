"""The rows of metering are the columns of their tables."""

from __future__ import annotations

from dataclasses import fields

import pytest

from iceberg.table import Table
from iceberg.tables import CLOSED_USAGE, EXPIRED_USAGE, UNASSIGNED_USAGE, USAGE_CORRECTIONS
from schemas.usage_row import (
    ClosedUsage,
    ExpiredUsage,
    UnassignedUsage,
    UsageCorrection,
    UsageRow,
)


@pytest.mark.parametrize(
    ("row", "table"),
    [
        (ClosedUsage, CLOSED_USAGE),
        (UsageCorrection, USAGE_CORRECTIONS),
        (ExpiredUsage, EXPIRED_USAGE),
        (UnassignedUsage, UNASSIGNED_USAGE),
    ],
)
def test_field_for_column(row: type[UsageRow], table: Table) -> None:
    """Fields and columns have the same names and order; instants drop their unit."""
    names = [field.name for field in fields(row)]
    columns = [column.name for column in table.columns]
    assert [*(name.removesuffix("_us") for name in names), "job_version"] == columns
    instants = [name.removesuffix("_us") for name in names if name.endswith("_us")]
    assert instants == [c.name for c in table.columns if c.type == "timestamptz"]

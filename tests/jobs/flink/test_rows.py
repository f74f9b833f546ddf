"""Rows at the border to Flink: nothing is rounded, every column keeps its place."""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from pyflink.common import Row, Types

from iceberg import tables as declared
from iceberg.account_tables import ACCOUNTS, REJECTED_ACCOUNTS
from iceberg.table import Table
from jobs.flink.budget_function import counted_row
from jobs.flink.keyed_state import read_counted
from jobs.flink.rows import (
    BUDGET_ALERT,
    CLOSED_USAGE,
    EXPIRED_USAGE,
    REJECTED_ACCOUNT,
    RUNNING_TOTAL,
    TAKEN_ACCOUNT,
    UNASSIGNED_USAGE,
    USAGE_CORRECTION,
    EmittedRow,
    instant_text,
    row_type,
    usage_reader,
    write_row,
)
from schemas.aggregation import Aggregation
from schemas.budget import BudgetAlert
from schemas.meter import Meter
from schemas.metered_usage import MeteredUsage, TakenBack
from schemas.running_total import NO_WINDOW_US, CountedUsage, RunningTotal
from schemas.usage_row import (
    ClosedUsage,
    ExpiredUsage,
    UnassignedReason,
    UnassignedUsage,
    UsageCorrection,
)
from tests.udfs.engine import at

CLOSED = ClosedUsage(
    row_id="id",
    account_id="AA",
    meter_id="miles",
    dimensions='{"origin":"JFK"}',
    period_start_us=at("2013-01-01T05:00"),
    period_end_us=at("2013-02-01T05:00"),
    timezone="America/New_York",
    aggregation=Aggregation.SUM,
    quantity=Decimal("12345678901234567890123456789.000000001"),
    breakdown=None,
    unit="mile",
    event_count=2**40,
    revision=0,
    cut_us=at("2013-02-02T05:00"),
    first_event_time_us=at("2013-01-01T05:00") + 1,
    last_event_time_us=at("2013-02-01T05:00") - 1,
    first_log_time_us=0,
    last_log_time_us=-1,
    terms_version=7,
)


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (CLOSED_USAGE, declared.CLOSED_USAGE),
        (USAGE_CORRECTION, declared.USAGE_CORRECTIONS),
        (EXPIRED_USAGE, declared.EXPIRED_USAGE),
        (UNASSIGNED_USAGE, declared.UNASSIGNED_USAGE),
        (BUDGET_ALERT, declared.BUDGET_ALERTS),
        (TAKEN_ACCOUNT, ACCOUNTS),
        (REJECTED_ACCOUNT, REJECTED_ACCOUNTS),
    ],
)
def test_types_have_the_columns_of_their_table(kind: object, table: Table) -> None:
    """All but job_version, in the table's order: an INSERT goes by position."""
    assert (*kind.get_field_names(), "job_version") == table.names  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "shape",
    [ClosedUsage, UsageCorrection, ExpiredUsage, UnassignedUsage, BudgetAlert, RunningTotal],
)
def test_numbers_are_numbers_and_the_rest_is_text(shape: type[EmittedRow]) -> None:
    """Counts are BIGINT, versions INT, yes and no BOOLEAN; instants and decimals are text."""
    kind = row_type(shape)
    found = dict(zip(kind.get_field_names(), kind.get_field_types(), strict=True))
    numbers = {"event_count": Types.LONG(), "event_count_delta": Types.LONG()}
    numbers |= {"revision": Types.INT(), "terms_version": Types.INT()}
    numbers["is_retraction"] = Types.BOOLEAN()
    numbers |= {"threshold_percent": Types.INT()}
    assert found == {name: numbers.get(name, Types.STRING()) for name in found}


def test_a_row_is_written_exactly() -> None:
    """Every digit of a decimal and every microsecond is there; enums are their text."""
    assert write_row(CLOSED) == Row(
        "id",
        "AA",
        "miles",
        '{"origin":"JFK"}',
        "2013-01-01 05:00:00.000000",
        "2013-02-01 05:00:00.000000",
        "America/New_York",
        "sum",
        "12345678901234567890123456789.000000001",
        None,
        "mile",
        2**40,
        0,
        "2013-02-02 05:00:00.000000",
        "2013-01-01 05:00:00.000001",
        "2013-02-01 04:59:59.999999",
        "1970-01-01 00:00:00.000000",
        "1969-12-31 23:59:59.999999",
        7,
    )


@pytest.mark.parametrize(
    ("quantity", "text"), [("1E+3", "1000"), ("1E-9", "0.000000001"), ("-0", "-0"), ("0", "0")]
)
def test_decimals_have_no_exponent(quantity: str, text: str) -> None:
    """SQL casts plain decimals."""
    row = write_row(replace(CLOSED, quantity=Decimal(quantity)))
    assert row[[field.name for field in fields(CLOSED)].index("quantity")] == text


def test_what_is_missing_stays_null() -> None:
    """A correction of a period of which nothing was closed names no row."""
    values = {field.name: getattr(CLOSED, field.name) for field in fields(CLOSED)}
    correction = UsageCorrection(
        **values,
        corrected_row_id=None,
        quantity_delta=Decimal(1),
        event_count_delta=1,
        correction_end_us=0,
    )
    assert write_row(correction)[1] is None


def test_a_total_is_written_exactly() -> None:
    """Quantities as text; an average of no events has none."""
    total = RunningTotal(
        "AA", "m", 0, 1_000_000, "UTC", Aggregation.AVERAGE, Decimal("1E+2"), "one", 3, 10_000_000
    )
    instants = [f"1970-01-01 00:00:{second:02d}.000000" for second in (0, 1, 10)]
    assert list(write_row(total)) == [
        "AA", "m", *instants[:2], "UTC", "average", "100", "one", 3, instants[2]
    ]  # fmt: skip
    assert write_row(replace(total, quantity=None))[6] is None
    assert len(RUNNING_TOTAL.get_field_names()) == 10


def test_counted_usage_says_when_it_is_due() -> None:
    """Its log window's end in milliseconds beside its bytes; of a moved period nothing."""
    usage = CountedUsage(
        "AA", "m", 0, 1, "UTC", Aggregation.SUM, "one", Decimal(7), 1, 10_000_000, 9, None
    )  # fmt: skip
    bucket, (end_ms, state) = counted_row(5, usage)
    assert (bucket, end_ms) == (5, 10_000)
    assert read_counted(state) == usage
    assert counted_row(5, replace(usage, log_window_end_us=NO_WINDOW_US))[1][0] is None


def test_reasons_are_written_as_text() -> None:
    """Closed lists cross as the words of the tables."""
    values: dict[str, Any] = {
        field.name: getattr(CLOSED, field.name, 0) for field in fields(UnassignedUsage)
    }
    row = UnassignedUsage(**{**values, "reason": UnassignedReason.NO_TERMS})
    assert "no_terms" in list(write_row(row))


def test_instants_before_year_1000_keep_four_digits() -> None:
    """SQL reads years of four digits."""
    assert instant_text(at("0999-01-01T00:00")) == "0999-01-01 00:00:00.000000"


DIMENSIONS = '{"origin":"JFK"}'
METERS = {
    str(each): Meter(
        str(each), "t", each, None if each == "count" else "x", "one", ("origin",), 0, 0
    )
    for each in (Aggregation.COUNT, Aggregation.SUM, Aggregation.MAX, Aggregation.MIN)
}


def usage_row(meter_id: str) -> Row:
    """Return a row as `usage.sql` selects it."""
    aggregates = ("10.000000000", "7.500000000", "2.500000000")
    return Row(
        "AA", meter_id, DIMENSIONS, 60_000_000, *aggregates, 2, 61, 62, 1001, 1999, 10, "p", ""
    )


def test_what_is_taken_back_is_read_by_when_it_was_received() -> None:
    """In the order of receipt; a savepoint of before does not say when: as late as can be."""
    listed = "9000:-6:-4:-2:-2:61:62:9001:9002;:-1:-1:-1:-1:63:64:9003:9004;"
    listed += "8000:-3:-3:-3:-1:65:66:9005:9006"
    found = {
        meter_id: usage_reader(METERS)(Row(*usage_row(meter_id)[:-1], listed)).taken_back
        for meter_id in ("sum", "max", "min")
    }
    assert found["sum"] == (
        TakenBack(8_000_000, Decimal(-3), -1, 65, 66, 9_005_000, 9_006_000),
        TakenBack(9_000_000, Decimal(-6), -2, 61, 62, 9_001_000, 9_002_000),
        TakenBack(10_000_000, Decimal(-1), -1, 63, 64, 9_003_000, 9_004_000),
    )
    assert [each.quantity for each in found["max"]] == [-3, -4, -1]
    assert [each.quantity for each in found["min"]] == [-3, -2, -1]


@pytest.mark.parametrize(
    ("meter_id", "quantity"),
    [("count", "10"), ("sum", "10"), ("max", "7.5"), ("min", "2.5"), ("removed", "10")],
)
def test_usage_is_read_as_its_meter_aggregates(meter_id: str, quantity: str) -> None:
    """Of the plan's sum, maximum and minimum the meter's is taken; log times become microseconds.

    A meter that is no longer configured cannot be read right, but its usage must not stop the job.
    """
    assert usage_reader(METERS)(usage_row(meter_id)) == MeteredUsage(
        account_id="AA",
        meter_id=meter_id,
        dimensions=DIMENSIONS,
        event_window_start_us=60_000_000,
        quantity=Decimal(quantity),
        event_count=2,
        first_event_us=61,
        last_event_us=62,
        first_log_us=1_001_000,
        last_log_us=1_999_000,
        log_window_end_us=10_000_000,
        part="p",
    )

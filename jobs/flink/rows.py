"""Rows at the border between Flink and the rules: their types, and how they are read and written.

Instants cross as integers and decimals as text: both survive every coder exactly.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pyflink.common import Row, Types
from pyflink.common.typeinfo import RowTypeInfo

from schemas.aggregation import Aggregation
from schemas.budget import BudgetAlert
from schemas.instant import EPOCH
from schemas.meter import Meter
from schemas.metered_usage import MeteredUsage, TakenBack
from schemas.running_total import RunningTotal
from schemas.usage_row import (
    ClosedUsage,
    DimensionOverflow,
    ExpiredUsage,
    UnassignedUsage,
    UsageCorrection,
    UsageRow,
)

_MS_US = 1000
_S_US = 1_000_000
_LONGS = {"event_count", "event_count_delta"}
_INTS = {"revision", "terms_version", "max_dimensions", "threshold_percent"}
_BOOLEANS = {"is_retraction"}
_TYPES = {
    "BIGINT": Types.LONG(),
    "INT": Types.INT(),
    "BOOLEAN": Types.BOOLEAN(),
    "STRING": Types.STRING(),
}

EmittedRow = UsageRow | BudgetAlert | RunningTotal


def row_type(shape: type[EmittedRow]) -> RowTypeInfo:
    """Return the Flink type of an emitted row: instants and decimals are text."""
    names = [field.name.removesuffix("_us") for field in fields(shape)]
    types = [_TYPES[sql_type(name)] for name in names]
    return Types.ROW_NAMED(names, types)


def sql_type(column: str) -> str:
    """Return the SQL type by which a column of an emitted row crosses the border."""
    kinds = {"BIGINT": _LONGS, "INT": _INTS, "BOOLEAN": _BOOLEANS}
    return next((kind for kind, names in kinds.items() if column in names), "STRING")


USAGE = Types.ROW(
    [
        Types.STRING(),  # account_id
        Types.STRING(),  # meter_id
        Types.STRING(),  # dimensions
        Types.LONG(),  # event_window_start_us
        Types.STRING(),  # units_sum
        Types.STRING(),  # units_max
        Types.STRING(),  # units_min
        Types.LONG(),  # event_count
        Types.LONG(),  # first_event_us
        Types.LONG(),  # last_event_us
        Types.LONG(),  # first_log_ms
        Types.LONG(),  # last_log_ms
        Types.LONG(),  # log_window_end_s
        Types.STRING(),  # part
        Types.STRING(),  # taken_back
    ]
)
"""The rows of `keyed_usage.sql`."""
ACCOUNT = Types.ROW(
    [
        Types.STRING(),  # account_id
        Types.STRING(),  # terms
        Types.INT(),  # kafka_partition
        Types.LONG(),  # kafka_offset
        Types.LONG(),  # log_ms
    ]
)
"""The rows of `accounts.sql`."""
COUNTED_USAGE = Types.ROW(
    [
        Types.LONG(),  # log_window_end_ms; null: a period moved
        Types.STRING(),  # the bytes of `schemas.running_state`, as state keeps them
    ]
)
"""What the keyed stage tells the budgets' stage: `schemas.running_total.CountedUsage`."""
RUNNING_TOTAL = row_type(RunningTotal)
BUDGET_ALERT = row_type(BudgetAlert)
CLOSED_USAGE = row_type(ClosedUsage)
USAGE_CORRECTION = row_type(UsageCorrection)
EXPIRED_USAGE = row_type(ExpiredUsage)
UNASSIGNED_USAGE = row_type(UnassignedUsage)
DIMENSION_OVERFLOW = row_type(DimensionOverflow)
TAKEN_ACCOUNT = Types.ROW_NAMED(
    ["account_id", "kafka_partition", "kafka_offset", "log_time", "terms"],
    [Types.STRING(), Types.INT(), Types.LONG(), Types.STRING(), Types.STRING()],
)
REJECTED_ACCOUNT = Types.ROW_NAMED(
    [
        "account_id",
        "reason",
        "detail",
        "kafka_partition",
        "kafka_offset",
        "log_time",
        "terms",
    ],
    [
        Types.STRING(),
        Types.STRING(),
        Types.STRING(),
        Types.INT(),
        Types.LONG(),
        Types.STRING(),
        Types.STRING(),
    ],
)


def write_row(row: EmittedRow) -> Row:
    """Return an emitted row as Flink's, with the fields of `row_type` in their order."""
    return Row(*(_write(field.name, getattr(row, field.name)) for field in fields(row)))


def _write(name: str, value: Any) -> Any:
    if name.endswith("_us") and value is not None:
        return instant_text(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if value is None or isinstance(value, int) else str(value)


def instant_text(instant_us: int) -> str:
    """Return an instant as SQL reads it: `2013-01-15 05:00:00.000000`, in UTC."""
    moment: datetime = EPOCH + timedelta(microseconds=instant_us)
    return moment.isoformat(" ", "microseconds").removesuffix("+00:00")


def usage_reader(meters: Mapping[str, Meter]) -> Callable[[Row], MeteredUsage]:
    """Return a function that reads a row of `keyed_usage.sql` under the configured meters."""
    at = {
        meter_id: {Aggregation.MAX: 5, Aggregation.MIN: 6}.get(meter.aggregation, 4)
        for meter_id, meter in meters.items()
    }

    def read_usage(row: Row) -> MeteredUsage:
        values = row._values
        meter_id = values[1]
        return MeteredUsage(
            values[0],
            meter_id,
            values[2],
            values[3],
            Decimal(values[at.get(meter_id, 4)]),
            values[7],
            values[8],
            values[9],
            values[10] * _MS_US,
            values[11] * _MS_US,
            values[12] * _S_US,
            values[13],
            _read_taken_back(values, at.get(meter_id, 4) - 3) if values[14] else (),
        )

    return read_usage


def _read_taken_back(values: Sequence[Any], at: int) -> tuple[TakenBack, ...]:
    """Read what `given_back.sql` lists, with one of its three aggregates, in order of receipt."""
    found = []
    for text in values[14].split(";"):
        members = text.split(":")
        count, first_event_us, last_event_us, first_log_ms, last_log_ms = map(int, members[4:])
        # A savepoint of before does not know when: as late as can be.
        received_us = int(members[0]) * _MS_US if members[0] else values[12] * _S_US
        quantity = Decimal(members[at])
        logs_us = (first_log_ms * _MS_US, last_log_ms * _MS_US)
        events_us = (first_event_us, last_event_us)
        found.append(TakenBack(received_us, quantity, count, *events_us, *logs_us))
    return tuple(sorted(found))

"""The product's own rules over `raw_events`, without Flink: what the job must have written.

Records are read and pre-aggregated by the oracle, what counts when is decided by `udfs.metering`.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from audit.counting import Clocks
from audit.judging import EPOCH, Limits
from audit.shapes import RawRecord, read_meters
from jobs.settings import load_accounts, load_meters
from schemas.budget import BudgetAlert
from schemas.metered_usage import MeteredUsage
from schemas.usage_row import ClosedUsage, UsageCorrection, UsageRow
from tests.integration.world import PARTITIONS, SLACK_MS, World
from tests.oracle.comparing import Rows, records_of
from tests.oracle.recompute import Expected, final_watermark, judge_all
from tests.oracle.retractions import all_units
from tests.udfs.engine import Engine
from tests.udfs.gathering import usage_of
from tests.udfs.watching import Watcher
from udfs.metering import MeteringRules

_SHAPES: dict[type, str] = {
    ClosedUsage: "closed_usage",
    UsageCorrection: "usage_corrections",
    BudgetAlert: "budget_alerts",
}
_NINE_DECIMALS = Decimal("1e-9")


def comparable(tables: Mapping[str, Rows]) -> dict[str, list[tuple[Any, ...]]]:
    """Return closed rows, corrections and alerts in every column but job_version, ordered by id."""
    return {
        name: sorted(
            tuple(value for column, value in row.items() if column != "job_version")
            for row in tables[name]
        )
        for name in _SHAPES.values()
    }


def recomputed(world: World, raw_events: Rows) -> dict[str, list[tuple[Any, ...]]]:
    """Return what the rules make of the archived records, as `comparable` returns tables."""
    records = records_of(raw_events)
    clocks = Clocks(final_watermark(records, PARTITIONS, SLACK_MS))
    config = world.topics.config
    meters = load_meters(config / "meters.yaml")
    watcher = Watcher()
    engine = Engine(MeteringRules({meter.meter_id: meter for meter in meters}))
    for account in load_accounts(config / "accounts.yaml"):
        engine.know(account)
    for usage in _metered(world, records, clocks):
        engine.advance(usage.log_window_end_us - 1)
        engine.deliver(usage)
    engine.advance(_us(clocks.watermark))
    watcher.take_from(engine)
    watcher.advance(_us(clocks.watermark))
    rows = [*engine.rows, *watcher.alerts]
    return {
        name: sorted(_values(row) for row in rows if isinstance(row, shape))
        for shape, name in _SHAPES.items()
    }


def _metered(world: World, records: list[RawRecord], clocks: Clocks) -> list[MeteredUsage]:
    """Pre-aggregate the records by log window, as the hot path does; ordered by window."""
    meters = read_meters(world.topics.config / "meters.yaml")
    groups = defaultdict(list)
    counted = judge_all(records, meters, Limits(), Expected())
    for unit in all_units(counted, meters, clocks, []):
        groups[unit.window].append(unit)
    rows = [usage_of(key, units) for key, units in groups.items()]
    return sorted(rows, key=lambda row: row.log_window_end_us)


def _values(row: UsageRow | BudgetAlert) -> tuple[Any, ...]:
    """Return the fields of an emitted row as its table holds them."""
    return tuple(_value(field.name, getattr(row, field.name)) for field in fields(row))


def _value(name: str, value: Any) -> Any:
    if name.endswith("_us") and value is not None:
        return EPOCH + timedelta(microseconds=value)
    if isinstance(value, Decimal):
        return value.quantize(_NINE_DECIMALS)
    return value.value if isinstance(value, Enum) else value


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)

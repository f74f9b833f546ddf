"""Tables as the job leaves them, filled by the simulated job: the product's rules, no Flink.

Tests plant their errors in the rows before they are written.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pyiceberg.catalog import Catalog

from audit.judging import EPOCH
from audit.shapes import RawRecord, log_time_of
from iceberg.account_tables import ACCOUNTS
from iceberg.catalog import open_catalog
from iceberg.creating import make_tables
from iceberg.retraction_tables import RETRACTED_USAGE, RETRACTIONS
from iceberg.row_shapes import write_shape
from iceberg.table import Table
from iceberg.tables import (
    BUDGET_ALERTS,
    CLOSED_USAGE,
    DIMENSION_OVERFLOWS,
    EXPIRED_USAGE,
    METERING_WINDOWS,
    RAW_EVENTS,
    REJECTED_EVENTS,
    UNASSIGNED_USAGE,
    USAGE_CORRECTIONS,
)
from schemas.metered_usage import MeteredUsage
from schemas.usage_row import (
    ClosedUsage,
    DimensionOverflow,
    ExpiredUsage,
    UnassignedUsage,
    UsageCorrection,
)
from tests.iceberg.filling import LocalCatalog, append
from tests.simulation.path import Identity
from tests.simulation.simulated_job import SimulatedJob, records_of
from tests.simulation.world import PARTITIONS, World, make_world

_DAY_MS = 86_400_000
Rows = dict[str, list[dict[str, Any]]]
_SHAPES: tuple[tuple[type, Table], ...] = (
    (ClosedUsage, CLOSED_USAGE),
    (UsageCorrection, USAGE_CORRECTIONS),
    (ExpiredUsage, EXPIRED_USAGE),
    (UnassignedUsage, UNASSIGNED_USAGE),
    (DimensionOverflow, DIMENSION_OVERFLOWS),
)
_TABLES = (
    *(table for _, table in _SHAPES),
    METERING_WINDOWS,
    RAW_EVENTS,
    REJECTED_EVENTS,
    RETRACTIONS,
    RETRACTED_USAGE,
    BUDGET_ALERTS,
    ACCOUNTS,
)
_SETTINGS = {
    "kafka": {"bootstrap_servers": "nowhere:9092", "partitions": PARTITIONS},
    "catalog": {"uri": "catalog.db", "warehouse": "warehouse"},
    "flink": {"checkpoint_dir": "checkpoints"},
}


class WatchedJob(SimulatedJob):
    """Remembers the rows of running usage; one that is delivered again replaces itself."""

    def __init__(self, world: World, chance: random.Random) -> None:
        """Start with none."""
        super().__init__(world, chance)
        self.windows: dict[tuple[object, ...], MeteredUsage] = {}

    def deliver(self, usage: MeteredUsage) -> None:
        """Remember and deliver."""
        key = (usage.account_id, usage.meter_id, usage.dimensions, usage.event_window_start_us)
        self.windows[*key, usage.part, usage.log_window_end_us, usage.is_retraction] = usage
        super().deliver(usage)


class ForgetfulJob(WatchedJob):
    """Forgets an identity a day of log time after it counted, as a job does with a horizon."""

    now_ms = 0

    def read(self, record: RawRecord) -> None:
        """Know what time it is."""
        self.now_ms = record.log_time_ms
        super().read(record)

    def is_repeat(self, identity: Identity) -> bool:
        """Return whether it has counted within a day."""
        # The set holds when, too: it is restored with all other state.
        marks = [each for each in self.state.seen if each[:2] == identity]
        if any(self.now_ms <= int(each[2]) + _DAY_MS for each in marks):  # type: ignore[misc]
            return True
        self.state.seen.add((*identity, str(self.now_ms)))  # type: ignore[arg-type]
        return False


@dataclass
class Simulated:
    """One seed's tables before they are written, and what they were made of."""

    world: World
    records: list[RawRecord]
    rows: Rows = field(default_factory=dict)

    def write(self, folder: Path, **metering: int) -> Path:
        """Write settings and tables into a folder; return the settings' path."""
        settings = folder / "settings.yaml"
        rules = {"meters_file": str(self.world.meters), **metering}
        settings.write_text(yaml.safe_dump({**_SETTINGS, "metering": rules}))
        catalog = open_catalog(LocalCatalog(folder))
        make_tables(catalog, "billing")
        for table in _TABLES:
            if self.rows[table.name]:
                append(catalog, table, self.rows[table.name], _summary(table, 1))
            _commit_nothing(catalog, table)
        return settings


def simulate(
    seed: int,
    folder: Path,
    kind: Callable[[World, random.Random], WatchedJob] = WatchedJob,
    make: Callable[[int, Path], World] = make_world,
) -> Simulated:
    """Run the simulated job over a seed's world; settings files lie in the folder."""
    world = make(seed, folder)
    job = kind(world, random.Random(seed))  # noqa: S311
    job.run()
    found = Simulated(world, records_of(world))
    emitted = job.state.engine.rows
    for shape, table in _SHAPES:
        own = [row for row in emitted if isinstance(row, shape)]
        found.rows[table.name] = [write_shape(row, "1") for row in own]
    aggregations = {meter.meter_id: meter for meter in job.meters.values()}
    found.rows[METERING_WINDOWS.name] = [
        _window_row(usage, str(aggregations[usage.meter_id].aggregation))
        for usage in job.windows.values()
    ]
    found.rows[RAW_EVENTS.name] = [raw_row(record) for record in found.records]
    found.rows[REJECTED_EVENTS.name] = [
        {
            "reason": str(each.reason),
            "meter_id": each.meter_id,
            "kafka_partition": each.kafka_partition,
            "kafka_offset": each.kafka_offset,
            "log_time": _instant(each.log_time_us),
            "batch_index": each.batch_index,
            "job_version": "1",
        }
        for each in job.state.rejects
    ]
    alerts = job.state.watcher.alerts
    found.rows[BUDGET_ALERTS.name] = [write_shape(each, "1") for each in alerts]
    for table, told in ((RETRACTIONS, job.state.asked), (RETRACTED_USAGE, job.state.retracted)):
        found.rows[table.name] = [_plain_row(each) for each in told]
    found.rows[ACCOUNTS.name] = _account_rows(world)
    return found


def raw_row(record: RawRecord) -> dict[str, object]:
    """Return the row of raw_events."""
    return {
        "kafka_partition": record.partition,
        "kafka_offset": record.offset,
        "log_time": log_time_of(record),
        "record_key": None,
        "payload": record.value,
    }


def _plain_row(told: Any) -> dict[str, object]:
    """Return a row of instants and texts as its table has it."""
    columns = {
        name.removesuffix("_us"): _instant(value) if name.endswith("_us") else value
        for name, value in told._asdict().items()
    }
    return {**columns, "job_version": "1"}


def _window_row(usage: MeteredUsage, aggregation: str) -> dict[str, object]:
    return {
        "account_id": usage.account_id,
        "meter_id": usage.meter_id,
        "dimensions": usage.dimensions,
        "event_window_start": _instant(usage.event_window_start_us),
        "event_window_s": 60,
        "part": usage.part or None,
        "aggregation": aggregation,
        "quantity": Decimal(usage.quantity),
        "unit": "gb",
        "event_count": usage.event_count,
        "first_event_time": _instant(usage.first_event_us),
        "last_event_time": _instant(usage.last_event_us),
        "first_log_time": _instant(usage.first_log_us),
        "last_log_time": _instant(usage.last_log_us),
        "log_window_end": _instant(usage.log_window_end_us),
        "is_retraction": usage.is_retraction,
        "job_version": "1",
    }


def _account_rows(world: World) -> list[dict[str, object]]:
    accounts = yaml.safe_load(world.accounts.read_text())["accounts"]
    return [
        {
            "account_id": account["account_id"],
            "kafka_partition": 0,
            "kafka_offset": offset,
            "log_time": EPOCH + timedelta(milliseconds=world.known_at_ms[account["account_id"]]),
            "terms": json.dumps(account),
            "job_version": "1",
        }
        for offset, account in enumerate(accounts)
    ]


def _instant(instant_us: int) -> object:
    return EPOCH + timedelta(microseconds=instant_us)


def _summary(table: Table, checkpoint: int) -> dict[str, str]:
    return {
        "flink.job-id": "job",
        "flink.operator-id": table.name,
        "flink.max-committed-checkpoint-id": str(checkpoint),
    }


def _commit_nothing(catalog: Catalog, table: Table) -> None:
    """Commit the second checkpoint: what the first one holds has all been decided by then."""
    existing = catalog.load_table(("billing", table.name))
    with (
        existing.transaction() as transaction,
        transaction.update_snapshot(snapshot_properties=_summary(table, 2)).fast_append(),
    ):
        pass

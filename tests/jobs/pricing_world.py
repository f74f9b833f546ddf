"""A small world to price: settings, prices, accounts, and what the metering job writes.

All of it stands in one catalog. Iceberg never changes a file, so a world goes back to where it was
by a copy of the catalog's database, in no time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pyiceberg.catalog import Catalog

from iceberg.account_tables import ACCOUNTS
from iceberg.catalog import open_catalog
from iceberg.charge_rows import read_charges, read_runs
from iceberg.charge_tables import CHARGES, RUNS
from iceberg.creating import make_table, make_tables
from iceberg.cutting import CUT_TABLES
from iceberg.journal_rows import read_journal
from iceberg.ledger_tables import JOURNAL
from iceberg.reading import read_once
from iceberg.table import Table
from iceberg.tables import RAW_EVENTS
from jobs import load_rate_cards
from jobs.price_usage import price_usage
from jobs.pricing.running import AskedRun, PricingReport
from jobs.settings import load_settings
from schemas.charge import Charge
from schemas.instant import to_us
from schemas.journal import ChainedEntry, ChainHead
from schemas.pricing_run import PricingRun, RunStatus
from tests.iceberg.filling import LocalCatalog, append
from tests.iceberg.rows import row_of
from tests.jobs.pricing_rows import Name, sum_lines
from udfs.balancing import balances, rest_by_currency, trial_balance
from udfs.chaining import verify

STARTED = RunStatus.STARTED
SETTINGS = """\
kafka: {bootstrap_servers: "broker:9092", partitions: 1}
catalog: {uri: catalog.db, warehouse: warehouse}
metering: {meters_file: meters.yaml}
flink: {checkpoint_dir: checkpoints}
"""
METERS = """\
meters:
  - {meter: flights, event_type: flight.departed, aggregation: count, unit: flight}
  - {meter: longest, event_type: flight.departed, aggregation: max, property: miles, unit: mile}
"""
CARDS = """\
rate_cards:
  - card_id: standard
    currency: USD
    version: 1
    effective_from: 2013-01-01T00:00:00Z
    prices:
      - price_id: landing
        meter_id: flights
        product: landing
        model: {type: graduated, tiers: [{up_to: 5, unit_price: 2}, {unit_price: '1.50'}]}
    fees:
      - {fee_id: desk, product: desks, amount: 31, due: advance}
      - {fee_id: support, product: support, amount: 10}
    free_meters: [longest]
"""
CONTRACTS = """\
contracts:
  - {account_id: A, version: 1, effective_from: 2013-01-01T00:00:00Z, currency: USD}
  - account_id: B
    version: 1
    effective_from: 2013-01-01T00:00:00Z
    currency: USD
    discounts: [{discount_id: partner, rate: '0.1', from: 2013-01-01T00:00:00Z}]
credit_grants:
  - {grant_id: prepaid, account_id: B, currency: USD, amount: 5, granted: 2013-01-01T00:00:00Z}
"""
MONTHS = {
    "version": 1,
    "effective_from": "2013-01-01T00:00:00Z",
    "timezone": "UTC",
    "cadence": "month",
    "anchor": "2013-01-01",
    "plan": "standard",
}
_CHECKPOINT = "flink.max-committed-checkpoint-id"
# A row is emitted at most this much of log time after its instant: the slack and a millisecond.
_LATE = timedelta(milliseconds=5001)
_LOADED = datetime(2012, 12, 1, tzinfo=UTC)


@dataclass
class World:
    """The folder of a world, and how far the job has come.

    Attributes:
        folder: Has the settings.
        checkpoint: Number of the job's last checkpoint.
    """

    folder: Path
    checkpoint: int = 0

    @property
    def settings(self) -> Path:
        """Path of the settings."""
        return self.folder / "settings.yaml"

    @property
    def catalog(self) -> Catalog:
        """The catalog, opened anew."""
        return open_catalog(LocalCatalog(self.folder))

    def keep(self, name: str = "kept") -> KeptWorld:
        """Remember the tables as they are now."""
        database = self.folder / f"{name}-{self.checkpoint}.db"
        _copy(self.folder / "catalog.db", database)
        return KeptWorld(self, database)

    def load(self, cards: str, contracts: str) -> None:
        """Load rate cards and contracts."""
        arguments = ["--settings", str(self.settings), "--by", "Ada L", "--reason", "new prices"]
        for option, text in (("--rate-cards", cards), ("--contracts", contracts)):
            path = self.folder / f"{option[2:]}.yaml"
            path.write_text(text)
            arguments += [option, str(path)]
        assert load_rate_cards.main(arguments, {}) == 0

    def take_account(self, account_id: str, *terms: Mapping[str, object], offset: int = 0) -> None:
        """Take an account's record, as the job does; those of later offsets hold."""
        text = json.dumps({"account_id": account_id, "terms": terms})
        place = {"kafka_partition": 0, "kafka_offset": offset, "log_time": _LOADED}
        own: dict[str, Any] = {**place, "account_id": account_id, "terms": text}
        append(self.catalog, ACCOUNTS, [row_of(ACCOUNTS, **own)])

    def meter(self, until: datetime, **rows: Sequence[dict[str, object]]) -> None:
        """Let the job come to an instant of the log, and write rows by name of table."""
        self.checkpoint += 2
        place = {"kafka_partition": 0, "kafka_offset": self.checkpoint, "log_time": until + _LATE}
        archive = row_of(RAW_EVENTS, payload=b"{}", **place)
        _commit(self.catalog, RAW_EVENTS, self.checkpoint - 1, [archive])
        self.commit(self.checkpoint, **rows)

    def commit(self, checkpoint: int, **rows: Sequence[dict[str, object]]) -> None:
        """Let every sink commit at a checkpoint, with rows by name of table."""
        catalog = self.catalog
        for table in CUT_TABLES:
            _commit(catalog, table, checkpoint, rows.get(table.name, ()))

    def price(self, until: datetime | None = None, at_us: int = 1) -> PricingReport:
        """Price as the program does."""
        until_us = None if until is None else to_us(until)
        settings = load_settings(self.settings, {})
        return price_usage(settings, AskedRun(at_us, until_us), lambda _: None)

    def charges(self, *account_ids: str) -> tuple[Charge, ...]:
        """Return the charges of accounts, those of A and B unless named."""
        found = read_charges(self.catalog, "billing", account_ids or ("A", "B"))
        return tuple(sorted(found, key=_order))

    def sums(self, *account_ids: str) -> dict[Name, int]:
        """Return what each line comes to in minor units, those of nothing left out."""
        return sum_lines(self.charges(*account_ids))

    def entries(self) -> tuple[ChainedEntry, ...]:
        """Return the journal, whose chain holds and which is in balance."""
        entries = tuple(read_journal(self.catalog, "billing"))
        assert isinstance(verify(entries), ChainHead)
        lines = trial_balance(balances(each.entry for each in entries))
        assert not any(rest for _, rest in rest_by_currency(lines))
        return entries

    def runs(self) -> list[PricingRun]:
        """Return all rows of runs in the order of their time, a started one first."""
        rows = read_runs(self.catalog, "billing")
        return sorted(rows, key=lambda run: (run.at_us, run.run_id, run.status is not STARTED))

    def forget_charges(self) -> None:
        """Empty the tables that pricing writes."""
        catalog = self.catalog
        for table in (CHARGES, RUNS, JOURNAL):
            catalog.drop_table(("billing", table.name))
            make_table(catalog, "billing", table)

    def snapshots(self) -> dict[str, int]:
        """Return how many snapshots each table has."""
        catalog = self.catalog
        names = [name for _, name in catalog.list_tables("billing")]
        return {name: len(catalog.load_table(("billing", name)).snapshots()) for name in names}

    def count(self, table: Table = CHARGES) -> int:
        """Return how many rows a table has."""
        found = read_once(self.catalog.load_table(("billing", table.name)), table)
        return len(found)


@dataclass(frozen=True)
class KeptWorld:
    """A world as it was once."""

    world: World
    database: Path

    def again(self) -> World:
        """Bring the tables back to how they were."""
        _copy(self.database, self.world.folder / "catalog.db")
        return replace(self.world)


def _copy(source: Path, target: Path) -> None:
    """Copy a database whose readers may still be open."""
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)


def _order(charge: Charge) -> tuple[str, int, str, str, str, int]:
    start_us, kind = charge.period_start_us, charge.kind.value
    return (charge.account_id, start_us, kind, charge.line_id, charge.product, charge.revision)


def _commit(
    catalog: Catalog, table: Table, checkpoint: int, rows: Sequence[dict[str, object]]
) -> None:
    """Commit as a sink does at a checkpoint, with rows or without."""
    summary = {_CHECKPOINT: str(checkpoint)}
    if rows:
        append(catalog, table, rows, summary)
        return
    with (
        catalog.load_table(("billing", table.name)).transaction() as transaction,
        transaction.update_snapshot(snapshot_properties=summary).fast_append(),
    ):
        pass


def make_priced_world(folder: Path, cards: str = CARDS) -> World:
    """Make tables with the prices above, and the accounts A and B of calendar months."""
    (folder / "meters.yaml").write_text(METERS)
    (folder / "settings.yaml").write_text(SETTINGS)
    world = World(folder)
    make_tables(world.catalog, "billing")
    world.load(cards, CONTRACTS)
    for offset, account_id in enumerate("AB"):
        world.take_account(account_id, MONTHS, offset=offset)
    return world

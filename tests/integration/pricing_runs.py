"""Prices worlds of tables step by step with one runner, and prints what came of it, as JSON.

Run as `pricing_runs RUNNER FOLDER`, it does so in a program of its own: Flink's gateway, once it
has begun, keeps its class path.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from iceberg.charge_branch import ChargeBranch
from iceberg.charge_tables import CHARGES
from iceberg.decided_tables import BROUGHT_BACK_USAGE
from iceberg.tables import CLOSED_USAGE, METERING_WINDOWS, TABLES
from jobs import price_usage
from jobs.local.mini_cluster import WORKERS
from jobs.pricing.running import AskedRun, Runner
from jobs.settings import load_settings
from tests.iceberg.filling import append
from tests.iceberg.rows import brought_back
from tests.jobs.pricing_rows import closed, corrected, day, window
from tests.jobs.pricing_world import CARDS, CONTRACTS, MONTHS, World, make_priced_world
from udfs.charging_accounts import PricingRules

ACCOUNTS = ("A", "B", "C", "D", "E")
# The first five landings cost 3.00 each from the middle of January on.
CHANGED_CARDS = CARDS.replace("version: 1", "version: 2").replace("2013-01-01", "2013-01-16")
MORE_CONTRACTS = CONTRACTS.replace(
    "credit_grants:",
    """\
  - {account_id: C, version: 1, effective_from: 2013-01-01T00:00:00Z, currency: USD, card_id: miles}
  - {account_id: D, version: 1, effective_from: 2013-01-01T00:00:00Z, currency: USD}
  - account_id: E
    version: 1
    effective_from: 2013-01-01T00:00:00Z
    trial_until: 2013-01-10T00:00:00Z
    currency: USD
one_off_fees:
  - {fee_id: setup, account_id: D, currency: USD, amount: '99.99', at: 2013-01-03T00:00:00Z,
     product: setup}
credit_grants:""",
)
MILES = """\
rate_cards:
  - card_id: miles
    currency: USD
    version: 1
    effective_from: 2013-01-01T00:00:00Z
    prices:
      - {price_id: seven, meter_id: longest, product: miles,
         model: {type: per_unit, unit_price: '0.0000007'}}
"""


def make_rich_world(folder: Path) -> World:
    """Make accounts of all sorts: D uses nothing, E is on trial, C is priced in fractions."""
    folder.mkdir()
    world = make_priced_world(folder)
    world.load(MILES, MORE_CONTRACTS)
    world.load(CHANGED_CARDS.replace("unit_price: 2", "unit_price: 3"), MORE_CONTRACTS)
    for offset, account_id in enumerate("CDE", start=2):
        world.take_account(account_id, MONTHS, offset=offset)
    return world


def meter_january(world: World) -> None:
    """Let January close: with windows, a row brought back, and commits that came twice."""
    rows = [closed(account_id, 1, flights) for account_id, flights in (("A", 8), ("B", 3))]
    rows.append(closed("E", 1, 2))
    average = {"row_id": "C1", "meter_id": "longest", "unit": "mile", "aggregation": "average"}
    breakdown = '{"sum":"7000000.000000001","count":3}'
    quantity = Decimal("2333333.333333334")
    rows.append(closed("C", 1, 3, **average, breakdown=breakdown) | {"quantity": quantity})
    windows = [
        window("A", day(1, 5), 5),
        window("A", day(1, 16), 3),
        # Rolled up into a day; one of its hours was committed again.
        _rolled_up(window("B", day(1, 6), 2)),
        window("B", day(1, 6, hour=7), 1),
        window("B", day(1, 20), 1),
        window("E", day(1, 9), 1),
        window("E", day(1, 11), 1),
        # Too late for the closed row: it waits for a correction.
        window("A", day(1, 30), 1) | {"log_window_end": day(2, 3)},
    ]
    world.meter(day(2, 2), closed_usage=rows, metering_windows=windows)
    append(world.catalog, CLOSED_USAGE, rows[:2])
    append(world.catalog, METERING_WINDOWS, windows[:1])
    back = {"quantity": Decimal(2), "event_count": 2, "first_event_time": day(1, 17)}
    append(world.catalog, BROUGHT_BACK_USAGE, [brought_back("e1", account_id="B", **back)])
    world.commit(world.checkpoint)


def _rolled_up(row: dict[str, object]) -> dict[str, object]:
    wide = {"event_window_s": 86_400, "job_version": "roll-up 1"}
    return row | wide | {"log_window_end": day(1, 25)}


def meter_march(world: World) -> None:
    """Let February close and January be corrected, once up, once down."""
    late = [
        corrected("A", 1, 1, flights=9, delta=1, end=day(2, 4)),
        corrected("B", 1, 1, flights=2, delta=-1, end=day(2, 5)),
        # Known only after the instant that is asked for.
        corrected("A", 1, 2, flights=11, delta=2, end=day(3, 5)),
    ]
    windows = [window("B", day(1, 6, hour=9), -1) | {"log_window_end": day(2, 4)}]
    windows[0]["is_retraction"] = True
    world.meter(
        day(3, 2),
        closed_usage=[closed("A", 2, 40), closed("E", 2, 1)],
        usage_corrections=late,
        metering_windows=windows,
    )


def _usage_of_f(world: World) -> None:
    world.take_account("F", MONTHS, offset=9)
    world.meter(day(2, 2), closed_usage=[closed("A", 1, 1), closed("F", 1, 2)])


def _gap(world: World) -> None:
    late = corrected("A", 1, 2, 3, 1, end=day(2, 1, hour=2))
    world.meter(day(2, 2), closed_usage=[closed("A", 1, 2)], usage_corrections=[late])


def _without_windows(world: World) -> None:
    world.load(CHANGED_CARDS, CONTRACTS)
    world.meter(day(2, 2), closed_usage=[closed("A", 1, 8)])


REFUSED: dict[str, Callable[[World], None]] = {
    "no contract": _usage_of_f,
    "a gap": _gap,
    "no windows": _without_windows,
}


class Player:
    """Takes the steps with one runner."""

    def __init__(self, runner: Runner, folder: Path) -> None:
        """Keep both."""
        self._runner, self._folder = runner, folder

    def play(self) -> dict[str, Any]:
        """Return what came of all worlds."""
        os.environ[WORKERS] = "loopback"
        folder = self._folder / "plain"
        folder.mkdir()
        plain = make_priced_world(folder).keep()
        refusals = {name: self._refuse(plain.again(), REFUSED[name]) for name in REFUSED}
        world = make_rich_world(self._folder / "rich")
        meter_january(world)
        kept = world.keep()
        # Those were quicker in this process; as a user has it, Python's workers have their own.
        os.environ[WORKERS] = "process"
        found: dict[str, Any] = {"refusals": refusals, "runs": self._price_twice(world)}
        if self._runner is Runner.FLINK:
            found["plan"] = _plan(world)
            found["at once"] = self._at_once(replace(kept.again(), checkpoint=world.checkpoint))
        return found

    def _price(self, world: World, at_us: int, until: int | None = None) -> dict[str, Any]:
        settings = load_settings(world.settings, {})
        asked = AskedRun(at_us, until, runner=self._runner)
        return asdict(price_usage.price_usage(settings, asked, lambda _: None))

    def _price_twice(self, world: World) -> dict[str, Any]:
        """Price January, the corrections, and then what there is left, which is nothing."""
        reports = [self._price(world, 1)]
        meter_march(world)
        reports += [self._price(world, 2), self._price(world, 3)]
        return {
            "reports": reports,
            "charges": sorted(_charges(world)),
            "runs": [asdict(run) for run in world.runs()],
            "entries": len(world.entries()),
            "branches": sorted(_table(world).metadata.refs),
        }

    def _refuse(self, world: World, prepare: Callable[[World], None]) -> dict[str, Any]:
        """Run the program over a world that it has to refuse."""
        with contextlib.redirect_stdout(io.StringIO()):
            prepare(world)
        before = world.snapshots()
        arguments = ["--settings", str(world.settings), "--runner", self._runner.value]
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            code = price_usage.main(arguments, {})
        return {
            "code": code,
            "error": errors.getvalue(),
            "is unchanged": world.snapshots() == before and not _files(world),
        }

    def _at_once(self, world: World) -> dict[str, Any]:
        """Die before publishing; then let another run be faster by a part."""
        publish = ChargeBranch.publish
        before = _files(world)
        with _publishing(_die), contextlib.suppress(_DiedError):
            self._price(world, 1)
        left = sorted(_table(world).metadata.refs)
        count = world.count()

        def late(branch: ChargeBranch) -> None:
            ChargeBranch.publish = publish  # type: ignore[method-assign]
            world.price(day(1, 15), at_us=3)
            publish(branch)

        with _publishing(late):
            report = self._price(world, 2)
        table = _table(world)
        own = {urlparse(task.file.file_path).path for task in table.scan().plan_files()}
        return {
            "left": left,
            "count": count,
            "report": report,
            "charges": sorted(_charges(world)),
            "amount_minor": sum(each.amount_minor for each in world.charges(*ACCOUNTS)),
            "run ids": sorted({each.run_id for each in world.charges(*ACCOUNTS)}),
            "entries": len(world.entries()),
            "branches": sorted(table.metadata.refs),
            "files of nobody": sorted(set(_files(world)) - set(before) - own),
            "snapshots": len(table.snapshots()),
        }


def _plan(world: World) -> list[dict[str, Any]]:
    """Return the operators of the job that prices a world with windows."""
    # Flink's gateway begins with the first job of this process, and its environment before it.
    from jobs.flink.pricing_job import PricingJob, build_pricing_job, open_batch  # noqa: PLC0415
    from tests.integration.plan_of import list_operators  # noqa: PLC0415

    settings = load_settings(world.settings, {})
    loaded = {table.name: world.catalog.load_table(("billing", table.name)) for table in TABLES}
    current = {name: table.current_snapshot() for name, table in loaded.items()}
    snapshot_ids = {name: each.snapshot_id for name, each in current.items() if each is not None}
    stream, tables = open_batch(settings)
    rules = PricingRules({}, 0, 0, "run")
    build_pricing_job(tables, settings, PricingJob(rules, snapshot_ids, "plan", has_details=True))
    return list_operators(stream)


class _DiedError(BaseException):
    """The program is killed: nothing catches it."""


def _die(_: ChargeBranch) -> None:
    raise _DiedError


@contextlib.contextmanager
def _publishing(publish: Callable[[ChargeBranch], None]) -> Iterator[None]:
    kept = ChargeBranch.publish
    ChargeBranch.publish = publish  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        ChargeBranch.publish = kept  # type: ignore[method-assign]


def _table(world: World) -> Any:
    return world.catalog.load_table(("billing", CHARGES.name))


def _files(world: World) -> list[str]:
    """Return the data files that lie in the folder of the charges."""
    folder = world.folder / "warehouse" / "billing" / CHARGES.name / "data"
    return sorted(str(path) for path in folder.rglob("*.parquet"))


def _charges(world: World) -> list[str]:
    """Return all charges, as text, without the runs that wrote them."""
    found = world.charges(*ACCOUNTS)
    return [json.dumps(_plain(asdict(replace(each, run_id="")))) for each in found]


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()
    }


def main(runner: str, folder: str) -> None:
    """Print what came of all worlds."""
    with contextlib.redirect_stdout(sys.stderr):
        found = Player(Runner(runner), Path(folder)).play()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Prices worlds of tables step by step with one runner, and writes what came of it, as JSON.

Run as `pricing_runs RUNNER FOLDER FILE`, it does so in a program of its own: Flink's gateway, once
it has begun, keeps its class path.
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
from iceberg.tables import TABLES
from jobs import price_usage
from jobs.local.mini_cluster import WORKERS
from jobs.pricing.running import AskedRun, Runner
from jobs.settings import load_settings
from tests.integration.pricing_worlds import (
    ACCOUNTS,
    REFUSED,
    lose_a_file,
    make_rich_world,
    meter_january,
    meter_march,
)
from tests.jobs.pricing_rows import day
from tests.jobs.pricing_world import World, make_priced_world
from udfs.charging_accounts import PricingRules


class Player:
    """Takes the steps with one runner."""

    def __init__(self, runner: Runner, folder: Path) -> None:
        """Keep both."""
        self._runner, self._folder = runner, folder

    def play(self) -> dict[str, Any]:
        """Return what came of all worlds.

        The environment is left as it was: a `flink run` of the same process inherits it.
        """
        with _environ(WORKERS, "loopback"):
            return self._play()

    def _play(self) -> dict[str, Any]:
        folder = self._folder / "plain"
        folder.mkdir()
        plain = make_priced_world(folder).keep()
        refusals = {name: self._refuse(plain.again(), REFUSED[name]) for name in REFUSED}
        world = make_rich_world(self._folder / "rich")
        meter_january(world)
        kept = world.keep()
        found: dict[str, Any] = {"refusals": refusals, "runs": self._price_twice(world)}
        if self._runner is Runner.FLINK:
            found["plan"] = _plan(world)
            found["failed"] = self._refuse(plain.again(), lose_a_file)
            found["at once"] = self._at_once(replace(kept.again(), checkpoint=world.checkpoint))
        return found

    def _price(self, world: World, at_us: int, until: int | None = None) -> dict[str, Any]:
        settings = load_settings(world.settings, {})
        asked = AskedRun(at_us, until, runner=self._runner)
        return asdict(price_usage.price_usage(settings, asked, lambda _: None))

    def _price_twice(self, world: World) -> dict[str, Any]:
        """Price January, the corrections, and then what there is left, which is nothing."""
        # As a user has it; all other runs are quicker with Python's workers in this process.
        with _environ(WORKERS, "process"):
            reports = [self._price(world, 1)]
        meter_march(world)
        reports += [self._price(world, 2), self._price(world, 3)]
        arguments = ["--settings", str(world.settings), "--dry-run", "--must-match"]
        with contextlib.redirect_stdout(io.StringIO()):
            dry_run = price_usage.main(arguments, {})
        return {
            "reports": reports,
            "dry run": dry_run,
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


@contextlib.contextmanager
def _environ(name: str, value: str) -> Iterator[None]:
    kept = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if kept is None:
            del os.environ[name]
        else:
            os.environ[name] = kept


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


def main(runner: str, folder: str, file: str) -> None:
    """Write what came of all worlds into a file."""
    found = Player(Runner(runner), Path(folder)).play()
    Path(file).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

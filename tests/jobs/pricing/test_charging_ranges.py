"""A run over many ranges of accounts, in several processes, charges what one process would."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import psutil
import pytest

from jobs.local.places import ROOT
from jobs.local.waiting import wait_until
from jobs.price_usage import main, price_usage
from jobs.pricing import charging_ranges
from jobs.pricing.running import AskedRun, PricingReport
from jobs.settings import load_settings
from schemas.charge import Charge
from tests.jobs.january import JANUARY
from tests.jobs.pricing_rows import closed, day
from tests.jobs.pricing_world import KeptWorld, World

PARENT = """
import sys
from tests.jobs.pricing.test_charging_ranges import start_worker
if __name__ == "__main__":
    worker = start_worker()
    print(worker._process.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each account is a range of its own."""
    monkeypatch.setattr(charging_ranges, "RANGE_ROWS", 1)


def _price(world: World, workers: int) -> tuple[PricingReport, list[str]]:
    lines: list[str] = []
    asked = AskedRun(1, workers=workers)
    return price_usage(load_settings(world.settings, {}), asked, lines.append), lines


def _without_run(world: World) -> list[Charge]:
    return [replace(each, run_id="") for each in world.charges()]


def test_as_many_as_are_asked_for_charge_the_same(kept_worlds: tuple[KeptWorld, KeptWorld]) -> None:
    """Rows, sums and hash are equal, whoever charged; progress tells of each range."""
    world = replace(kept_worlds[1].again(), checkpoint=2)
    here, lines = _price(world, 1)
    charges, runs = _without_run(world), world.runs()
    assert world.sums() == JANUARY
    assert lines == ["1 of 2 accounts, 4 charges", f"2 of 2 accounts, {len(JANUARY)} charges"]
    world = replace(kept_worlds[1].again(), checkpoint=2)
    beside, other_lines = _price(world, 2)
    assert (_without_run(world), other_lines) == (charges, lines)
    assert (beside.charges, beside.amount_minor) == (here.charges, here.amount_minor)
    assert [run.output_hash for run in world.runs()] == [run.output_hash for run in runs]


def test_what_a_worker_refuses_stops_the_run(
    january: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, as from one process; nothing is written."""
    january.meter(day(2, 3), closed_usage=[closed("C", 1, 1)])
    assert main(["--settings", str(january.settings), "--workers", "2"], {}) == 2
    error = capsys.readouterr().err
    assert error.splitlines()[-1] == (
        "contract, account C, from 2013-01-01T00:00:00Z: expected one that holds, found none at all"
    )
    assert "Traceback" not in error
    assert january.count() == 0
    assert _no_worker()


def _no_worker() -> bool:
    """Tell whether no worker is left; Python's own tracker of resources may be."""
    children = psutil.Process().children(recursive=True)
    return not any("spawn_main" in " ".join(each.cmdline()) for each in children)


def test_a_worker_that_is_killed_stops_the_run(
    january: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program says so, and nothing is written."""
    start = charging_ranges._Worker.start

    def killed(worker: charging_ranges._Worker, task: charging_ranges._Task) -> None:
        worker._process.kill()
        worker._process.join()
        start(worker, task)

    monkeypatch.setattr(charging_ranges._Worker, "start", killed)
    line = (
        r"^worker: expected charges, found its end, exit code -9; fewer --workers need less memory$"
    )
    with pytest.raises(charging_ranges.WorkerError, match=line):
        _price(january, 2)
    assert january.count() == 0
    assert _no_worker()


def start_worker() -> charging_ranges._Worker:
    """Start a worker that waits for a task that does not come."""
    inputs: Any = SimpleNamespace(
        rules=None, usage_path=sys.argv[1], charges_path=sys.argv[2], is_detailed=False
    )
    work: Any = SimpleNamespace(inputs=inputs)
    return charging_ranges._Worker(work)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_the_program_that_asked(tmp_path: Path, number: signal.Signals) -> None:
    """In whatever way it ends: the pipe closes."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    databases = [str(tmp_path / name) for name in ("usage.duckdb", "charges.duckdb")]
    for each in databases:
        duckdb.connect(each).close()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script), *databases]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        assert worker.is_running()
        parent.send_signal(number)
    wait_until(lambda: not worker.is_running(), "end of the worker", 30)

"""A steady load for minutes, with a fault now and then: memory and state stay flat.

    python -m tests.faults.soak --minutes 20

Early on anything small strikes, kills as well; then only what leaves the processes alive and adds
nothing to their state, so that a leak has the time to show. Prints plots, appends a line to
tests/faults/soaks.jsonl, and ends with 1 if a figure that must be flat grows, or if the judge
finds a difference.
"""

import argparse
import contextlib
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

import plotext
import psutil

from jobs.local.places import RUN_DIR
from tests.faults.evidence import verdict_on
from tests.faults.load import TICK_LOG_MS, TICK_S, Shape
from tests.faults.making import make_run, open_machines
from tests.faults.mixing import SMALL_HARMS, STEADY_HARMS
from tests.faults.results import MOST_LINES, commit_now
from tests.faults.running import Run
from tests.faults.soaking import SOAKS, TOLERANCE_PERCENT, Soak, append_soak, figure_of

_EVERY_S = 5.0
_HARM_EVERY_S = 120.0
# The part of a soak in which processes are killed: they are warm again at its half.
_KILLING_PART = 0.35
# The calendars of the load end after five days of log time.
_MOST_LOG_MS = 100 * 3_600_000
Samples = dict[str, list[tuple[float, float]]]


def _mib(processes: list[psutil.Process]) -> float:
    """Return the resident memory of processes, each page that they share counted once."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().uss
    return total / 2**20


def _bytes_of(folder: Path) -> float:
    """Return the size of the files of a folder; some may go while it is looked at."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return float(total)


def _checkpoint_mib(run: Run) -> float:
    """Return the size of the state in the newest complete checkpoint."""
    latest = run.cluster.rest.get(f"/jobs/{run.job_id}/checkpoints")["latest"]["completed"]
    return float(latest["state_size"]) / 2**20 if latest else 0.0


def _bytes_an_event(run: Run) -> float:
    """Return the size of the state for each event that counts: each is remembered for 35 days."""
    return _checkpoint_mib(run) * 2**20 / max(1, len(run.producer.sent) - run.refused())


def _task_managers(run: Run) -> list[psutil.Process]:
    return [psutil.Process(child.pid) for child in run.cluster.task_managers]


def _job_manager(run: Run) -> list[psutil.Process]:
    manager = run.cluster.job_manager
    return [] if manager is None else [psutil.Process(manager.pid)]


# Name and unit, how it is measured, and whether it must be flat.
_MEASURES: tuple[tuple[str, str, Callable[[Run], float], bool], ...] = (
    ("TaskManager, JVM", "MiB", lambda run: _mib(_task_managers(run)), True),
    ("Python workers", "MiB", lambda run: _mib(run.python_workers()), True),
    ("JobManager", "MiB", lambda run: _mib(_job_manager(run)), True),
    ("state in a checkpoint", "MiB", _checkpoint_mib, False),
    ("state for each event", "bytes", _bytes_an_event, True),
    (
        "RocksDB on disk",
        "MiB",
        lambda run: _bytes_of(run.cluster.home.work_dir / "tmp") / 2**20,
        False,
    ),
    ("records sent", "records", lambda run: float(len(run.producer.sent)), False),
)


def _sample(run: Run, seconds: float, samples: Samples) -> None:
    for name, _, measure, _ in _MEASURES:
        # A process that has just been killed has no memory to tell of.
        with contextlib.suppress(psutil.Error, OSError, KeyError):
            value = measure(run)
            if value:
                samples.setdefault(name, []).append((seconds, value))


def soak(run: Run, minutes: int) -> tuple[Samples, int]:
    """Let the load go on, with a small harm now and then; return samples and number of harms."""
    samples: Samples = {}
    begun = last_harm = time.monotonic()
    harms = 0
    while time.monotonic() - begun < minutes * 60:
        _sample(run, time.monotonic() - begun, samples)
        if time.monotonic() - last_harm > _HARM_EVERY_S:
            is_early = time.monotonic() - begun < _KILLING_PART * minutes * 60
            # What the last harm changed in the load ends with the next one.
            run.producer.change(poison_share=Shape().poison_share, late_share=Shape().late_share)
            run.chance.choice(SMALL_HARMS if is_early else STEADY_HARMS)(run)
            run.recovered()
            harms, last_harm = harms + 1, time.monotonic()
        run.pause(_EVERY_S)
    return samples, harms


def _plot(samples: Samples) -> None:
    for name, unit, _, _ in _MEASURES:
        points = samples.get(name, [])
        figure = plotext.figure
        figure.clear()
        figure.plot_size(90, 12)
        figure.theme("colorless")
        figure.title(f"{name}, {unit}, over minutes")
        figure.draw(figure.signal([t / 60 for t, _ in points], [v for _, v in points]))
        print(plotext.uncolorize(str(figure.build())))


def main(arguments: list[str]) -> int:
    """Soak the job; return 1 if something grows or differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", type=Path, default=SOAKS)
    options = parser.parse_args(arguments)
    folder = Path(mkdtemp(prefix="soak-", dir=RUN_DIR))
    with open_machines(folder / "machines") as (broker, cluster):
        run = make_run(folder / "soak", broker, cluster, options.seed, parallelism=1)
        ticks = round(options.minutes * 60 / TICK_S)
        run.producer.tick_log_ms = min(TICK_LOG_MS, _MOST_LOG_MS // ticks)
        try:
            run.begin()
            samples, harms = soak(run, options.minutes)
            run.conclude()
            differences = verdict_on(run).differences
            records = sum(run.ends())
        finally:
            run.end()
    _plot(samples)
    result = Soak(
        datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        commit_now(),
        options.seed,
        options.minutes,
        records,
        harms,
        len(differences),
        TOLERANCE_PERCENT,
        [
            figure_of(name, unit, samples[name], is_bounded)
            for name, unit, _, is_bounded in _MEASURES
        ],
    )
    append_soak(options.record, result)
    for each in result.figures:
        change = f"{each.slope_percent:+.1f} %"
        print(f"{each.name:24} {each.first:>8} to {each.last:>8} {each.unit}, {change}:", end=" ")
        print(each.verdict)
    print("\n".join(differences[:MOST_LINES]) or "no differences")
    if result.passed:
        shutil.rmtree(folder)
    return 0 if result.passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

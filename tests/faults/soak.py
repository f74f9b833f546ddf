"""A steady load for minutes, with a fault now and then: memory and state stay flat.

    python -m tests.faults.soak --minutes 20

A Python worker and the TaskManager are killed first, in the order of the seed; then comes only what
leaves the processes alive and adds nothing to their state, so that a leak has the time to show.
Prints plots, appends a line to tests/faults/soaks.jsonl, and ends with 1 if a figure that must be
flat grows, or if the judge finds a difference.
"""

import argparse
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

import plotext

from jobs.local.places import RUN_DIR
from tests.faults.evidence import verdict_on
from tests.faults.load import TICK_LOG_MS, TICK_S, Shape
from tests.faults.making import make_run, open_machines
from tests.faults.measuring import MEASURES, SOAK_OPTIONS, Samples, sample
from tests.faults.mixing import KILLS_IN_LOAD, STEADY_HARMS
from tests.faults.results import MOST_LINES, commit_now
from tests.faults.running import Run
from tests.faults.soaking import SOAKS, TOLERANCE_PERCENT, Soak, append_soak, figure_of

_EVERY_S = 10.0
_HARM_EVERY_S = 120.0
# The calendars of the load end after five days of log time.
_MOST_LOG_MS = 100 * 3_600_000


def soak(run: Run, minutes: int) -> tuple[Samples, int]:
    """Let the load go on, with a small harm now and then; return samples and number of harms."""
    samples: Samples = {}
    begun = last_harm = time.monotonic()
    kills = run.chance.sample(KILLS_IN_LOAD, len(KILLS_IN_LOAD))
    harms = 0
    while time.monotonic() - begun < minutes * 60:
        sample(run, time.monotonic() - begun, samples)
        if time.monotonic() - last_harm > _HARM_EVERY_S:
            # What the last harm changed in the load ends with the next one.
            run.producer.change(poison_share=Shape().poison_share, late_share=Shape().late_share)
            if kills:
                restarts = run.restarts()
                kills.pop()(run)
                run.await_restart(restarts)
            else:
                run.chance.choice(STEADY_HARMS)(run)
            run.recovered()
            harms, last_harm = harms + 1, time.monotonic()
        run.pause(_EVERY_S)
    return samples, harms


def _plot(samples: Samples) -> None:
    for name, unit, _, _ in MEASURES:
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
    with open_machines(folder / "machines", SOAK_OPTIONS) as (broker, cluster):
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
            for name, unit, _, is_bounded in MEASURES
        ],
        run.hits,
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

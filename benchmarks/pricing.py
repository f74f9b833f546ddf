"""Measures how fast closed usage is priced, charged and booked, and in how much memory.

    python -m benchmarks.pricing [--rows 1000000 10000000] [--workers 2] [--note TEXT]

For each number of usage rows, tables are made (`benchmarks.priced_world`), then priced twice by
`jobs.price_usage`: first all is charged, then there is nothing left to charge. Memory is that of
the program and its workers together, read five times a second.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks.__main__ import append_result, commit, say
from benchmarks.priced_world import ROWS_PER_ACCOUNT, make_world
from jobs.local.places import ROOT, RUN_DIR

_WORK = RUN_DIR / "pricing"
_POLL_S = 0.2
_MIB = 2**20


def main(arguments: Sequence[str]) -> int:
    """Measure and print; append one JSON line."""
    parser = argparse.ArgumentParser(prog="pricing", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--once", action="store_true", help="leave out the second run")
    parser.add_argument("--note", default="", help="kept with the result")
    options = parser.parse_args(arguments)
    results = {}
    for rows in options.rows:
        shutil.rmtree(_WORK, ignore_errors=True)
        settings = make_world(_WORK, rows)
        say(f"{rows:,} usage rows of {rows // ROWS_PER_ACCOUNT:,} accounts")
        runs = ("all to charge", "nothing to charge")
        for run in runs[:1] if options.once else runs:
            figures = _measure(settings, options.workers)
            say(f"{run}: {json.dumps(figures)}")
            results[f"{rows} rows, {run}"] = figures
    shutil.rmtree(_WORK)
    append_result(
        {
            "benchmark": "pricing",
            "commit": commit(),
            "note": options.note,
            "workers": options.workers,
            "results": results,
        }
    )
    return 0


def _measure(settings: Path, workers: int) -> dict[str, Any]:
    """Price once; return what it took."""
    command = [sys.executable, "-m", "jobs.price_usage", "--json", "--workers", str(workers)]
    started = time.perf_counter()
    with subprocess.Popen(
        [*command, "--settings", str(settings)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        peak_mib, cpu_s = _watch(psutil.Process(program.pid))
        report = json.loads(program.stdout.read())
    wall_s = time.perf_counter() - started
    if program.returncode:
        raise SystemExit(f"pricing: expected exit code 0, found {program.returncode}")
    return {
        "charges": report["charges"],
        "wall_s": round(wall_s, 1),
        "charges_per_s": round(report["charges"] / wall_s),
        "cpu_s": round(cpu_s, 1),
        "peak_mib": peak_mib,
    }


def _watch(program: psutil.Process) -> tuple[int, float]:
    """Return the highest memory of a program and its workers in MiB, and their CPU in seconds."""
    peak_mib, cpu_s = 0, {program.pid: 0.0}
    while program.is_running() and program.status() != psutil.STATUS_ZOMBIE:
        mib = 0
        for each in (program, *program.children(recursive=True)):
            try:
                times = each.cpu_times()
                cpu_s[each.pid] = times.user + times.system
                mib += each.memory_info().rss // _MIB
            except psutil.NoSuchProcess:
                continue
        peak_mib = max(peak_mib, mib)
        time.sleep(_POLL_S)
    return peak_mib, sum(cpu_s.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

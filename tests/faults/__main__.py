"""Harms the metering job in many ways and judges what is left: `make faults`.

    python -m tests.faults --fault kill-task-manager --seed 7 --seconds 30
    python -m tests.faults --list
    python -m tests.faults --fault kill-job-manager --planted forgets-duplicates

Each run is a line in the record, of which `python -m tests.faults.reporting` makes
docs/reliability.md.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

from tests.faults.catalogue import FAULTS, fault_named
from tests.faults.making import open_machines
from tests.faults.mixing import one_after_another
from tests.faults.planted import PLANTED
from tests.faults.results import RECORD, Result, append
from tests.faults.trying import SINKS, Trial, make_trial


def main(arguments: list[str]) -> int:
    """Try the faults; return 1 if one of them changed a figure or did not strike."""
    options = _read(arguments)
    if options.list:
        print("\n".join(f"{fault.name:26} {fault.text}" for fault in FAULTS))
        return 0
    waiting = _trials(options)
    failed = 0
    while waiting:
        # What a fault that failed has left must not harm the next one.
        failed += _try_until_failure(waiting, options)
    return 1 if failed else 0


def _trials(options: argparse.Namespace) -> list[Trial]:
    """Return the runs that are asked for."""
    common = (options.seed, options.seconds, options.sink)
    if options.planted == "all":
        return [Trial(fault_named(fault), *common, bug) for bug, fault in PLANTED.items()]
    names = options.fault or [PLANTED[options.planted]] if options.planted else options.fault
    faults = [fault_named(name) for name in names] or list(FAULTS)
    if options.together:
        faults = [one_after_another(tuple(faults))]
    return [Trial(fault, *common, options.planted) for fault in faults]


def _try_until_failure(waiting: list[Trial], options: argparse.Namespace) -> int:
    """Make runs in their order on the same machines, until one fails; return how many failed."""
    folder = Path(mkdtemp(prefix="faults-", dir=options.folder))
    with open_machines(folder / "machines") as machines:
        for number in range(1, len(waiting) + 1):
            began = time.monotonic()
            trial = waiting.pop(0)
            place = folder / f"run-{number}"
            result = make_trial(trial, machines, place)
            append(options.record, result)
            _tell(trial, result, place, time.monotonic() - began)
            if not result.passed:
                return 1
    shutil.rmtree(folder)
    return 0


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--fault", nargs="+", choices=names, default=[], metavar="NAME")
    parser.add_argument("--seed", type=int, default=1, help="repeats a run (default 1)")
    parser.add_argument("--seconds", type=int, default=20, help="length of a fault (default 20)")
    parser.add_argument("--sink", choices=sorted(SINKS), default="v2", help="Iceberg's sink")
    bug = "a bug that must be found: " + ", ".join(PLANTED)
    parser.add_argument(
        "--planted", default="", choices=(*PLANTED, "all"), metavar="NAME", help=bug
    )
    parser.add_argument("--together", action="store_true", help="all in one run, one verdict")
    parser.add_argument("--list", action="store_true", help="show the faults and end")
    parser.add_argument("--record", type=Path, default=RECORD, help="file of the results")
    parser.add_argument("--folder", type=Path, help="where runs that fail leave their files")
    return parser.parse_args(arguments)


def _tell(trial: Trial, result: Result, folder: Path, seconds: float) -> None:
    verdict = "ok" if result.passed else "FAILED"
    hits = ", ".join(f"{name} {count}" for name, count in result.hits.items()) or "no hit"
    planted = f", planted {result.planted}" if result.planted else ""
    print(
        f"{result.fault} ({result.sink}, seed {result.seed}{planted}): {verdict}; {hits}; "
        f"{result.records} records; recovery {result.recovery_ms} ms, converged in "
        f"{result.converged_ms} ms; {result.differences} differences; {seconds:.0f} s",
        flush=True,
    )
    if result.lines:
        print("\n".join(f"  {line}" for line in result.lines))
    if not result.passed:
        print(f"repeat: {trial.line}; files: {folder}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

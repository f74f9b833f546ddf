"""Simulates metering under faults: `make simulate SEEDS=1-300`, or one seed to repeat a failure."""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.simulation.auditing import audit

_LINES = 5


def main() -> int:
    """Simulate each seed; print what differs, and how to repeat it."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", default="1-100", type=_seeds, help="such as 1-300, or 17,23")
    seeds: list[int] = parser.parse_args().seeds
    began = time.monotonic()
    failed = []
    for done, seed in enumerate(seeds, start=1):
        with TemporaryDirectory() as folder:
            lines = audit(seed, Path(folder))
        if lines:
            failed.append(seed)
            print(f"seed {seed}: {len(lines)} differences; repeat: make simulate SEEDS={seed}")
            print("\n".join(f"  {line}" for line in lines[:_LINES]))
        if done % 50 == 0:
            print(f"{done} of {len(seeds)} seeds, {len(failed)} failed", flush=True)
    minutes = (time.monotonic() - began) / 60
    print(f"{len(seeds)} seeds, {len(failed)} failed, {len(seeds) / minutes:.0f} seeds a minute")
    return 1 if failed else 0


def _seeds(text: str) -> list[int]:
    """Read seeds: numbers and ranges with commas between."""
    seeds: list[int] = []
    for each in text.split(","):
        first, _, last = each.partition("-")
        if not first.isdecimal() or (last and not last.isdecimal()):
            raise argparse.ArgumentTypeError(f"expected 1-300 or 17,23, found {text!r}")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


if __name__ == "__main__":
    sys.exit(main())

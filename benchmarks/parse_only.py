"""The floor: the job's source and parsing, with nothing behind it.

python -m benchmarks.parse_only --settings bench.yaml
"""

import argparse
import os
import sys
from collections.abc import Sequence

from jobs.flink.parsing_floor import run_floor
from jobs.settings import load_meters, load_settings


def main(arguments: Sequence[str]) -> int:
    """Submit the floor job."""
    parser = argparse.ArgumentParser(prog="parse_only")
    parser.add_argument("--settings", required=True)
    settings = load_settings(parser.parse_args(arguments).settings, os.environ)
    run_floor(settings, load_meters(settings.metering.meters_file))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

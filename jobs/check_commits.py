"""Checks that the job goes on committing: a probe, and an alarm.

    python -m jobs.check_commits --settings config/live.yaml --max-age-s 120

The exit code is 1, with a line for each fault, where no table was committed to for so long, where
one stays behind the others, or where a commit came twice or from a second job.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from iceberg.catalog import CatalogUnreachableError
from iceberg.commit_ages import TableAge, find_faults
from iceberg.creating import TableConflictError
from jobs.reporting.exposing_commits import commit_lines, fault_lines
from jobs.service_levels.reading_commits import read_commit_ages
from jobs.settings import SettingsError, load_settings
from schemas.instant import to_text, to_us


def main(arguments: Sequence[str], environ: Mapping[str, str], now_us: Callable[[], int]) -> int:
    """Print the ages and what is wrong; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="check_commits", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument(
        "--max-age-s", type=float, required=True, help="seconds within which a commit must come"
    )
    parser.add_argument(
        "--files", action="store_true", help="look for data files that were committed twice, too"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print what was found as JSON")
    form.add_argument("--prometheus", action="store_true", help="print it as metrics")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(options.settings, environ)
        ages = read_commit_ages(settings, now_us() // 1000, options.files)
    except (SettingsError, CatalogUnreachableError, TableConflictError) as error:
        print(error, file=sys.stderr)
        return 2
    faults = list(find_faults(ages, round(options.max_age_s * 1000)))
    if options.json:
        print(json.dumps({"tables": [asdict(each) for each in ages], "faults": faults}))
    elif options.prometheus:
        for line in (*commit_lines(ages), *fault_lines(len(faults))):
            print(line)
    else:
        for each in ages:
            print(_line(each))
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def _line(age: TableAge) -> str:
    if age.last is None or age.age_ms is None:
        return f"{age.table}: no commit of the job"
    return (
        f"{age.table}: checkpoint {age.last.checkpoint_id} by job {age.last.job_id or 'unknown'},"
        f" {age.age_ms / 1000:,.0f} s ago ({to_text(age.last.at_ms * 1000)})"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, lambda: to_us(datetime.now(UTC))))

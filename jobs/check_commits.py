"""Checks that the job goes on committing: a probe, and an alarm.

    python -m jobs.check_commits --settings config/live.yaml --max-age-s 120

The exit code is 1, with a line for each fault, where no table was committed to for so long, where
one stays behind the others, or where a commit came twice or from a second job.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from iceberg.catalog import CatalogUnreachableError, open_catalog
from iceberg.commit_ages import TableAge, find_faults, read_ages
from iceberg.creating import TableConflictError, check_tables
from iceberg.table import Table
from iceberg.tables import BUDGET_ALERTS, METERING_WINDOWS
from jobs.settings import Settings, SettingsError, load_settings
from schemas.instant import to_text, to_us


def check_commits(settings: Settings, now_ms: int, reads_files: bool) -> tuple[TableAge, ...]:
    """Return the ages of the tables that the job is configured to write.

    Raises:
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
    """
    catalog, namespace = open_catalog(settings.catalog), settings.catalog.namespace
    check_tables(catalog, namespace)
    left_out: list[Table] = []
    if not settings.metering.keep_windows:
        left_out.append(METERING_WINDOWS)
    if not settings.metering.running_totals:
        left_out.append(BUDGET_ALERTS)
    return read_ages(catalog, namespace, now_ms, left_out, reads_files)


def prometheus_text(ages: Sequence[TableAge], faults: Sequence[str]) -> str:
    """Return the ages in Prometheus' text format, for a textfile collector or a push."""
    return "".join(f"{line}\n" for line in _prometheus_lines(ages, faults))


def _prometheus_lines(ages: Sequence[TableAge], faults: Sequence[str]) -> Iterator[str]:
    for name, text, values in (
        (
            "meterclose_commit_age_seconds",
            "Seconds since the metering job's last commit to the table.",
            {each.table: each.age_ms / 1000 for each in ages if each.age_ms is not None},
        ),
        (
            "meterclose_commit_checkpoint",
            "Checkpoint of the metering job's last commit to the table.",
            {each.table: each.last.checkpoint_id for each in ages if each.last is not None},
        ),
        (
            "meterclose_commit_behind_checkpoints",
            "Checkpoints that the table stands behind the one that is furthest.",
            {each.table: each.behind for each in ages},
        ),
        (
            "meterclose_commits_repeated",
            "Commits that came twice, or from a second job, among the snapshots that are kept.",
            {each.table: len(each.repeated) for each in ages},
        ),
    ):
        yield f"# HELP {name} {text}"
        yield f"# TYPE {name} gauge"
        for table, value in values.items():
            yield f'{name}{{table="{table}"}} {value:g}'
    yield "# HELP meterclose_commit_faults Faults that check_commits found."
    yield "# TYPE meterclose_commit_faults gauge"
    yield f"meterclose_commit_faults {len(faults)}"


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
        ages = check_commits(settings, now_us() // 1000, options.files)
    except (SettingsError, CatalogUnreachableError, TableConflictError) as error:
        print(error, file=sys.stderr)
        return 2
    faults = list(find_faults(ages, round(options.max_age_s * 1000)))
    if options.json:
        print(json.dumps({"tables": [asdict(each) for each in ages], "faults": faults}))
    elif options.prometheus:
        print(prometheus_text(ages, faults), end="")
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

"""Looks after the tables: tags closed months, merges small files, lets old snapshots go.

    python -m jobs.maintain_tables --settings config/live.yaml --tag-closed --compact \
        --expire-older-than-days 7 --remove-orphans-older-than-hours 72

Run it once a day, beside the job, or only some of it more often. Each step leaves the tables whole,
and whoever stops it half way runs it again. docs/maintaining.md says what is kept whatever its age.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from iceberg.catalog import CatalogUnreachableError
from iceberg.compacting import CompactionConflictError, Merged, MergeSize
from iceberg.creating import TableConflictError
from iceberg.expiring import Expired, ExpiryConflictError
from iceberg.orphans import FLOOR_HOURS, YoungOrphansError
from iceberg.reading import BrokenRowsError
from iceberg.tagging import ClosedTag, TagConflictError
from jobs.maintaining.maintenance import AskedMaintenance, Step, maintain
from jobs.settings import SettingsError, load_settings
from schemas.instant import to_us

_ORPHAN_HOURS = 72
_REFUSED = (SettingsError, CatalogUnreachableError, TableConflictError, YoungOrphansError)
_FAILED = (CompactionConflictError, ExpiryConflictError, TagConflictError, BrokenRowsError)


def main(arguments: Sequence[str], environ: Mapping[str, str], now_us: Callable[[], int]) -> int:
    """Do what is asked and print each step; return the exit code."""
    options = _parser().parse_args(arguments)
    steps = 0
    try:
        settings = load_settings(options.settings, environ)
        for step in maintain(settings, _asked(options), now_us() // 1000):
            steps += 1
            print(json.dumps(_members(step)) if options.json else _line(step, options.dry_run))
            sys.stdout.flush()
    except _REFUSED as error:
        print(error, file=sys.stderr)
        return 2
    except _FAILED as error:
        print(error, file=sys.stderr)
        return 1
    if not steps and not options.json:
        print("Nothing to do.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="maintain_tables", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--tag-closed", action="store_true", help="tag months that have closed")
    parser.add_argument("--compact", action="store_true", help="merge small data files")
    parser.add_argument(
        "--target-mb", type=int, default=32, help="with --compact: size of merged files"
    )
    parser.add_argument(
        "--least-files", type=int, default=5, help="with --compact: so many are merged at least"
    )
    parser.add_argument(
        "--expire-older-than-days", type=float, help="let snapshots go that are so old"
    )
    parser.add_argument(
        "--keep-runs-days",
        type=float,
        default=90,
        help="with --expire-older-than-days: how long what pricing runs have read is kept",
    )
    parser.add_argument(
        "--remove-orphans-older-than-hours",
        type=float,
        nargs="?",
        const=_ORPHAN_HOURS,
        help="delete files that no snapshot leads to, so long before the job's last commit",
    )
    parser.add_argument("--table", action="append", default=[], help="only this; may be repeated")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    parser.add_argument("--json", action="store_true", help="print each step as a line of JSON")
    # For tests, whose tables are minutes old: files that are about to be committed are lost by it.
    parser.add_argument(
        "--orphan-floor-hours", type=float, default=FLOOR_HOURS, help=argparse.SUPPRESS
    )
    return parser


def _asked(options: argparse.Namespace) -> AskedMaintenance:
    """Return what the command line asks for.

    Raises:
        SettingsError: It asks for nothing, or for a size that makes no sense.
    """
    days, hours = options.expire_older_than_days, options.remove_orphans_older_than_hours
    if not (options.tag_closed or options.compact or days is not None or hours is not None):
        expected = (
            "--tag-closed, --compact, --expire-older-than-days or --remove-orphans-older-than-hours"
        )
        raise SettingsError("missing option", "command line", expected, "none of them")
    for option, value, least in (
        ("--target-mb", options.target_mb, 1),
        ("--least-files", options.least_files, 2),
        ("--expire-older-than-days", days or 0, 0),
        ("--keep-runs-days", options.keep_runs_days, 0),
    ):
        if value < least:
            raise SettingsError("bad value", option, f"at least {least}", f"{value:g}")
    size = MergeSize(options.target_mb * 2**20, options.least_files)
    return AskedMaintenance(
        options.tag_closed,
        size if options.compact else None,
        days,
        hours,
        options.keep_runs_days,
        tuple(options.table),
        options.dry_run,
        options.orphan_floor_hours,
    )


def _members(step: Step) -> dict[str, object]:
    return {"step": type(step).__name__.lower(), **asdict(step)}


def _line(step: Step, is_dry: bool) -> str:
    would = "would be " if is_dry else ""
    if isinstance(step, ClosedTag):
        return f"{step.tag}: {would}tagged at checkpoint {step.checkpoint_id}"
    if isinstance(step, Merged):
        return (
            f"{step.table}, {step.month}: {step.files:,} files of {step.rows:,} rows {would}merged,"
            f" {step.bytes_before:,} bytes to {step.bytes_after:,}"
        )
    if isinstance(step, Expired):
        return (
            f"{step.table}: {step.snapshots:,} snapshots {would}expired, {step.kept:,} kept,"
            f" {step.files:,} files deleted"
        )
    return f"{step.table}: {step.files:,} orphans of {step.bytes:,} bytes {would}deleted"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, lambda: to_us(datetime.now(UTC))))

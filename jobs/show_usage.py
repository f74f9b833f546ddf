"""Shows what the tables say: usage, corrections, alerts, every record's fate, where all this is.

    python -m jobs.show_usage --settings config/live.yaml --account B6

The exit code is 1 where something does not add up. While the job runs, tables may be one
checkpoint apart from each other; then run it again.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from rich.console import Console

from iceberg.catalog import CatalogUnreachableError, open_to_read
from iceberg.checking import read_states
from iceberg.creating import TableConflictError, check_tables
from iceberg.kept_snapshots import UnknownSnapshotError
from iceberg.payloads import load_payloads
from iceberg.reading import BrokenRowsError, open_rows
from iceberg.tables import RAW_EVENTS
from iceberg.tagging import tagged_snapshots
from jobs.reporting.fates import REPEATED, tell_fates
from jobs.reporting.manifest import ManifestError, read_kinds
from jobs.reporting.rendering import (
    WIDTH,
    print_alerts,
    print_corrections,
    print_fates,
    print_plot,
    print_tables,
    print_usage,
)
from jobs.reporting.rendering_decisions import print_brought_back
from jobs.reporting.report import Report, build_report, to_json
from jobs.reporting.snippets import duckdb_snippet, pyiceberg_snippet
from jobs.settings import CatalogSettings, Settings, SettingsError, load_meters, load_settings


def read_report(
    settings: Settings, manifest: Path | None, account_id: str | None, as_of: str | None = None
) -> Report:
    """Read the report from the tables of the settings.

    Args:
        settings: Name the catalog and the meters file.
        manifest: What the publisher wrote, to compare with; None to leave that out.
        account_id: Narrows usage, corrections and alerts to one account; None for all.
        as_of: A tag of closed months (`iceberg.tagging`); None: as the tables are now.

    Raises:
        UnknownSnapshotError: There is no such tag.
        SettingsError: The meters file is wrong.
        ManifestError: The manifest is none.
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError: Rows contradict each other.
    """
    meters = load_meters(settings.metering.meters_file)
    kinds = None if manifest is None else read_kinds(manifest)
    catalog, namespace = open_to_read(settings.catalog), settings.catalog.namespace
    check_tables(catalog, namespace)
    states = read_states(catalog, namespace)
    snapshot_ids = None if as_of is None else tagged_snapshots(catalog, namespace, as_of)
    archive_id = None if snapshot_ids is None else snapshot_ids[RAW_EVENTS.name]
    with closing(open_rows(catalog, namespace, snapshot_ids)) as rows:
        tell_fates(rows)
        load_payloads(rows, catalog, namespace, REPEATED, archive_id)
        return build_report(rows, states, meters, kinds, account_id)


def print_report(
    console: Console, report: Report, settings: CatalogSettings, every_period: bool
) -> None:
    """Print the whole report for people.

    Args:
        console: Where to.
        report: What to print.
        settings: Where the tables are.
        every_period: Whether accounts of many periods are shown in full.
    """
    print_usage(console, report, every_period)
    print_plot(console, report)
    print_corrections(console, report.corrections)
    print_alerts(console, report.alerts)
    print_brought_back(console, report.brought_back)
    print_fates(console, report)
    print_tables(console, report)
    console.print("[bold]Query them yourself with PyIceberg:[/bold]\n")
    console.print(pyiceberg_snippet(settings), soft_wrap=True, markup=False, highlight=False)
    console.print("[bold]and then with DuckDB:[/bold]\n")
    console.print(duckdb_snippet(settings), soft_wrap=True, markup=False, highlight=False)
    for problem in report.problems:
        console.print(f"Does not add up: {problem}", style="bold red", markup=False)
    if not report.problems:
        console.print(f"All {report.fates.records:,} records add up.", style="bold green")


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print the report; return the exit code."""
    parser = argparse.ArgumentParser(prog="show_usage", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--account", help="show usage, corrections and alerts of this account")
    parser.add_argument("--manifest", type=Path, help="what publish_flights wrote, to compare with")
    parser.add_argument("--all", action="store_true", help="leave out no period")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--as-of", help="a tag of a closed month, such as closed-2026-10")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(options.settings, environ)
        report = read_report(settings, options.manifest, options.account, options.as_of)
    except (
        SettingsError,
        ManifestError,
        CatalogUnreachableError,
        TableConflictError,
        UnknownSnapshotError,
    ) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        snippets = [snippet(settings.catalog) for snippet in (pyiceberg_snippet, duckdb_snippet)]
        print(json.dumps(to_json(report) | {"snippets": snippets}, ensure_ascii=False))
    else:
        print_report(Console(width=WIDTH), report, settings.catalog, options.all)
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

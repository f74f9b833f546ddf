"""Proves that the tables are right: works usage out again from the archive, by other code.

    python -m jobs.reconcile_usage --settings config/live.yaml

Everything that is not as it must be is told, with the events that account for it, and is kept in
the tables reconciliations and reconciliation_differences. It may run beside the job. The exit code
is 0 where nothing differs, 1 where something does.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console

from iceberg.auditing import AuditedTables
from iceberg.catalog import CatalogUnreachableError, open_catalog
from iceberg.creating import TableConflictError, check_tables
from iceberg.reading import BrokenRowsError
from iceberg.reconciliation_tables import RECONCILIATION_DIFFERENCES, RECONCILIATIONS
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs.reconciling.reconciliation import Reconciliation, Wanted
from jobs.reconciling.running import NoCutError, reconcile
from jobs.reconciling.telling import difference_rows, run_row, to_json
from jobs.reporting.rendering import WIDTH
from jobs.reporting.rendering_reconciliation import print_reconciliation
from jobs.settings import SettingsError, load_meters, load_settings

_LEAST_MB = 128


def keep_reconciliation(
    tables: AuditedTables, found: Reconciliation, wanted: Wanted, at: datetime
) -> None:
    """Append what was found to its tables: the differences first, then the run that names them.

    Raises:
        CommitConflictError: Other programs committed before each attempt.
        UnknownCommitError: The catalog gave no clear answer.
    """
    rows = difference_rows(found, wanted, at)
    if rows:
        tables.append(RECONCILIATION_DIFFERENCES, rows)
    tables.append(RECONCILIATIONS, [run_row(found, wanted, at)])


def main(arguments: Sequence[str], environ: Mapping[str, str], now: Callable[[], datetime]) -> int:
    """Reconcile, keep and print what was found; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        wanted = _wanted(options)
        settings = load_settings(options.settings, environ)
        load_meters(settings.metering.meters_file)
        catalog, namespace = open_catalog(settings.catalog), settings.catalog.namespace
        check_tables(catalog, namespace)
        tables = AuditedTables(catalog, namespace)
        found = reconcile(settings, tables, wanted)
        at = now()
        keep_reconciliation(tables, found, wanted, at)
    except (SettingsError, CatalogUnreachableError, TableConflictError, NoCutError) as error:
        print(error, file=sys.stderr)
        return 2
    except (BrokenRowsError, CommitConflictError, UnknownCommitError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(to_json(found, wanted, at), ensure_ascii=False))
    else:
        print_reconciliation(Console(width=WIDTH), found)
    return 1 if found.difference_count else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reconcile_usage", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument(
        "--account", action="append", default=[], help="compare this account's rows; repeatable"
    )
    parser.add_argument("--from", dest="since", help="compare periods from this instant on")
    parser.add_argument("--until", help="compare periods that begin before this instant")
    parser.add_argument("--ranges", type=int, help="cut each partition into so many ranges")
    parser.add_argument("--buckets", type=int, default=1, help="lots of accounts, one at a time")
    parser.add_argument("--memory-mb", type=int, default=1024, help="memory for DuckDB")
    parser.add_argument("--most", type=int, default=1000, help="differences told of each table")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    return parser


def _wanted(options: argparse.Namespace) -> Wanted:
    for name, least in (("ranges", 1), ("buckets", 1), ("memory_mb", _LEAST_MB), ("most", 1)):
        value = getattr(options, name)
        if value is not None and value < least:
            option = f"--{name.replace('_', '-')}"
            raise SettingsError("bad option", option, f"at least {least}", str(value))
    return Wanted(
        accounts=tuple(sorted(options.account)),
        since=_instant(options.since, "--from"),
        until=_instant(options.until, "--until"),
        ranges=options.ranges,
        buckets=options.buckets,
        memory_mb=options.memory_mb,
        most=options.most,
    )


def _instant(text: str | None, option: str) -> datetime | None:
    """Read a day of UTC, or an instant with its offset."""
    if text is None:
        return None
    expected = "a day such as 2026-11-01, or an instant with its offset"
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError("bad option", option, expected, repr(text)) from error
    if instant.tzinfo is None and len(text) > len("2026-11-01"):
        raise SettingsError("bad option", option, expected, repr(text))
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, lambda: datetime.now(UTC)))

"""Creates the tables that are missing, and brings existing ones up to their declaration.

    python -m jobs.create_tables --settings config/live.yaml

Running it again changes nothing. Needed before the first start of the job, and after an upgrade
that adds columns.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from iceberg.catalog import CatalogUnreachableError, open_catalog
from iceberg.creating import TableChange, TableConflictError, make_tables
from jobs.settings import CatalogSettings, SettingsError, load_settings
from jobs.settings.shapes import mask_secret


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Create or change the tables; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="create_tables", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    options = parser.parse_args(arguments)
    try:
        changes = _make(load_settings(options.settings, environ).catalog)
    except (SettingsError, CatalogUnreachableError, TableConflictError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps([asdict(change) for change in changes]))
    else:
        for change in changes:
            print(_line(change))
    return 0


def _make(settings: CatalogSettings) -> tuple[TableChange, ...]:
    """Make the tables; a warehouse that cannot be written is the first thing that a mistake shows.

    Raises:
        SettingsError: The warehouse has no such folder, or nobody knows its scheme.
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is not as declared.
    """
    catalog = open_catalog(settings)
    try:
        return make_tables(catalog, settings.namespace)
    except (OSError, ValueError) as error:  # Arrow's: each storage has its own
        where = f"catalog.warehouse {mask_secret('warehouse', settings.warehouse)}"
        raise SettingsError("bad warehouse", where, "one to write to", str(error)) from error


def _line(change: TableChange) -> str:
    details = f": {', '.join(change.details)}" if change.details else ""
    return f"{change.table}: {change.outcome}{details}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

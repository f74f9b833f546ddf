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
from jobs.settings import SettingsError, load_settings


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Create or change the tables; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="create_tables", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(options.settings, environ).catalog
        changes = make_tables(open_catalog(settings), settings.namespace)
    except (SettingsError, CatalogUnreachableError, TableConflictError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps([asdict(change) for change in changes]))
    else:
        for change in changes:
            print(_line(change))
    return 0


def _line(change: TableChange) -> str:
    details = f": {', '.join(change.details)}" if change.details else ""
    return f"{change.table}: {change.outcome}{details}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

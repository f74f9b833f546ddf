"""Lists conflicts: records that have the identity of an earlier one, and other content.

    python -m jobs.list_conflicts --settings config/live.yaml

The first record of an identity counts, whatever later ones say. Here is what was not counted,
beside what was. The exit code is 0 also where there are some: metering did what it promises, and
whether a producer is at fault is for people to say.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict

from rich.console import Console

from iceberg.catalog import CatalogUnreachableError, open_to_read
from iceberg.creating import TableConflictError, check_tables
from iceberg.payloads import load_payloads
from iceberg.reading import BrokenRowsError, open_rows
from jobs.reporting.conflicts import Conflict, Received, read_conflicts
from jobs.reporting.fates import REPEATED, tell_fates
from jobs.reporting.rendering import WIDTH, print_conflicts
from jobs.settings import CatalogSettings, SettingsError, load_settings
from schemas.instant import to_text


def find_conflicts(settings: CatalogSettings) -> tuple[Conflict, ...]:
    """Return the conflicts of the archive.

    Raises:
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError: Rows contradict each other.
    """
    catalog = open_to_read(settings)
    check_tables(catalog, settings.namespace)
    with closing(open_rows(catalog, settings.namespace)) as rows:
        tell_fates(rows)
        load_payloads(rows, catalog, settings.namespace, REPEATED)
        return read_conflicts(rows)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print the conflicts; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="list_conflicts", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--json", action="store_true", help="print the conflicts as JSON")
    options = parser.parse_args(arguments)
    try:
        conflicts = find_conflicts(load_settings(options.settings, environ).catalog)
    except (SettingsError, CatalogUnreachableError, TableConflictError) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        listed = list(map(_members, conflicts))
        print(json.dumps({"count": len(listed), "conflicts": listed}, ensure_ascii=False))
    else:
        print_conflicts(Console(width=WIDTH), conflicts)
    return 0


def _members(conflict: Conflict) -> dict[str, object]:
    return {
        "event_source": conflict.event_source,
        "event_id": conflict.event_id,
        "counted": _record(conflict.counted),
        "ignored": _record(conflict.ignored),
    }


def _record(record: Received) -> dict[str, object]:
    members = asdict(record)
    members["log_time"] = to_text(members.pop("log_time_us"))
    return members


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

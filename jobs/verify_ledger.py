"""Verifies the ledger: nothing was changed or taken out, and every entry is in balance.

    python -m jobs.verify_ledger --settings config/live.yaml

The last hash is printed. Who keeps it elsewhere and gives it to a later run (`--known`) also learns
whether anything up to it was cut off or written anew. The exit code is 1 where something is wrong.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from iceberg.catalog import CatalogUnreachableError, open_to_read
from iceberg.creating import TableConflictError, check_tables
from iceberg.journal_rows import read_journal
from iceberg.ledger_tables import JOURNAL
from iceberg.reading import BrokenRowsError
from jobs.settings import CatalogSettings, SettingsError, load_settings
from schemas.journal import ChainBreak, ChainHead
from udfs.chaining import verify


def verify_ledger(settings: CatalogSettings, known_hash: str | None) -> ChainHead | ChainBreak:
    """Return the head of the ledger's chain, or its first break.

    Args:
        settings: Where the tables are.
        known_hash: Hash of an entry that must be there; None: none is known.

    Raises:
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError: Rows contradict each other.
    """
    catalog = open_to_read(settings)
    check_tables(catalog, settings.namespace, (JOURNAL,))
    return verify(read_journal(catalog, settings.namespace), known_hash)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print what was found; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="verify_ledger", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--known", help="hash of an entry that must be there")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    options = parser.parse_args(arguments)
    try:
        found = verify_ledger(load_settings(options.settings, environ).catalog, options.known)
    except (SettingsError, CatalogUnreachableError, TableConflictError) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"holds": isinstance(found, ChainHead), **asdict(found)}))
    elif isinstance(found, ChainHead):
        print(f"The ledger holds: {found.next_no:,} entries, the last with hash {found.last_hash}.")
    if isinstance(found, ChainHead):
        return 0
    print(
        f"ledger, entry {found.entry_no}: {found.fault}:"
        f" expected {found.expected}, found {found.found}",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

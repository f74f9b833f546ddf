"""Reconciles usage, charges, ledger and invoices: a second opinion from the tables' rows alone.

    python -m jobs.reconcile_charges --settings config/live.yaml [--as-of RUN] [--json]

Everything is added up once more by code that shares nothing with what wrote it (`audit/`). What was
compared, and each difference, is appended to `charge_reconciliations`. The exit code is 0 where all
holds, 1 where something differs, 2 where it cannot be told.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console

from audit.books.reconciling import reconcile
from audit.prices.covering import coverage
from audit.prices.reading_tables import read_agreed
from iceberg.catalog import CatalogUnreachableError, open_catalog
from iceberg.charge_reconciliations import append_reconciliation
from iceberg.creating import TableConflictError, check_tables
from iceberg.kept_snapshots import UnknownSnapshotError
from iceberg.reading import BrokenRowsError
from iceberg.reconciled_cut import reconciled_cut
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs import VERSION
from jobs.pricing.pricing_rules import greatest_grace_us
from jobs.reconciling.charge_reconciliation import (
    ChargeReconciliation,
    difference_members,
    rows_of,
    totals_of,
)
from jobs.reconciling.pricing_again import find_waiting, price_again
from jobs.reconciling.reading_rows import open_rows
from jobs.reporting.rendering import WIDTH
from jobs.reporting.rendering_charge_reconciliation import print_reconciliation
from jobs.settings import Settings, SettingsError, load_settings
from schemas.instant import to_text, to_us

_S_US = 1_000_000
REFUSED = (
    SettingsError,
    CatalogUnreachableError,
    TableConflictError,
    UnknownSnapshotError,
    CommitConflictError,
    UnknownCommitError,
)
"""What leaves the question open; each has one clear line."""


def reconcile_charges(settings: Settings, as_of: str | None, at_us: int) -> ChargeReconciliation:
    """Add everything up once more, and keep what was found.

    Args:
        settings: Name catalog and meters file.
        as_of: Id of the pricing run as of which; None: as the tables are now.
        at_us: When, by the clock of the program.

    Raises:
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        UnknownSnapshotError: There is no such run, or what it has read has expired.
        BrokenRowsError: Two rows of one run differ.
        CommitConflictError, UnknownCommitError: What was found could not be kept.
    """
    namespace = settings.catalog.namespace
    catalog = open_catalog(settings.catalog)
    check_tables(catalog, namespace)
    cut = reconciled_cut(catalog, namespace, as_of)
    grace_s = greatest_grace_us(settings) // _S_US
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_rows(catalog, namespace, cut, Path(folder))) as rows,
    ):
        agreed = read_agreed(rows, grace_s)
        waiting = find_waiting(catalog, namespace, cut, rows, agreed, grace_s)
        reconciled = reconcile(rows, waiting, grace_s, partial(coverage, agreed))
        compared = price_again(catalog, namespace, cut, rows, agreed, waiting)
    found = ChargeReconciliation(at_us, cut, reconciled, compared)
    append_reconciliation(catalog, namespace, rows_of(found, VERSION))
    return found


def main(arguments: Sequence[str], environ: Mapping[str, str], now_us: Callable[[], int]) -> int:
    """Print what was compared and what differs; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="reconcile_charges", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--as-of", help="id of a pricing run: as its charges left the tables")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(options.settings, environ)
        found = reconcile_charges(settings, options.as_of, now_us())
    except REFUSED as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(_members(found), ensure_ascii=False))
    else:
        width = max(WIDTH, shutil.get_terminal_size().columns)
        print_reconciliation(Console(width=width), found)
    return 0 if found.holds else 1


def _members(found: ChargeReconciliation) -> dict[str, object]:
    return {
        "reconciliation_id": found.reconciliation_id,
        "at": to_text(found.at_us),
        "run_id": found.run_id,
        "holds": found.holds,
        **totals_of(found),
        "found": [difference_members(each) for each in found.differences],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, lambda: to_us(datetime.now(UTC))))

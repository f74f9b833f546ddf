"""Shows what was charged: by account, or of one account line by line.

python -m jobs.show_charges --settings config/live.yaml
python -m jobs.show_charges --settings config/live.yaml --account B6
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console

from iceberg.catalog import CatalogUnreachableError, open_to_read
from iceberg.charge_sums import list_charges, sum_charges
from iceberg.charge_tables import CHARGES
from iceberg.creating import TableConflictError, check_tables
from iceberg.reading import BrokenRowsError
from jobs.reporting.rendering import WIDTH
from jobs.reporting.rendering_charges import print_account, print_sums
from jobs.settings import CatalogSettings, SettingsError, load_settings


def read_charged(settings: CatalogSettings, account_id: str | None) -> list[dict[str, Any]]:
    """Return sums by account, or the charges of one.

    Raises:
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError: Two charges of one id differ.
    """
    catalog = open_to_read(settings)
    check_tables(catalog, settings.namespace, (CHARGES,))
    if account_id is None:
        return sum_charges(catalog, settings.namespace)
    return list_charges(catalog, settings.namespace, account_id)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print charges; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="show_charges", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--account", help="only this one, line by line")
    parser.add_argument("--json", action="store_true", help="print rows as JSON")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(options.settings, environ).catalog
        rows = read_charged(settings, options.account)
    except (SettingsError, CatalogUnreachableError, TableConflictError) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"rows": rows}, default=_exact, ensure_ascii=False))
        return 0
    console = Console(width=max(WIDTH, shutil.get_terminal_size().columns))
    if options.account is None:
        print_sums(console, rows)
    else:
        print_account(console, options.account, rows)
    return 0


def _exact(value: object) -> str:
    """Return a decimal as text: JSON's numbers are read as floats."""
    assert isinstance(value, Decimal), f"expected a decimal, found {value!r}"
    return f"{value:f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

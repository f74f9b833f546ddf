"""Shows the ledger: what stands on each account, or all entries as text for other programs.

    python -m jobs.show_ledger --settings config/live.yaml
    python -m jobs.show_ledger --settings config/live.yaml --account B6 --until 2013-03-31
    python -m jobs.show_ledger --settings config/live.yaml --export beancount > ledger.beancount

Without an account, one line for each account of the ledger, all customers together; with one, also
each day on which something moved. Days are those of UTC. The exit code is 1 where debits and
credits of a currency differ.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from rich.console import Console

from iceberg.catalog import CatalogUnreachableError, open_to_read
from iceberg.creating import TableConflictError, check_tables
from iceberg.journal_rows import read_journal
from iceberg.ledger_tables import JOURNAL
from iceberg.reading import BrokenRowsError
from jobs.reporting.rendering import WIDTH
from jobs.reporting.rendering_ledger import print_balances, print_trial_balance
from jobs.reporting.report import to_json
from jobs.settings import CatalogSettings, SettingsError, load_settings
from schemas.journal import JournalEntry
from udfs.balancing import balances, booked_day, rest_by_currency, trial_balance
from udfs.exporting_beancount import export_beancount
from udfs.exporting_hledger import export_hledger

EXPORTS: Mapping[str, Callable[[Sequence[JournalEntry]], Iterator[str]]] = MappingProxyType(
    {"beancount": export_beancount, "hledger": export_hledger}
)
"""By name of the program that reads it; another format is one function, one line."""


def read_entries(
    settings: CatalogSettings, account_id: str | None, until: str | None
) -> Iterator[JournalEntry]:
    """Yield the entries of the journal in their order.

    Args:
        settings: Where the tables are.
        account_id: Only those of one customer; None: all.
        until: Only those up to this ISO 8601 date, it included; None: all.

    Raises:
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError: Rows contradict each other.
    """
    catalog = open_to_read(settings)
    check_tables(catalog, settings.namespace, (JOURNAL,))
    for chained in read_journal(catalog, settings.namespace):
        entry = chained.entry
        is_asked = account_id in (None, entry.account_id)
        if is_asked and (until is None or booked_day(entry) <= until):
            yield entry


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print balances or entries; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings(options.settings, environ).catalog
        entries = read_entries(settings, options.account, _read_day(options.until))
        if options.export:
            for line in EXPORTS[options.export](tuple(entries)):
                print(line)
            return 0
        moved = balances(entries)
    except (SettingsError, CatalogUnreachableError, TableConflictError) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenRowsError as error:
        print(error, file=sys.stderr)
        return 1
    lines = trial_balance(moved)
    rests = rest_by_currency(lines)
    if options.json:
        listed = {"trial_balance": lines, "balances": moved}
        shown = {name: list(map(to_json, rows)) for name, rows in listed.items()}
        print(json.dumps({**shown, "rests_minor": dict(rests)}, ensure_ascii=False))
    else:
        console = Console(width=max(WIDTH, shutil.get_terminal_size().columns))
        if options.account is not None:
            print_balances(console, moved)
        print_trial_balance(console, lines)
    broken = [(currency, rest) for currency, rest in rests if rest]
    for currency, rest in broken:
        print(
            f"ledger, {currency}: expected debits and credits that sum to 0, found {rest} minor"
            " units",
            file=sys.stderr,
        )
    return 1 if broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="show_ledger", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--account", help="only entries of this customer")
    parser.add_argument("--until", help="only entries up to this day, such as 2013-03-31")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--export", choices=list(EXPORTS), help="print entries for this program")
    shown.add_argument("--json", action="store_true", help="print the balances as JSON")
    return parser


def _read_day(text: str | None) -> str | None:
    """Return a day as it was given.

    Raises:
        SettingsError: It is none.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        expected = "an ISO 8601 date, such as 2013-03-31"
        raise SettingsError("bad option", "command line, --until", expected, text) from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

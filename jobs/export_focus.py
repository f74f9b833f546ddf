"""Exports charges and their taxes as a FOCUS 1.2 dataset, CSV or Parquet.

    python -m jobs.export_focus --settings config/live.yaml --provider NAME --output focus.csv

Every row is checked against the rules of FOCUS 1.2 first: where one is broken, nothing is written.
Which charges stand on which invoice, and with which taxes, is read from the table of invoices;
display names of accounts too, or from a CSV file with account_id and account_name.
"""

import argparse
import csv
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol, Self

from iceberg.catalog import CatalogUnreachableError, open_to_read
from iceberg.charge_rows import charged_accounts, read_charges
from iceberg.charge_tables import CHARGES
from iceberg.creating import TableConflictError, check_tables
from iceberg.focus_files import FocusParquet
from iceberg.invoice_store import InvoiceStore
from iceberg.invoice_tables import INVOICES
from iceberg.reading import BrokenRowsError
from jobs.settings import CatalogSettings, SettingsError, load_settings
from schemas.focus import EXPORTED_COLUMNS, FocusRow, FocusSeller, FocusValue
from schemas.focus_service import SERVICE_SUBCATEGORIES
from schemas.instant import to_text, to_us
from schemas.invoice_change import InvoiceChange
from udfs.aggregating import plain_text
from udfs.billing_focus import buyer_names
from udfs.checking_focus import FocusViolation, Pairs, check_focus
from udfs.exporting_focus import focus_rows
from udfs.invoicing import InvoiceFormatError, invoices_of, last_changes

_ACCOUNTS_AT_ONCE = 1_000
_SHOWN = 20
_NAME_COLUMNS = ("account_id", "account_name")


class FocusError(Exception):
    """The rows are no FOCUS 1.2 dataset; one line for each of the first violations."""


class FocusFile(Protocol):
    """A file that rows are written to."""

    def write(self, rows: Sequence[FocusRow]) -> None:
        """Append rows."""


def focus_batches(
    settings: CatalogSettings,
    seller: FocusSeller,
    account_names: Mapping[str, str],
) -> Iterator[tuple[FocusRow, ...]]:
    """Yield all charges, and the taxes of their invoices, as checked rows of FOCUS 1.2.

    Args:
        settings: Name the catalog.
        seller: Who sells, and as what.
        account_names: Display names by account; of one without, that on its last issued invoice.

    Yields:
        Rows of some accounts at a time.

    Raises:
        CatalogUnreachableError: The catalog does not open.
        TableConflictError: A table is missing or is not as declared.
        BrokenRowsError: Rows contradict each other.
        InvoiceFormatError: The content of an invoice is damaged.
        FocusError: A row breaks a rule of the specification.
    """
    catalog, namespace = open_to_read(settings), settings.namespace
    check_tables(catalog, namespace, (CHARGES, INVOICES))
    changes = last_changes(InvoiceStore(catalog, namespace).changes())
    by_account: dict[str, list[InvoiceChange]] = {}
    for each in changes:
        by_account.setdefault(each.account_id, []).append(each)
    account_ids, seen = charged_accounts(catalog, namespace), Pairs()
    for start in range(0, len(account_ids), _ACCOUNTS_AT_ONCE):
        some = account_ids[start : start + _ACCOUNTS_AT_ONCE]
        charges = read_charges(catalog, namespace, some)
        invoices = invoices_of(each for name in some for each in by_account.get(name, ()))
        names = buyer_names(invoices) | dict(account_names)
        rows = focus_rows(charges, seller, names, invoices)
        _check(rows, seen)
        yield rows


def _check(rows: Sequence[FocusRow], seen: Pairs) -> None:
    """Raise a FocusError where rows break a rule."""
    violations = check_focus(rows, seen)
    if violations:
        more = len(violations) - _SHOWN
        shown = [_line(rows, each) for each in violations[:_SHOWN]]
        raise FocusError("\n".join([*shown, *([f"and {more} more"] if more > 0 else [])]))


class FocusCsv:
    """A CSV file in UTF-8: numbers in full, instants as RFC 3339, null as nothing."""

    def __init__(self, path: Path) -> None:
        """Create the file, or empty it.

        Raises:
            OSError: It cannot be written.
        """
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow([column.name for column in EXPORTED_COLUMNS])

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._file.close()

    def write(self, rows: Sequence[FocusRow]) -> None:
        """Append rows."""
        self._writer.writerows([_csv_text(value) for value in row.values()] for row in rows)


FILES: Mapping[str, Callable[[Path], AbstractContextManager[FocusFile]]] = {
    ".csv": FocusCsv,
    ".parquet": FocusParquet,
}
"""Kinds of files, by the end of their names."""


def _line(rows: Sequence[FocusRow], violation: FocusViolation) -> str:
    where = "rows" if violation.row is None else f"charge {rows[violation.row]['x_ChargeId']}"
    return f"{where}, {violation.column}: {violation.detail}"


def _csv_text(value: FocusValue) -> str:
    if isinstance(value, Decimal):
        return plain_text(value)
    if isinstance(value, datetime):
        return to_text(to_us(value))
    return value or ""


def read_pairs(path: Path, key: str, value: str) -> dict[str, str]:
    """Return two columns of a CSV file as a mapping.

    Raises:
        SettingsError: It cannot be read, a column is missing, or a key comes twice.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError("unreadable", str(path), "a CSV file", str(error)) from error
    found: dict[str, str] = {}
    for line, row in enumerate(rows, 2):
        name, of = row.get(key), row.get(value)
        if not name or not of:
            raise SettingsError("no value", f"{path}:{line}", f"{key} and {value}", str(row))
        if name in found:
            raise SettingsError("repeated", f"{path}:{line}", f"{key} once", name)
        found[name] = of
    return found


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Export the charges; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        kind = FILES.get(options.output.suffix)
        if kind is None:
            expected = " or ".join(FILES)
            raise SettingsError("unknown kind", "--output", expected, options.output.name)
        path_of_names = options.account_names
        names = {} if path_of_names is None else read_pairs(path_of_names, *_NAME_COLUMNS)
        provider = options.provider
        publisher, issuer = options.publisher or provider, options.invoice_issuer or provider
        seller = FocusSeller(provider, publisher, issuer, options.service_category)
        settings = load_settings(options.settings, environ)
        count = 0
        with _renamed_when_whole(options.output) as path, kind(path) as file:
            for rows in focus_batches(settings.catalog, seller, names):
                file.write(rows)
                count += len(rows)
    except (FocusError, BrokenRowsError, InvoiceFormatError) as error:
        print(error, file=sys.stderr)
        return 1
    except (SettingsError, CatalogUnreachableError, TableConflictError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{count:,} rows: {options.output}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="export_focus", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    parser.add_argument("--output", required=True, type=Path, help="file: .csv or .parquet")
    parser.add_argument("--provider", required=True, help="name of who provides the services")
    parser.add_argument("--publisher", help="name of who made them; the provider if not given")
    parser.add_argument("--invoice-issuer", help="name of who invoices; the provider likewise")
    parser.add_argument(
        "--service-category",
        default="Other",
        choices=list(SERVICE_SUBCATEGORIES),
        metavar="CATEGORY",
        help="of FOCUS, such as Analytics (Other)",
    )
    parser.add_argument("--account-names", type=Path, help="CSV: account_id, account_name")
    return parser


@contextmanager
def _renamed_when_whole(path: Path) -> Iterator[Path]:
    """Yield the path of a part file that takes its name once it is whole."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

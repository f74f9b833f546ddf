"""Invoices the demo's year, month by month, and opens one of its invoices."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from iceberg.catalog import open_catalog
from iceberg.journal_rows import read_journal
from jobs.demo.stages import Stages
from jobs.invoices.changing import Tables, read_rows
from jobs.invoices.options import make_parser
from jobs.invoices.presenting import present
from jobs.invoices.writing_files import write_files
from jobs.issue_invoices import change_invoices
from jobs.local.places import ROOT
from jobs.reporting.rendering_document import print_document
from jobs.reporting.rendering_invoices import Unbilled, find_unbilled, invoice_members
from jobs.settings import CatalogSettings
from schemas.instant import to_text, to_us
from schemas.invoice import Invoice, InvoiceKind
from udfs.invoicing import invoices_of

_INVOICING = ROOT / "config" / "invoicing.yaml"
_FOLDER = "invoices"


@dataclass(frozen=True, slots=True)
class Invoiced:
    """What stands in the tables after the year was invoiced.

    Attributes:
        invoices: All of them, by account.
        opened: The one that is shown.
        paths: Its files, by kind.
        unbilled: Of each account, what is due later.
    """

    invoices: tuple[Invoice, ...]
    opened: Invoice
    paths: dict[str, str]
    unbilled: tuple[Unbilled, ...]


def issue_months(settings: CatalogSettings, stages: Stages, since: datetime, day: datetime) -> None:
    """Invoice, at a day, each month that has ended since another one.

    Args:
        settings: Of the demo.
        stages: Are told what happens.
        since: Day on which it was done before.
        day: Clock of the demo. What was priced until now, and is due, is invoiced.

    Raises:
        RefusedInvoiceError, MissingTaxRateError, SettingsError: It cannot be done.
    """
    tables = Tables(open_catalog(settings), settings.namespace)
    count = 0
    with stages.stage(f"issue invoices on {day.date()}"):
        for until in _months(since, day):
            words = ["--settings", "", "run", "--invoicing", str(_INVOICING)]
            options = make_parser().parse_args([*words, "--until", to_text(to_us(until))])
            count += len(change_invoices(tables, options, to_us(day)).issued)
    stages.say(f"  {count} invoices and credit notes")


def _months(since: datetime, day: datetime) -> list[datetime]:
    """Return the days by which months between two days have ended in every zone: the second ones.

    The last one is `day` itself.
    """
    first = since.year * 12 + since.month
    months = range(first, day.year * 12 + day.month)
    return [datetime(each // 12, each % 12 + 1, 2, tzinfo=UTC) for each in months]


def open_invoice(settings: CatalogSettings, folder: Path) -> Invoiced:
    """Write the files of the invoice that shows most, and return it with all others.

    Args:
        settings: Of the demo.
        folder: Of the demo; the files go into one of its own in it.

    Raises:
        InvoiceFormatError, BrokenRowsError: The tables contradict themselves.
    """
    tables = Tables(open_catalog(settings), settings.namespace)
    invoices = invoices_of(read_rows(tables))
    opened = max(invoices, key=_shown)
    entries = (each.entry for each in read_journal(tables.catalog, tables.namespace))
    return Invoiced(invoices, opened, write_files(opened, folder / _FOLDER), find_unbilled(entries))


def _shown(invoice: Invoice) -> tuple[bool, int, int, int]:
    """Return how much an invoice shows: kinds of lines, a correction among them, and steps."""
    kinds = {line.kind for line in invoice.lines}
    is_corrected = any(line.quantity_before is not None for line in invoice.lines)
    steps = max((len(line.parts) for line in invoice.lines), default=0)
    return (
        invoice.kind is InvoiceKind.INVOICE and is_corrected,
        len(kinds) + bool(invoice.tax_minor),
        steps,
        -len(invoice.lines),
    )


def print_invoiced(console: Console, invoiced: Invoiced) -> None:
    """Print the sums of all invoices, what is due later, and the one that is opened."""
    notes = sum(each.kind is InvoiceKind.CREDIT_NOTE for each in invoiced.invoices)
    later = [each for each in invoiced.unbilled if each.amount_minor]
    console.print(
        f"\n{len(invoiced.invoices) - notes} invoices and {notes} credit notes were issued;"
        f" {len(later)} accounts have charges that are due later.\n",
        highlight=False,
    )
    print_document(console, present(invoiced.opened))
    console.print(
        f"Open it: file://{invoiced.paths['pdf']}\n         file://{invoiced.paths['html']}",
        soft_wrap=True,
        highlight=False,
    )


def invoiced_members(invoiced: Invoiced) -> dict[str, object]:
    """Return the same for JSON."""
    return {
        "invoices": [invoice_members(each) for each in invoiced.invoices],
        "opened_invoice": invoiced.paths,
        "unbilled": [asdict(each) for each in invoiced.unbilled],
    }

"""Makes invoices of charges: drafts, approves and issues them, makes them void, and shows them.

    python -m jobs.issue_invoices --settings S run --invoicing config/invoicing.yaml
        --until 2013-02-01T05:00:00Z
    python -m jobs.issue_invoices --settings S void --number INV-2013-000001 --by NAME --reason TEXT
    python -m jobs.issue_invoices --settings S show [--number INV-2013-000001]
    python -m jobs.issue_invoices --settings S render --number INV-2013-000001 --out invoices

`run` is `draft`, `approve` and `issue` in one. Each is one commit that holds only if nobody else
changed an invoice meanwhile. So nothing is invoiced twice, and numbers have no gap, however many of
these programs run at once and wherever one dies; the next one books in the ledger what it did not.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from iceberg.catalog import CatalogUnreachableError, open_catalog, open_to_read
from iceberg.creating import TableConflictError, check_tables
from iceberg.invoice_tables import INVOICES
from iceberg.journal_rows import read_journal
from iceberg.ledger_tables import JOURNAL
from iceberg.reading import BrokenRowsError
from iceberg.tables import TABLES
from iceberg.writing import CommitConflictError, UnknownCommitError
from jobs.invoices import UnprintableTextError
from jobs.invoices.changing import RefusedInvoiceError, Tables, find_row, read_rows
from jobs.invoices.drafting import CarriedOver, draft_due
from jobs.invoices.holding import held_invoices
from jobs.invoices.issuing import approve_drafts, book_invoices, issue_approved, void_one
from jobs.invoices.options import MANUAL_COMMANDS, make_parser
from jobs.invoices.presenting import present
from jobs.invoices.writing_files import write_files
from jobs.manual_acts import read_decision, recorded
from jobs.reporting.amounts import grouped_text
from jobs.reporting.rendering_document import print_document
from jobs.reporting.rendering_invoices import (
    find_unbilled,
    invoice_members,
    print_invoices,
    print_lines,
    print_steps,
    print_unbilled,
)
from jobs.settings import CatalogSettings, SettingsError, load_invoicing, load_settings
from schemas.instant import to_us
from schemas.invoice import Invoice
from schemas.manual_act import ActKind, AskedAct
from schemas.tax import MissingTaxRateError
from udfs.invoicing import BrokenSeriesError, InvoiceFormatError, encode_invoice, invoices_of

_REFUSED = (
    SettingsError,
    CatalogUnreachableError,
    TableConflictError,
    RefusedInvoiceError,
    MissingTaxRateError,
    UnprintableTextError,
    CommitConflictError,
    UnknownCommitError,
)
_BROKEN = (BrokenRowsError, InvoiceFormatError, BrokenSeriesError)


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did.

    Attributes:
        drafted: New drafts.
        approved: What was approved.
        issued: What got a number.
        voided: What was made void.
        carried: What comes to too little for an invoice.
        booked_entries: How many entries the ledger got.
        frozen: Accounts of which something waits, as a freeze of billing stands.
    """

    drafted: tuple[Invoice, ...] = ()
    approved: tuple[Invoice, ...] = ()
    issued: tuple[Invoice, ...] = ()
    voided: tuple[Invoice, ...] = ()
    carried: tuple[CarriedOver, ...] = ()
    booked_entries: int = 0
    frozen: tuple[str, ...] = ()


def change_invoices(tables: Tables, options: argparse.Namespace, now_us: int) -> Done:
    """Do what a command says to invoices, and book it.

    What a program that died has not booked is booked first.

    Args:
        tables: Where they are.
        options: As the command line has them.
        now_us: When.

    Raises:
        SettingsError: The file of invoicing, or an option, is wrong.
        RefusedInvoiceError, MissingTaxRateError: It cannot be done; a step that was done stays.
        BrokenRowsError, InvoiceFormatError, BrokenSeriesError: Rows contradict each other.
        CommitConflictError, UnknownCommitError: Run it again.
    """
    change = _changes(tables, options, now_us)[options.command]
    booked = book_invoices(tables)
    try:
        done = change()
    except (RefusedInvoiceError, MissingTaxRateError):
        book_invoices(tables)  # of steps before the one that was refused
        raise
    if done.issued or done.voided:
        booked += book_invoices(tables)
    waiting = {each.terms.account_id for each in held_invoices(tables)}
    frozen = tuple(sorted(waiting.union(done.frozen)))
    return replace(done, booked_entries=booked, frozen=frozen)


def _changes(
    tables: Tables, options: argparse.Namespace, now_us: int
) -> Mapping[str, Callable[[], Done]]:
    """Return what each command does; what it is given is read first, so nothing is half done."""
    setup, until_us = None, 0
    if options.command in ("draft", "run"):
        setup = load_invoicing(options.invoicing)
        until_us = now_us if options.until is None else _read_until(options.until)

    def draft() -> Done:
        assert setup is not None, options.command
        drafts = draft_due(tables, setup, until_us, now_us)
        return Done(drafted=drafts.invoices, carried=drafts.carried, frozen=drafts.frozen)

    def run() -> Done:
        # What was there goes first: corrections wait for the number of what they correct.
        approved, issued = approve_drafts(tables, now_us), issue_approved(tables, now_us)
        done = draft()
        if done.drafted:
            approved += approve_drafts(tables, now_us)
            issued += issue_approved(tables, now_us)
        return replace(done, approved=approved, issued=issued)

    return {
        "draft": draft,
        "approve": lambda: Done(approved=approve_drafts(tables, now_us)),
        "issue": lambda: Done(issued=issue_approved(tables, now_us)),
        "void": lambda: Done(voided=(void_one(tables, options.number, options.reason, now_us),)),
        "run": run,
    }


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the command says; return the exit code."""
    options = make_parser(__doc__).parse_args(arguments)
    console = Console()
    try:
        settings = load_settings(options.settings, environ).catalog
        is_reading = options.command in ("show", "render")
        catalog = open_to_read(settings) if is_reading else open_catalog(settings)
        check_tables(catalog, settings.namespace, (INVOICES, JOURNAL) if is_reading else TABLES)
        tables = Tables(catalog, settings.namespace)
        if options.command == "show":
            _show(tables, options, console)
        elif options.command == "render":
            _render(tables, options, console)
        else:
            done = _change(settings, tables, options, lambda: to_us(datetime.now(UTC)))
            _print_done(done, options, console)
    except _REFUSED as error:
        print(error, file=sys.stderr)
        return 2
    except _BROKEN as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _change(
    settings: CatalogSettings,
    tables: Tables,
    options: argparse.Namespace,
    clock: Callable[[], int],
) -> Done:
    """Do what a command says, and keep it in the log of manual acts where it is one."""
    kind = MANUAL_COMMANDS.get(options.command)
    if kind is None:
        return change_invoices(tables, options, clock())
    about = {"number": options.number} if kind is ActKind.VOID_INVOICE else {}
    asked = AskedAct(kind, "jobs.issue_invoices", read_decision(options), about)
    with recorded(settings, asked, clock) as act:
        done = change_invoices(tables, options, clock())
        changed = (*done.approved, *done.issued, *done.voided)
        act.add(
            accounts=sorted({each.terms.account_id for each in changed}),
            invoices=[each.number or each.invoice_id for each in changed],
        )
        return done


def _show(tables: Tables, options: argparse.Namespace, console: Console) -> None:
    rows = read_rows(tables)
    if options.number is not None:
        (invoice,) = invoices_of([find_row(rows, options.number)])
        if options.json:
            print(encode_invoice(invoice).decode())
        else:
            print_document(console, present(invoice))
        return
    entries = (each.entry for each in read_journal(tables.catalog, tables.namespace))
    invoices, unbilled = invoices_of(rows), find_unbilled(entries)
    if options.json:
        _print_json(
            {
                "invoices": [invoice_members(each) for each in invoices],
                "unbilled": [asdict(each) for each in unbilled],
            }
        )
    else:
        print_invoices(console, invoices)
        print_unbilled(console, unbilled)


def _render(tables: Tables, options: argparse.Namespace, console: Console) -> None:
    (invoice,) = invoices_of([find_row(read_rows(tables), options.number)])
    try:
        paths = write_files(invoice, Path(options.out))
    except OSError as error:
        expected = "a folder that can be written to"
        raise SettingsError("bad option", "--out", expected, str(error)) from None
    if options.json:
        _print_json(paths)
    else:
        print_lines(console, paths.values())


def _print_done(done: Done, options: argparse.Namespace, console: Console) -> None:
    steps = {name: getattr(done, name) for name in ("drafted", "approved", "issued", "voided")}
    if options.json:
        members: dict[str, object] = {
            name: [invoice_members(each) for each in invoices] for name, invoices in steps.items()
        }
        members["carried_over"] = [asdict(each) for each in done.carried]
        members["booked_entries"] = done.booked_entries
        members["frozen"] = done.frozen
        _print_json(members)
        return
    print_steps(console, {name: invoices for name, invoices in steps.items() if invoices})
    for each in done.carried:
        amount = f"{grouped_text(each.total_minor, each.currency)} {each.currency}"
        print_lines(console, [f"{each.account_id}: {amount} carried over, below its minimum"])
    for account_id in done.frozen:
        print_lines(console, [f"{account_id}: frozen, nothing of it is drafted or issued"])
    if not any(steps.values()):
        print_lines(console, ["no invoice changed"])
    print_lines(console, [f"booked: {done.booked_entries} entries"])


def _print_json(members: Mapping[str, object]) -> None:
    print(json.dumps(members, ensure_ascii=False))


def _read_until(text: str) -> int:
    try:
        return to_us(datetime.fromisoformat(text))
    except ValueError:
        expected = "an instant with its zone, such as 2026-11-01T00:00:00Z"
        raise SettingsError("bad value", "--until", expected, repr(text)) from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

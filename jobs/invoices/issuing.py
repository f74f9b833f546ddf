"""Approves and issues invoices, makes them void, and books what they move.

The journal follows from the invoices alone, so whoever comes first can book what is missing: the
program that issued them, or the next one after a crash.
"""

from iceberg.journal_store import JournalStore
from iceberg.writing import CommitConflictError
from jobs.invoices.changing import (
    ATTEMPTS,
    Tables,
    accepted,
    find_invoice,
    read_invoices,
    take_step,
    too_slow,
)
from schemas.invoice import Invoice, InvoiceState
from udfs.chaining import chain, head_of
from udfs.identifying import digest
from udfs.invoicing import approve, invoice_entries, issue, issued_number, void


def approve_drafts(tables: Tables, now_us: int) -> tuple[Invoice, ...]:
    """Approve all drafts, and return them."""

    def decide(invoices: tuple[Invoice, ...]) -> list[Invoice]:
        drafts = [each for each in invoices if each.state is InvoiceState.DRAFT]
        return [accepted(approve(each, now_us)) for each in drafts]

    return take_step(tables, decide, now_us)


def issue_approved(tables: Tables, now_us: int) -> tuple[Invoice, ...]:
    """Issue all approved invoices in their order, and return them.

    Raises:
        RefusedInvoiceError: Its number would be greater than another and its day earlier.
        BrokenSeriesError: The numbers until now have a gap, or are of another form.
    """

    def decide(invoices: tuple[Invoice, ...]) -> list[Invoice]:
        approved = [each for each in invoices if each.state is InvoiceState.APPROVED]
        taken = [number for each in invoices if (number := issued_number(each)) is not None]
        return [accepted(each) for each in issue(approved, taken, now_us)]

    return take_step(tables, decide, now_us)


def void_one(tables: Tables, name: str, reason: str, now_us: int) -> Invoice:
    """Make an invoice void, and return it: its charges can be invoiced again.

    Args:
        tables: Where they are.
        name: Its number, or its id.
        reason: Why.
        now_us: When.

    Raises:
        RefusedInvoiceError: There is none, it is void already, or a later one corrects it.
    """

    def decide(invoices: tuple[Invoice, ...]) -> list[Invoice]:
        invoice = find_invoice(invoices, name)
        terms = invoice.terms
        others = [
            each
            for each in invoices
            if each.terms.account_id == terms.account_id and each.terms.currency == terms.currency
        ]
        return [accepted(void(invoice, others, now_us, reason))]

    return take_step(tables, decide, now_us)[0]


def book_invoices(tables: Tables) -> int:
    """Book what invoices have moved and the journal does not have; return how many entries.

    Raises:
        CommitConflictError: Other programs were faster again and again.
        UnknownCommitError: The catalog gave no clear answer; run it again.
    """
    for _ in range(ATTEMPTS):
        journal = JournalStore(tables.catalog, tables.namespace)
        entries = [each for invoice in read_invoices(tables) for each in invoice_entries(invoice)]
        known = journal.known({each.entry_id for each in entries})
        new = [each for each in entries if each.entry_id not in known]
        if not new:
            return 0
        run_id = digest("invoices", *(each.entry_id for each in new))
        try:
            journal.append([list(chain(new, head_of(journal.last()), run_id))])
        except CommitConflictError:
            continue
        return len(new)
    raise too_slow("journal")

"""Approves and issues invoices, makes them void, and books what they move.

The journal follows from the invoices alone, so whoever comes first can book what is missing: the
program that issued them, or the next one after a crash.
"""

from iceberg.journal_store import JournalStore
from iceberg.writing import CommitConflictError
from jobs.invoices.changing import (
    ATTEMPTS,
    Rows,
    Tables,
    accepted,
    find_row,
    read_rows,
    take_step,
    too_slow,
)
from jobs.invoices.holding import Holding
from schemas.invoice import Invoice, InvoiceState
from udfs.chaining import chain, head_of
from udfs.identifying import digest
from udfs.invoicing import (
    approve,
    invoice_entries,
    invoice_entry_ids,
    invoices_of,
    issue,
    issued_number,
    void,
)


def approve_drafts(tables: Tables, now_us: int) -> tuple[Invoice, ...]:
    """Approve all drafts but those that a freeze of billing holds, and return them."""

    def decide(rows: Rows) -> list[Invoice]:
        drafts = invoices_of(each for each in rows if each.state is InvoiceState.DRAFT)
        ready = filter(Holding(tables).has_none, drafts)
        return [accepted(approve(each, now_us)) for each in ready]

    return take_step(tables, decide, now_us)


def issue_approved(tables: Tables, now_us: int) -> tuple[Invoice, ...]:
    """Issue all approved invoices in their order but those that a freeze holds, and return them.

    Raises:
        RefusedInvoiceError: Its number would be greater than another and its day earlier.
        BrokenSeriesError: The numbers until now have a gap, or are of another form.
    """

    def decide(rows: Rows) -> list[Invoice]:
        all_approved = invoices_of(each for each in rows if each.state is InvoiceState.APPROVED)
        approved = list(filter(Holding(tables).has_none, all_approved))
        if not approved:
            return []
        numbered = invoices_of(each for each in rows if each.number is not None)
        taken = [number for each in numbered if (number := issued_number(each)) is not None]
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

    def decide(rows: Rows) -> list[Invoice]:
        row = find_row(rows, name)
        others = invoices_of(
            each
            for each in rows
            if (each.account_id, each.currency) == (row.account_id, row.currency)
        )
        (invoice,) = (each for each in others if each.invoice_id == row.invoice_id)
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
        rows = read_rows(tables)
        known = journal.known({entry_id for each in rows for entry_id in invoice_entry_ids(each)})
        missing = (each for each in rows if not known.issuperset(invoice_entry_ids(each)))
        entries = [entry for each in invoices_of(missing) for entry in invoice_entries(each)]
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

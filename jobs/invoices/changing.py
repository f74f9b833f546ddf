"""How a step changes invoices in the tables: it decides from what it has read, and commits once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from iceberg.invoice_store import InvoiceStore
from iceberg.writing import CommitConflictError
from schemas.invoice import Invoice, Refused
from udfs.invoicing import change_of, invoices_of

ATTEMPTS = 20
"""Each conflict is another program that was faster: nobody waits in vain for long."""
Decision = Callable[[tuple[Invoice, ...]], Sequence[Invoice]]


class RefusedInvoiceError(Exception):
    """What was asked cannot be done with an invoice; one line. Nothing of the step is written."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Where all tables are.

    Attributes:
        catalog: Has them.
        namespace: Theirs.
    """

    catalog: Any
    namespace: str


def read_invoices(tables: Tables) -> tuple[Invoice, ...]:
    """Return all invoices as they stand now, ordered by account, currency and sequence.

    Raises:
        BrokenRowsError, InvoiceFormatError: Rows contradict each other or themselves.
    """
    return invoices_of(InvoiceStore(tables.catalog, tables.namespace).changes())


def find_invoice(invoices: Sequence[Invoice], name: str) -> Invoice:
    """Return the invoice of a number, or of an id.

    Raises:
        RefusedInvoiceError: There is none.
    """
    for each in invoices:
        if name in (each.number, each.invoice_id) and name:
            return each
    raise RefusedInvoiceError(f"invoice: expected a number or id of one, found {name!r}")


def take_step(tables: Tables, decide: Decision, now_us: int) -> tuple[Invoice, ...]:
    """Decide from the invoices that there are and note the changes, again while others are faster.

    Raises:
        CommitConflictError: Others were faster again and again.
        UnknownCommitError: The catalog gave no clear answer; run it again.
    """
    for _ in range(ATTEMPTS):
        store = InvoiceStore(tables.catalog, tables.namespace)
        changed = tuple(decide(invoices_of(store.changes())))
        try:
            store.append([change_of(each, now_us) for each in changed])
        except CommitConflictError:
            continue
        return changed
    raise too_slow("invoices")


def accepted(made: Invoice | Refused) -> Invoice:
    """Return an invoice that was changed; raise a RefusedInvoiceError where it was not."""
    if isinstance(made, Refused):
        raise RefusedInvoiceError(made.detail)
    return made


def too_slow(table: str) -> CommitConflictError:
    """Return the error that says that others were faster again and again."""
    return CommitConflictError(
        f"commit, table {table}: expected no other program's, found {ATTEMPTS} in a row;"
        " run it again: what is there by now is not added again"
    )

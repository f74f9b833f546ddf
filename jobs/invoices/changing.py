"""How a step changes invoices in the tables: it decides from what it has read, and commits once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from iceberg.invoice_store import InvoiceStore
from iceberg.writing import CommitConflictError
from schemas.invoice import Invoice, Refused
from schemas.invoice_change import InvoiceChange
from udfs.invoicing import change_of, last_changes

ATTEMPTS = 20
"""Each conflict is another program that was faster: nobody waits in vain for long."""
Rows = tuple[InvoiceChange, ...]
"""The last row of each invoice: how it stands. Few steps need to know what all of them say."""
Decision = Callable[[Rows], Sequence[Invoice]]


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


def read_rows(tables: Tables) -> Rows:
    """Return the last row of each invoice.

    Raises:
        BrokenRowsError: Rows contradict each other.
    """
    return last_changes(InvoiceStore(tables.catalog, tables.namespace).changes())


def find_row(rows: Rows, name: str) -> InvoiceChange:
    """Return the row of the invoice that has a number, or an id.

    Raises:
        RefusedInvoiceError: There is none.
    """
    for each in rows:
        if name in (each.number, each.invoice_id):
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
        changed = tuple(decide(last_changes(store.changes())))
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

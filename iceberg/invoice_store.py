"""The table of invoices as it was when a program opened it, and how changes are added to it once.

Whatever is decided of invoices, numbers included, is decided from the rows that were read, and is
appended only if there are no others by then. So no two programs give the same number or invoice
the same charge, and one that dies has written all changes of a step or none.
"""

from collections.abc import Sequence

from pyiceberg.catalog import Catalog

from iceberg.invoice_tables import INVOICES
from iceberg.reading import BrokenRowsError, read_once
from iceberg.row_shapes import read_shape, shape_values
from iceberg.writing import append_batches
from schemas.invoice_change import InvoiceChange


class InvoiceStore:
    """The table `invoices`."""

    def __init__(self, catalog: Catalog, namespace: str) -> None:
        """Load it.

        Args:
            catalog: Has the table.
            namespace: Its namespace.
        """
        self._invoices = catalog.load_table((namespace, INVOICES.name))

    def changes(self) -> tuple[InvoiceChange, ...]:
        """Return all changes, each once, ordered by invoice.

        Raises:
            BrokenRowsError: Two rows of one invoice and state differ, or one has an unknown state.
        """
        rows = read_once(self._invoices, INVOICES).to_pylist()
        try:
            return tuple(read_shape(InvoiceChange, row) for row in rows)
        except ValueError as error:
            raise BrokenRowsError(f"invoices: expected a state and a kind, found {error}") from None

    def append(self, changes: Sequence[InvoiceChange]) -> None:
        """Append changes in one commit, if nobody else has since this was opened; none: nothing.

        Raises:
            CommitConflictError: Another program did.
            UnknownCommitError: The catalog gave no clear answer.
        """
        append_batches(self._invoices, INVOICES, [[shape_values(each) for each in changes]])

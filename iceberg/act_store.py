"""The log of manual acts in Iceberg: how a row is added behind the last one, and all are read."""

from collections.abc import Callable

import pyarrow.compute as pc
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table as IcebergTable

from iceberg.creating import check_declared
from iceberg.decided_tables import MANUAL_ACTS
from iceberg.reading import BrokenRowsError, read_once
from iceberg.row_shapes import read_shapes, shape_values
from iceberg.scanning import batch_reader
from iceberg.writing import CommitConflictError, append_rows
from schemas.journal import ChainHead
from schemas.manual_act import ActEntry

_ATTEMPTS = 20


class ActStore:
    """The table `manual_acts`."""

    def __init__(self, catalog: Catalog, namespace: str) -> None:
        """Look for it.

        Args:
            catalog: Has the table.
            namespace: Its namespace.

        Raises:
            TableConflictError: It is missing or is not as declared.
        """
        self._catalog, self._namespace = catalog, namespace
        check_declared(catalog, namespace, MANUAL_ACTS)

    def entries(self) -> tuple[ActEntry, ...]:
        """Return all rows, each once, in the order of the chain.

        Raises:
            BrokenRowsError: Two rows of one identity differ, or one says what no row can say.
        """
        rows = read_once(self._load(), MANUAL_ACTS)
        try:
            found = list(read_shapes(ActEntry, rows))
        except ValueError as error:
            raise BrokenRowsError(
                f"{MANUAL_ACTS.name}: expected words of closed lists, found {error}"
            ) from None
        return tuple(sorted(found, key=lambda each: each.entry_no))

    def append(self, link: Callable[[ChainHead | None], ActEntry]) -> ActEntry:
        """Append the row that follows on the last one, behind whatever others append.

        Args:
            link: Makes the row, from where the chain goes on; None: the table is empty. It is
                asked again where another program was faster.

        Raises:
            CommitConflictError: Others were faster again and again; nothing is appended.
            UnknownCommitError: The catalog gave no clear answer.
        """
        for _ in range(_ATTEMPTS):
            existing = self._load()
            entry = link(_head_of(existing))
            try:
                append_rows(existing, MANUAL_ACTS, [shape_values(entry)])
            except CommitConflictError:
                continue
            return entry
        raise CommitConflictError(
            f"commit, table {MANUAL_ACTS.name}: expected no other program's, found {_ATTEMPTS} in"
            " a row"
        )

    def _load(self) -> IcebergTable:
        return self._catalog.load_table((self._namespace, MANUAL_ACTS.name))


def _head_of(existing: IcebergTable) -> ChainHead | None:
    """Return where the chain goes on, from two columns only."""
    head = None
    scan = existing.scan(selected_fields=("entry_no", "entry_hash"))
    for batch in batch_reader(scan):
        if batch.num_rows == 0:
            continue
        number = pc.max(batch["entry_no"]).as_py()
        if head is None or number >= head.next_no:
            place = pc.index(batch["entry_no"], number).as_py()
            head = ChainHead(number + 1, batch["entry_hash"][place].as_py())
    return head

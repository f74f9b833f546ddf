"""The table of seals as it was when a program opened it, and how seals are added to it once."""

from collections.abc import Collection, Iterable, Sequence

from pyiceberg.catalog import Catalog

from iceberg.reading import read_once
from iceberg.row_shapes import read_shapes, shape_values
from iceberg.seal_tables import SEALS
from iceberg.writing import append_batches
from schemas.seal import Seal


class SealStore:
    """The table `seals`."""

    def __init__(self, catalog: Catalog, namespace: str) -> None:
        """Load it.

        Args:
            catalog: Has the table.
            namespace: Its namespace.
        """
        self._seals = catalog.load_table((namespace, SEALS.name))

    def seals(self, row_ids: Collection[str] | None = None) -> dict[str, Seal]:
        """Return seals by id of their row, ordered by it.

        Args:
            row_ids: Of which rows; None: all.

        Raises:
            BrokenRowsError: Two seals of one row differ.
        """
        within = None if row_ids is None else {"row_id": row_ids}
        found = read_shapes(Seal, read_once(self._seals, SEALS, within))
        return {seal.row_id: seal for seal in found}

    def append(self, batches: Iterable[Sequence[Seal]]) -> None:
        """Append seals in one commit, if nobody else has since this was opened; none: nothing.

        Raises:
            CommitConflictError: Another program did.
            UnknownCommitError: The catalog gave no clear answer.
        """
        rows = ([shape_values(each) for each in batch] for batch in batches)
        append_batches(self._seals, SEALS, rows)

"""The journal as it was when a program opened it, and how entries are appended to it once."""

from collections.abc import Collection, Iterable, Sequence

from pyiceberg.catalog import Catalog

from iceberg.journal_rows import journal_table, read_journal, read_last
from iceberg.ledger_tables import JOURNAL
from iceberg.reading import is_in, read_once
from iceberg.scanning import batch_reader
from iceberg.writing import append_tables
from schemas.journal import ChainedEntry, SourceKind


class JournalStore:
    """The table `journal`."""

    def __init__(self, catalog: Catalog, namespace: str) -> None:
        """Load it.

        Args:
            catalog: Has the table.
            namespace: Its namespace.
        """
        self._catalog, self._namespace = catalog, namespace
        self._journal = catalog.load_table((namespace, JOURNAL.name))

    def has_run(self, run_id: str) -> bool:
        """Return whether entries of a run are there; then all of them are."""
        return next(read_journal(self._catalog, self._namespace, run_id), None) is not None

    def last(self) -> ChainedEntry | None:
        """Return the last entry; None: there is none."""
        return read_last(self._catalog, self._namespace)

    def known(self, entry_ids: Collection[str]) -> set[str]:
        """Return those ids that have entries."""
        if not entry_ids:
            return set()
        rows = read_once(self._journal, JOURNAL, {"entry_id": entry_ids}).to_pylist()
        return {row["entry_id"] for row in rows}

    def booked(self, source_kind: SourceKind) -> dict[str, dict[str, int]]:
        """Return what entries of a kind move: minor units by id and account of the ledger."""
        fields = ("entry_id", "ledger_account", "amount_minor")
        scan = self._journal.scan(is_in("source_kind", {source_kind.value}), fields)
        found: dict[str, dict[str, int]] = {}
        for batch in batch_reader(scan):
            columns = (batch.column(name).to_pylist() for name in fields)
            for entry_id, account, amount_minor in zip(*columns, strict=True):
                found.setdefault(entry_id, {})[account] = amount_minor
        return found

    def append(self, batches: Iterable[Sequence[ChainedEntry]]) -> None:
        """Append entries in one commit, if nobody else has since this was opened.

        Raises:
            CommitConflictError: Another program did.
            UnknownCommitError: The catalog gave no clear answer.
        """
        append_tables(self._journal, JOURNAL, map(journal_table, batches))

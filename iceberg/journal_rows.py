"""Rows of the journal as chained entries: one row for each posting, and back."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog import Catalog

from iceberg.creating import iceberg_schema
from iceberg.ledger_tables import JOURNAL
from iceberg.reading import BrokenRowsError, read_once
from iceberg.scanning import batch_reader
from schemas.instant import to_us
from schemas.journal import ChainedEntry, JournalEntry, Posting, SourceKind
from schemas.money import MINOR_DIGITS

_SCHEMA = iceberg_schema(JOURNAL).as_arrow()
_OF_POSTING = ("posting_no", "ledger_account", "amount_minor")
_OF_ENTRY = tuple(name for name in JOURNAL.names if name not in _OF_POSTING)


def journal_table(chained: Sequence[ChainedEntry]) -> pa.Table:
    """Return entries as Arrow rows of the journal, ordered as they come."""
    postings = [(each, number) for each in chained for number in range(len(each.entry.postings))]
    entries = [each.entry for each, _ in postings]
    columns: dict[str, list[object]] = {
        "entry_no": [each.entry_no for each, _ in postings],
        "posting_no": [number for _, number in postings],
        "entry_id": [entry.entry_id for entry in entries],
        "source_kind": [entry.source_kind.value for entry in entries],
        "source_id": [entry.source_id for entry in entries],
        "account_id": [entry.account_id for entry in entries],
        "booked": [entry.booked_us for entry in entries],
        "currency": [entry.currency for entry in entries],
        "ledger_account": [
            posting.ledger_account for each in chained for posting in each.entry.postings
        ],
        "amount_minor": [
            posting.amount_minor for each in chained for posting in each.entry.postings
        ],
        "memo": [entry.memo for entry in entries],
        "run_id": [each.run_id for each, _ in postings],
        "previous_hash": [each.previous_hash for each, _ in postings],
        "entry_hash": [each.entry_hash for each, _ in postings],
    }
    return pa.Table.from_arrays(
        [pa.array(columns[field.name], field.type) for field in _SCHEMA], schema=_SCHEMA
    )


def read_entries(rows: Iterable[Mapping[str, Any]]) -> Iterator[ChainedEntry]:
    """Yield the entries of rows.

    Args:
        rows: Ordered by entry_no and posting_no, each once.

    Raises:
        BrokenRowsError: Rows of one number are not those of one entry.
    """
    for number, group in groupby(rows, key=lambda row: row["entry_no"]):
        yield _read_entry(number, list(group))


def read_journal(
    catalog: Catalog, namespace: str, run_id: str | None = None
) -> Iterator[ChainedEntry]:
    """Yield the entries of the journal in the order of the chain.

    Args:
        catalog: Has the journal.
        namespace: Where it is.
        run_id: Only those that this run wrote; None: all.

    Raises:
        BrokenRowsError: Two rows of one identity differ, or those of one number do not fit.
    """
    within = None if run_id is None else {"run_id": [run_id]}
    return _read_within(catalog, namespace, within)


def read_last(catalog: Catalog, namespace: str) -> ChainedEntry | None:
    """Return the last entry of the journal, without reading what the others say; None: no entry.

    Raises:
        BrokenRowsError: Two rows of it differ or do not fit.
    """
    existing = catalog.load_table((namespace, JOURNAL.name))
    fields = ("entry_no", "entry_id")
    last_no, last_id = -1, ""
    for batch in batch_reader(existing.scan(selected_fields=fields)):
        if batch.num_rows and (number := pc.max(batch["entry_no"]).as_py()) > last_no:
            place = pc.index(batch["entry_no"], number).as_py()
            last_no, last_id = number, batch["entry_id"][place].as_py()
    return next(_read_within(catalog, namespace, {"entry_id": [last_id]}), None)


def _read_within(
    catalog: Catalog, namespace: str, within: Mapping[str, Collection[str]] | None
) -> Iterator[ChainedEntry]:
    existing = catalog.load_table((namespace, JOURNAL.name))
    batches = read_once(existing, JOURNAL, within).to_batches()
    return read_entries(row for batch in batches for row in batch.to_pylist())


def _read_entry(number: int, rows: list[Mapping[str, Any]]) -> ChainedEntry:
    first = rows[0]
    for place, row in enumerate(rows):
        if row["posting_no"] != place:
            raise _broken(number, f"posting {place}", f"posting {row['posting_no']}")
        for name in _OF_ENTRY:
            if row[name] != first[name]:
                raise _broken(number, f"{name} {first[name]}, as in posting 0", f"{row[name]}")
    kind = first["source_kind"]
    if kind not in list(SourceKind):
        raise _broken(number, f"source_kind as one of {', '.join(SourceKind)}", kind)
    if first["currency"] not in MINOR_DIGITS:
        raise _broken(number, "currency as a code of ISO 4217", first["currency"])
    entry = JournalEntry(
        entry_id=first["entry_id"],
        source_kind=SourceKind(kind),
        source_id=first["source_id"],
        account_id=first["account_id"],
        booked_us=to_us(first["booked"]),
        currency=first["currency"],
        memo=first["memo"],
        postings=tuple(Posting(row["ledger_account"], row["amount_minor"]) for row in rows),
    )
    return ChainedEntry(number, first["run_id"], entry, first["previous_hash"], first["entry_hash"])


def _broken(number: int, expected: str, found: str) -> BrokenRowsError:
    return BrokenRowsError(f"journal, entry {number}: expected {expected}, found {found}")

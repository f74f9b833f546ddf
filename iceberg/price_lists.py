"""Reads and appends prices and contracts, in all their versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table as IcebergTable

from iceberg.kept_snapshots import check_kept
from iceberg.pricing_tables import PRICING_TABLES
from iceberg.reading import BrokenRowsError, read_once
from iceberg.table import Table
from iceberg.writing import append_rows
from schemas.instant import EPOCH, MICROSECOND
from schemas.plain_form import content_fingerprint, encode_shape
from schemas.plain_form_reader import PlainFormError, decode_shape
from schemas.price_lists import PRICE_LISTS, PriceLists, PriceShape, identity_of


@dataclass(frozen=True)
class OpenPriceLists:
    """The tables as they were loaded, and what they held.

    Attributes:
        tables: By name.
        lists: Their content.
    """

    tables: Mapping[str, IcebergTable]
    lists: PriceLists


def read_price_lists(
    catalog: Catalog, namespace: str, snapshot_ids: Mapping[str, int] | None = None
) -> PriceLists:
    """Return all versions of prices and contracts, each list ordered by identity.

    Args:
        catalog: Has the tables.
        namespace: Theirs.
        snapshot_ids: Which snapshot of each table, by name, as an earlier call has returned them;
            a table that is not named was empty. None: the newest.

    Raises:
        UnknownSnapshotError: A snapshot has expired or never was.
        BrokenRowsError: Rows contradict each other or themselves.
    """
    return _open(catalog, namespace, snapshot_ids).lists


def open_price_lists(catalog: Catalog, namespace: str) -> OpenPriceLists:
    """Return the newest prices and contracts, so that more can be appended.

    Raises:
        BrokenRowsError: Rows contradict each other or themselves.
    """
    return _open(catalog, namespace, None)


def append_list(
    before: OpenPriceLists,
    name: str,
    shapes: Sequence[PriceShape],
    loaded_us: int,
    job_version: str,
) -> None:
    """Append to one table in one commit, if it is as it was.

    Args:
        before: What was found, and found not to hold `shapes`.
        name: Of the list and table.
        shapes: At least one.
        loaded_us: When, by the program's clock.
        job_version: Of the program.

    Raises:
        CommitConflictError: The table has changed since; nothing is appended.
        UnknownCommitError: The catalog gave no clear answer.
    """
    (table,) = (each for each in PRICING_TABLES if each.name == name)
    how = {"loaded_at": EPOCH + loaded_us * MICROSECOND, "job_version": job_version}
    append_rows(before.tables[name], table, [{**_row(table, each), **how} for each in shapes])


def _open(
    catalog: Catalog, namespace: str, snapshot_ids: Mapping[str, int] | None
) -> OpenPriceLists:
    tables: dict[str, IcebergTable] = {}
    lists: dict[str, tuple[Any, ...]] = {}
    read: list[tuple[str, int]] = []
    for table in PRICING_TABLES:
        existing = tables[table.name] = catalog.load_table((namespace, table.name))
        snapshot_id = _snapshot_id(existing, table, snapshot_ids)
        if snapshot_id is None:
            lists[table.name] = ()
            continue
        read.append((table.name, snapshot_id))
        rows = read_once(existing, table, snapshot_id=snapshot_id).to_pylist()
        shapes = [_shape(table, row) for row in rows]
        lists[table.name] = tuple(sorted(shapes, key=identity_of))
    return OpenPriceLists(tables, PriceLists(**lists, snapshot_ids=tuple(sorted(read))))


def _snapshot_id(
    existing: IcebergTable, table: Table, snapshot_ids: Mapping[str, int] | None
) -> int | None:
    if snapshot_ids is None:
        snapshot = existing.current_snapshot()
        return None if snapshot is None else snapshot.snapshot_id
    asked = snapshot_ids.get(table.name)
    check_kept(existing, table, asked)
    return asked


def _row(table: Table, shape: PriceShape) -> dict[str, object]:
    """Return a shape's row, without when and by which program it is loaded."""
    content = encode_shape(shape)
    row: dict[str, object] = {"content": content, "fingerprint": content_fingerprint(content)}
    for name in table.names[: table.names.index("content")]:
        if name == "effective_from":
            row[name] = EPOCH + getattr(shape, f"{name}_us") * MICROSECOND
        else:
            row[name] = getattr(shape, name)
    return row


def _shape(table: Table, row: Mapping[str, Any]) -> PriceShape:
    """Return the shape of a row whose other columns say the same as its content."""
    identity = ", ".join(f"{row[name]}" for name in table.key)
    where = f"{table.name}, row {identity}"
    try:
        shape = decode_shape(PRICE_LISTS[table.name], row["content"])
    except PlainFormError as error:
        raise BrokenRowsError(f"{where}: content, {error}") from None
    for name, value in _row(table, shape).items():
        if row[name] != value:
            raise BrokenRowsError(f"{where}: expected {name} {value}, found {row[name]}")
    return shape

"""Looks at all tables of a catalog, whatever is wrong with some of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError, RESTError
from sqlalchemy.exc import SQLAlchemyError

from iceberg.creating import TableConflictError, check_declared, find_other_properties
from iceberg.tables import TABLES

MISSING_TABLE = (NoSuchNamespaceError, NoSuchTableError)
"""What reading raises where a table, or all of them, have not been made yet."""


@dataclass(frozen=True, slots=True)
class ExaminedTable:
    """One declared table.

    Attributes:
        name: Its name.
        conflict: One line on what is not as declared; empty: nothing.
        other_properties: Names of properties that it lacks or has with another value.
    """

    name: str
    conflict: str = ""
    other_properties: tuple[str, ...] = ()


def examine_tables(catalog: Catalog, namespace: str) -> Iterator[ExaminedTable]:
    """Yield every declared table, in the order of their declaration."""
    for table in TABLES:
        try:
            existing = check_declared(catalog, namespace, table)
        except TableConflictError as error:
            yield ExaminedTable(table.name, str(error))
        except (OSError, ValueError, RESTError, SQLAlchemyError) as error:
            found = " ".join(str(error).split()) or type(error).__name__
            line = f"table {table.name}: expected readable metadata, found {found}"
            yield ExaminedTable(table.name, line)
        else:
            others = tuple(find_other_properties(existing, table))
            yield ExaminedTable(table.name, other_properties=others)


def count_tables(catalog: Catalog, namespace: str) -> int | None:
    """Return how many tables a namespace has; None: there is no such namespace."""
    try:
        return len(catalog.list_tables(namespace))
    except NoSuchNamespaceError:
        return None

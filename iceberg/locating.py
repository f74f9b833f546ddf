"""Where the files of tables lie: under one folder for each table, which nothing else is in."""

from collections.abc import Sequence

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import TableProperties

from iceberg.catalog import CatalogSettings
from iceberg.table import Table

Locations = dict[str, tuple[str, ...]]
"""URIs of folders by name of table, without a slash at the end."""

_ELSEWHERE = (TableProperties.WRITE_DATA_PATH, TableProperties.WRITE_METADATA_PATH)


class UnknownLocationError(Exception):
    """The catalog does not know a table; one line."""


def expect_locations(settings: CatalogSettings, tables: Sequence[Table]) -> Locations:
    """Return where a catalog in a database puts tables that `jobs.create_tables` makes.

    A REST catalog may put them elsewhere, and so does a namespace with a `location` of its own.
    """
    folder = f"{settings.warehouse.rstrip('/')}/{settings.namespace}"
    return {table.name: (f"{folder}/{table.name}",) for table in tables}


def read_locations(catalog: Catalog, namespace: str, tables: Sequence[Table]) -> Locations:
    """Return where tables lie, as their metadata tells.

    Raises:
        UnknownLocationError: A table is not there.
    """
    found = {}
    for table in tables:
        try:
            existing = catalog.load_table((namespace, table.name))
        except NoSuchTableError:
            raise UnknownLocationError(
                f"table {table.name}, namespace {namespace}: expected one, found none;"
                " run python -m jobs.create_tables"
            ) from None
        others = (existing.properties[name] for name in _ELSEWHERE if name in existing.properties)
        found[table.name] = tuple(each.rstrip("/") for each in (existing.location(), *others))
    return found

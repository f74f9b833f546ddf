"""Opens the catalog of the settings, one and the same for PyIceberg and for Flink.

Programs that write open it by `open_catalog`, which settings may refuse; all others by
`open_to_read`, whose catalog takes no change, whatever the program then tries.

PyIceberg's SqlCatalog and Java's JdbcCatalog share a database only where the catalog's name is
equal, and only with the V1 form of its tables; both are fixed here.
"""

import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn, Protocol
from urllib.parse import quote

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import NotInstalledError, RESTError
from pyiceberg.io.pyarrow import PyArrowFileIO
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

# How long a writer waits for another's commit to the SQLite file.
_BUSY_TIMEOUT_MS = 30_000
_JDBC_CATALOG = "org.apache.iceberg.jdbc.JdbcCatalog"
# What changes something in a catalog; every commit to a table goes through `commit_table`.
_CHANGES = (
    "commit_table",
    "create_namespace",
    "create_table",
    "create_table_transaction",
    "create_view",
    "drop_namespace",
    "drop_table",
    "drop_view",
    "purge_table",
    "register_table",
    "register_view",
    "rename_table",
    "update_namespace_properties",
)


class CatalogUnreachableError(Exception):
    """The catalog does not open; one line with where, expected and found, without secrets."""


class ReadOnlyCatalogError(CatalogUnreachableError):
    """The catalog opens to be read only, and is to be written; one line, as its base."""


class CatalogSettings(Protocol):
    """Where the tables are: what this module needs of the settings' catalog section."""

    @property
    def name(self) -> str:
        """Name of the catalog, part of each table's identity in a sqlite or jdbc catalog."""

    @property
    def namespace(self) -> str:
        """The namespace of all tables."""

    @property
    def type(self) -> str:
        """One of `sqlite`, `jdbc` and `rest`."""

    @property
    def uri(self) -> str:
        """Absolute path of the sqlite file, `jdbc:postgresql://host/db`, or the REST address."""

    @property
    def warehouse(self) -> str:
        """URI of the folder of the tables, such as `s3://bucket/tables`."""

    @property
    def properties(self) -> Mapping[str, str]:
        """Further catalog properties by their Iceberg names, for PyIceberg and Flink alike.

        For jdbc the credentials are `jdbc.user` and `jdbc.password`.
        """

    @property
    def read_only(self) -> bool:
        """Whether no program may write with these settings."""


def open_catalog(settings: CatalogSettings) -> Catalog:
    """Open the catalog to write, with PyIceberg; a sqlite catalog is created where it is missing.

    Raises:
        ReadOnlyCatalogError: The settings, or the rights on a sqlite catalog's file, refuse it.
        CatalogUnreachableError: There is no such catalog, or its driver is not installed.
    """
    if settings.read_only:
        raise _read_only(settings, "settings that let it be written", "catalog.read_only: true")
    with _one_line(settings):
        if settings.type == "sqlite":
            if place := _unwritable(settings):
                raise _read_only(settings, "rights to write", f"none for {place}")
            _prepare_sqlite(Path(settings.uri))
        return load_catalog(settings.name, **pyiceberg_options(settings))


def open_to_read(settings: CatalogSettings) -> Catalog:
    """Open the catalog to read: nothing is created, and every change is refused.

    A sqlite file that this process may not write is read as it is now where no other process has
    it open: to see a writer's commits, SQLite would have to write a file beside it.

    Raises:
        CatalogUnreachableError: There is no such catalog, it may not be read, or its driver is not
            installed.
    """
    # PyIceberg would make missing tables, and alter those of an older version.
    untouched = {"init_catalog_tables": "false", "schema_version": "v0"}
    options = {**pyiceberg_options(settings), **untouched}
    with _one_line(settings):
        if settings.type == "sqlite":
            options["uri"] = _sqlite_to_read(settings)
        catalog = load_catalog(settings.name, **options)
        if isinstance(catalog, SqlCatalog):
            _check_tables_of(catalog, settings)

    def refuse(*_: object, **__: object) -> NoReturn:
        raise _read_only(settings, "only to be read", "a change")

    for name in _CHANGES:
        setattr(catalog, name, refuse)
    return catalog


def _check_tables_of(catalog: SqlCatalog, settings: CatalogSettings) -> None:
    """Refuse a database that PyIceberg opens and cannot read: its own tables are not there."""
    if not inspect(catalog.engine).has_table(IcebergTables.__tablename__):
        raise CatalogUnreachableError(
            f"catalog, {_place(settings)}: expected the tables of a catalog, found none;"
            " make them: python -m jobs.create_tables"
        )
    catalog.list_namespaces()  # which may not be allowed


@contextmanager
def _one_line(settings: CatalogSettings) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error, SQLAlchemyError, RESTError, NotInstalledError) as error:
        found = str(error).partition("\n")[0]
        raise CatalogUnreachableError(
            f"catalog, {_place(settings)}: expected a {settings.type} catalog that opens,"
            f" found {found}"
        ) from error


def pyiceberg_options(settings: CatalogSettings) -> dict[str, str]:
    """Return the properties with which PyIceberg's `load_catalog` opens this catalog.

    They may hold the secrets of `settings.properties`: never log them.
    """
    if settings.type == "rest":
        own = {"type": "rest", "uri": settings.uri}
    else:
        own = {"type": "sql", "uri": _sqlalchemy_uri(settings), "schema_version": "v1"}
    return {**settings.properties, **own, "warehouse": settings.warehouse}


def flink_catalog_options(settings: CatalogSettings) -> dict[str, str]:
    """Return the options of Flink's `CREATE CATALOG ... WITH (...)`, ordered by name.

    They may hold the secrets of `settings.properties`: never log them.
    """
    own = {"type": "iceberg", "uri": settings.uri, "warehouse": settings.warehouse}
    if settings.type == "rest":
        own["catalog-type"] = "rest"
    else:
        own |= {"catalog-impl": _JDBC_CATALOG, "jdbc.schema-version": "V1"}
    if settings.type == "sqlite":
        own["uri"] = f"jdbc:sqlite:file:{settings.uri}"
        own["jdbc.busy_timeout"] = str(_BUSY_TIMEOUT_MS)
    return dict(sorted({**settings.properties, **own}.items()))


def _prepare_sqlite(path: Path) -> None:
    """Create the file in WAL mode, which stays in the file: readers never block a commit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_MS / 1000)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def _unwritable(settings: CatalogSettings) -> str:
    """Return a place of a sqlite catalog that is there and may not be written, or nothing.

    SQLite writes files beside its own, so its folder counts, too.
    """
    places = [Path(settings.uri), Path(settings.uri).parent]
    if settings.warehouse.startswith("file:"):
        places.append(Path(PyArrowFileIO.parse_location(settings.warehouse)[2]))
    refused = (str(each) for each in places if each.exists() and not os.access(each, os.W_OK))
    return next(refused, "")


def _sqlite_to_read(settings: CatalogSettings) -> str:
    path = Path(settings.uri)
    if not path.exists():
        raise CatalogUnreachableError(
            f"catalog, {path}: expected the file of a sqlite catalog, found none;"
            " make it: python -m jobs.create_tables"
        )
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return _sqlalchemy_uri(settings)
    is_open_elsewhere = Path(f"{path}-wal").exists()
    how = "mode=ro" if is_open_elsewhere else "mode=ro&immutable=1"
    return f"sqlite:///file:{quote(settings.uri)}?{how}&uri=true"


def _sqlalchemy_uri(settings: CatalogSettings) -> str:
    """Return the address of a sqlite or jdbc catalog as SQLAlchemy writes it."""
    if settings.type == "sqlite":
        return f"sqlite:///{settings.uri}?timeout={_BUSY_TIMEOUT_MS // 1000}"
    if not settings.uri.startswith("jdbc:postgresql://"):
        raise ValueError(f"a {settings.type} catalog at an address of another kind")
    place = settings.uri.removeprefix("jdbc:postgresql://")
    user, password = (settings.properties.get(f"jdbc.{key}", "") for key in ("user", "password"))
    credentials = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    return f"postgresql+psycopg2://{credentials}{place}"


def _place(settings: CatalogSettings) -> str:
    """Return the address without a login."""
    return re.sub(r"//[^/@]*@", "//", settings.uri.split("?")[0])


def _read_only(settings: CatalogSettings, expected: str, found: str) -> ReadOnlyCatalogError:
    return ReadOnlyCatalogError(
        f"catalog, {_place(settings)}: expected {expected}, found {found}; nothing was written"
    )

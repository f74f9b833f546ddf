"""Opens the catalog of the settings, one and the same for PyIceberg and for Flink.

PyIceberg's SqlCatalog and Java's JdbcCatalog share a database only where the catalog's name is
equal, and only with the V1 form of its tables; both are fixed here.
"""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NotInstalledError, RESTError
from sqlalchemy.exc import SQLAlchemyError

# How long a writer waits for another's commit to the SQLite file.
_BUSY_TIMEOUT_MS = 30_000
_JDBC_CATALOG = "org.apache.iceberg.jdbc.JdbcCatalog"


class CatalogUnreachableError(Exception):
    """The catalog does not open; one line with where, expected and found, without secrets."""


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


def open_catalog(settings: CatalogSettings) -> Catalog:
    """Open the catalog with PyIceberg; a sqlite catalog is created where it is missing.

    Raises:
        CatalogUnreachableError: There is no such catalog, or its driver is not installed.
    """
    try:
        if settings.type == "sqlite":
            _prepare_sqlite(Path(settings.uri))
        return load_catalog(settings.name, **pyiceberg_options(settings))
    except (OSError, sqlite3.Error, SQLAlchemyError, RESTError, NotInstalledError) as error:
        place = re.sub(r"//[^/@]*@", "//", settings.uri.split("?")[0])
        found = str(error).partition("\n")[0]
        raise CatalogUnreachableError(
            f"catalog, {place}: expected a {settings.type} catalog that opens, found {found}"
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

"""One catalog for both engines: their options, and the one line when it does not open."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from iceberg.catalog import (
    CatalogUnreachableError,
    ReadOnlyCatalogError,
    flink_catalog_options,
    open_catalog,
    open_to_read,
    pyiceberg_options,
)
from tests.iceberg.filling import LocalCatalog


@dataclass(frozen=True)
class Remote:
    """Settings of a catalog elsewhere."""

    type: str
    uri: str
    properties: Mapping[str, str] = field(default_factory=dict)
    name: str = "meterclose"
    namespace: str = "billing"
    warehouse: str = "s3://bucket/tables"
    read_only: bool = False


POSTGRES = Remote(
    "jdbc", "jdbc:postgresql://host:5432/db", {"jdbc.user": "me", "jdbc.password": "p@ss/word"}
)
REST = Remote("rest", "https://catalog.example.com", {"token": "t", "s3.region": "eu"})


def test_sqlite_is_one_file_for_both(tmp_path: Path) -> None:
    """Both engines open the same file and warehouse, and wait for each other as long."""
    settings = LocalCatalog(tmp_path)
    assert pyiceberg_options(settings) == {
        "type": "sql",
        "uri": f"sqlite:///{tmp_path}/catalog.db?timeout=30",
        "schema_version": "v1",
        "warehouse": f"file://{tmp_path}/warehouse",
    }
    assert flink_catalog_options(settings) == {
        "type": "iceberg",
        "catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
        "uri": f"jdbc:sqlite:file:{tmp_path}/catalog.db",
        "jdbc.schema-version": "V1",
        "jdbc.busy_timeout": "30000",
        "warehouse": f"file://{tmp_path}/warehouse",
    }


def test_sqlite_is_created_where_it_is_missing(tmp_path: Path) -> None:
    """The file appears with its folder, in the mode in which readers block no writer."""
    settings = LocalCatalog(tmp_path / "new" / "folder")
    catalog = open_catalog(settings)
    catalog.create_namespace("billing")
    assert open_catalog(settings).list_namespaces() == [("billing",)]
    with closing(sqlite3.connect(settings.uri)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_postgres_is_spelled_for_each_engine() -> None:
    """Java takes the address as given, SQLAlchemy with the credentials in it, escaped."""
    assert flink_catalog_options(POSTGRES) == {
        "type": "iceberg",
        "catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
        "uri": "jdbc:postgresql://host:5432/db",
        "jdbc.schema-version": "V1",
        "jdbc.user": "me",
        "jdbc.password": "p@ss/word",
        "warehouse": "s3://bucket/tables",
    }
    uri = pyiceberg_options(POSTGRES)["uri"]
    assert uri == "postgresql+psycopg2://me:p%40ss%2Fword@host:5432/db"


def test_rest_takes_the_properties_as_they_are() -> None:
    """The same names serve both engines."""
    own = {"uri": REST.uri, "warehouse": REST.warehouse, **REST.properties}
    assert pyiceberg_options(REST) == {**own, "type": "rest"}
    assert flink_catalog_options(REST) == {**own, "type": "iceberg", "catalog-type": "rest"}


def test_what_is_no_database_is_refused_in_one_line(tmp_path: Path) -> None:
    """The line says where, what was expected and what was found."""
    (tmp_path / "catalog.db").write_text("some other file " * 100)
    with pytest.raises(CatalogUnreachableError) as caught:
        open_catalog(LocalCatalog(tmp_path))
    assert str(caught.value) == (
        f"catalog, {tmp_path}/catalog.db: expected a sqlite catalog that opens,"
        " found file is not a database"
    )


def test_an_unreachable_catalog_shows_no_secret() -> None:
    """Credentials in the address or the properties stay out of the message."""
    settings = Remote("rest", "http://me:secret@127.0.0.1:1", {"token": "hidden"})
    with pytest.raises(CatalogUnreachableError) as caught:
        open_catalog(settings)
    line = str(caught.value)
    assert line.startswith("catalog, http://127.0.0.1:1: expected a rest catalog that opens")
    assert "secret" not in line
    assert "hidden" not in line
    assert "\n" not in line


def test_a_reader_makes_nothing(tmp_path: Path) -> None:
    """Where no catalog is, or a database without its tables, one line says how to make it."""
    settings = LocalCatalog(tmp_path / "new")
    line = rf"catalog, {settings.uri}: expected {{}}, found none; make {{}}: python -m jobs.create"
    with pytest.raises(CatalogUnreachableError, match=line.format("the file of .*", "it")):
        open_to_read(settings)
    assert not (tmp_path / "new").exists()
    (tmp_path / "new").mkdir()
    with closing(sqlite3.connect(settings.uri)) as connection:
        connection.execute("CREATE TABLE own (x)")
    before = Path(settings.uri).read_bytes()
    with pytest.raises(CatalogUnreachableError, match=line.format("the tables of .*", "them")):
        open_to_read(settings)
    assert Path(settings.uri).read_bytes() == before


def test_a_reader_leaves_an_older_catalog_as_it_is(tmp_path: Path) -> None:
    """PyIceberg would add the column that tells views from tables."""
    settings = LocalCatalog(tmp_path)
    open_catalog(settings).create_namespace("billing")
    with closing(sqlite3.connect(settings.uri)) as connection:
        connection.execute("ALTER TABLE iceberg_tables DROP COLUMN iceberg_type")
    assert open_to_read(settings).list_namespaces() == [("billing",)]
    with closing(sqlite3.connect(settings.uri)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(iceberg_tables)")]
    assert "iceberg_type" not in columns


def test_settings_that_are_read_only_open_nothing_to_write(tmp_path: Path) -> None:
    """Not even a file is made; of a remote catalog nobody is asked."""
    for settings in (LocalCatalog(tmp_path, read_only=True), replace(POSTGRES, read_only=True)):
        with pytest.raises(ReadOnlyCatalogError, match=r"found catalog\.read_only: true"):
            open_catalog(settings)
    assert list(tmp_path.iterdir()) == []

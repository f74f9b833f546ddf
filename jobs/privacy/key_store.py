"""The key store: one random key for each subject, found by nobody who lacks subject or secret.

A row has random bytes under the keyed hash of its subject; no subject stands in it. These bytes and
the master key together make the subject's key, so a row that is gone is what erasing means. SQLite
for one host, PostgreSQL for several.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    make_url,
    select,
    update,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.schema import CreateTable

from jobs.settings import PrivacySettings, SettingsError, master_key_of
from udfs.keying import KEY_BYTES, check_value_of, combined_key, lookup_of

_TABLES = MetaData()
_KEYS = Table(
    "meterclose_subject_keys",
    _TABLES,
    Column("lookup", LargeBinary, primary_key=True),
    Column("subject_key", LargeBinary, nullable=False),
)
# One row: whose store it is, and how many keys were dropped.
_STORE = Table(
    "meterclose_key_store",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("check_value", LargeBinary, nullable=False),
    Column("dropped", Integer, nullable=False),
)
_ONLY = 1
_ATTEMPTS = 5
_WAIT_S = 30
_CREATE = "create it: python -m jobs.create_key_store"


class KeyStoreError(Exception):
    """The key store cannot be used; one line with where, expected and found, without secrets."""


class KeyStore:
    """The keys, with the master key under which they are found."""

    def __init__(self, engine: Engine, place: str, master_key: bytes) -> None:
        """Take an engine; `open_key_store` makes one."""
        self._engine, self._place, self._master_key = engine, place, master_key

    def log_name(self, subject: str) -> str:
        """Return the name of a subject in the log of manual acts: 64 hex digits, by the master key.

        Neither a key nor a pseudonym comes of it, so it may stay when the key is dropped.
        """
        return lookup_of(self._master_key, subject).hex()

    def find_key(self, subject: str) -> bytes | None:
        """Return the key of a subject; None where it has none.

        Raises:
            KeyStoreError: The database does not answer.
        """
        lookup = lookup_of(self._master_key, subject)
        with _one_line(self._place), self._engine.connect() as connection:
            found = connection.scalar(select(_KEYS.c.subject_key).where(_KEYS.c.lookup == lookup))
        return None if found is None else combined_key(self._master_key, bytes(found))

    def make_key(self, subject: str) -> bytes:
        """Return the key of a subject, a new one where it has none; all programs get the same one.

        Raises:
            KeyStoreError: The database does not answer.
        """
        key = self.find_key(subject)
        while key is None:
            row = {
                "lookup": lookup_of(self._master_key, subject),
                "subject_key": secrets.token_bytes(KEY_BYTES),
            }
            # Another program was faster: its key counts.
            with _one_line(self._place), suppress(IntegrityError), self._engine.begin() as writer:
                writer.execute(insert(_KEYS).values(row))
            key = self.find_key(subject)
        return key

    def drop_key(self, subject: str) -> bool:
        """Drop the key of a subject, also from the database's files; return whether it had one.

        Raises:
            KeyStoreError: The database does not answer.
        """
        lookup = lookup_of(self._master_key, subject)
        with _one_line(self._place):
            with self._engine.begin() as connection:
                gone = connection.execute(delete(_KEYS).where(_KEYS.c.lookup == lookup)).rowcount
                if gone:
                    count = update(_STORE).values(dropped=_STORE.c.dropped + gone)
                    connection.execute(count)
            # Also where it was gone before: the last run may have ended between the two.
            self._clean_files()
        return bool(gone)

    def count_dropped(self) -> int:
        """Return how many keys were ever dropped: it tells whoever remembers keys to forget them.

        Raises:
            KeyStoreError: The database does not answer.
        """
        with _one_line(self._place), self._engine.connect() as connection:
            return int(connection.scalar(select(_STORE.c.dropped)) or 0)

    def _clean_files(self) -> None:
        """Rewrite the files without what was deleted; deleted rows otherwise stay in them."""
        is_sqlite = self._engine.dialect.name == "sqlite"
        command = "VACUUM" if is_sqlite else f"VACUUM (FULL) {_KEYS.name}"
        with self._engine.connect() as connection:
            # It takes no transaction around it.
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.exec_driver_sql(command)


@contextmanager
def open_key_store(privacy: PrivacySettings) -> Iterator[KeyStore]:
    """Open a key store that was created, and close it at the end.

    Raises:
        SettingsError: There is no master key, or it is not the one of this store.
        KeyStoreError: There is no such store, or it does not answer.
    """
    master_key = master_key_of(privacy)
    with _open_engine(privacy) as (engine, place):
        with _one_line(place):
            has_tables = all(inspect(engine).has_table(name) for name in _TABLES.tables)
            check_value = None
            if has_tables:
                with engine.connect() as connection:
                    check_value = connection.scalar(select(_STORE.c.check_value))
        if check_value is None:
            raise KeyStoreError(
                f"key store, {place}: expected its tables, found nothing; {_CREATE}"
            )
        _check(bytes(check_value), master_key, place)
        yield KeyStore(engine, place, master_key)


def create_key_store(privacy: PrivacySettings) -> bool:
    """Create the key store where there is none; return whether it is new.

    Raises:
        SettingsError: There is no master key, or the store that is there has another one.
        KeyStoreError: The database does not answer.
    """
    master_key = master_key_of(privacy)
    _touch(privacy.key_store)
    with _open_engine(privacy) as (engine, place), _one_line(place):
        for attempt in range(_ATTEMPTS):
            try:
                is_new = _create(engine, check_value_of(master_key))
                break
            except (IntegrityError, ProgrammingError):
                # PostgreSQL fails where two create at once; the second time it is there.
                if attempt + 1 == _ATTEMPTS:
                    raise
        with engine.connect() as connection:
            found = connection.scalar(select(_STORE.c.check_value))
    _check(bytes(found or b""), master_key, place)
    return is_new


def _create(engine: Engine, check_value: bytes) -> bool:
    with engine.begin() as connection:
        for table in _TABLES.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
        if connection.scalar(select(_STORE.c.id)) is not None:
            return False
        row = {"id": _ONLY, "check_value": check_value, "dropped": 0}
        connection.execute(insert(_STORE).values(row))
        return True


def _check(found: bytes, master_key: bytes, place: str) -> None:
    if not secrets.compare_digest(found, check_value_of(master_key)):
        expected = "the one that the key store was created with"
        raise SettingsError("master key", f"key store {place}", expected, "another (not shown)")


def _touch(key_store: str) -> None:
    """Create the file of a SQLite store for nobody else to read."""
    if not _is_sqlite(key_store):
        return
    try:
        Path(key_store).parent.mkdir(parents=True, exist_ok=True)
        Path(key_store).touch(mode=0o600)
    except OSError as error:
        raise KeyStoreError(
            f"key store, {key_store}: expected a file that can be written, found {error.strerror}"
        ) from None


def _is_sqlite(key_store: str) -> bool:
    return not key_store.startswith("postgresql:")


@contextmanager
def _open_engine(privacy: PrivacySettings) -> Iterator[tuple[Engine, str]]:
    """Open a database, and name it for messages."""
    options: dict[str, Any] = {"hide_parameters": True, "pool_pre_ping": True}
    if _is_sqlite(privacy.key_store):
        place = privacy.key_store
        if not Path(place).is_file():
            raise KeyStoreError(f"key store, {place}: expected a file, found nothing; {_CREATE}")
        url = URL.create("sqlite", database=place)
        engine = create_engine(url, connect_args={"timeout": _WAIT_S}, **options)
        event.listen(engine, "connect", _set_up_sqlite)
    else:
        place = re.sub(r"//[^/]*@", "//", privacy.key_store.split("?")[0])
        try:
            url = make_url(privacy.key_store).set(drivername="postgresql+psycopg2")
        except (ArgumentError, ValueError):
            expected = "postgresql://host/database"
            raise SettingsError(
                "bad value", "privacy.key_store", expected, "another form"
            ) from None
        engine = create_engine(url, connect_args={"connect_timeout": _WAIT_S}, **options)
    try:
        yield engine, place
    finally:
        engine.dispose()


def _set_up_sqlite(connection: Any, _: object) -> None:
    # Deleted content is overwritten, and there is no second file in which it would stay.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def _one_line(place: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        # The whole message would have the statement in it.
        cause = getattr(error, "orig", None) or type(error).__name__
        found = " ".join(str(cause).split("\n", maxsplit=1)[0].split())
        line = f"key store, {place}: expected an answer, found {found}"
        raise KeyStoreError(line) from None
